import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// Logits, losses and every gradient of tiny models of each family against `transformers` in float64, on packed
/// documents longer than every window; the bound is twice the error of `transformers` in float32.
@Suite struct FamilyParityTests {
  @Test(arguments: FamilyCheckpoint.names)
  func logitsMatch(_ name: String) throws {
    try FamilyFixture(name).check { decoder in
      [.logits: decoder.logits(try FamilyFixture.batch(on: decoder.device))]
    }
  }

  @Test(arguments: FamilyCheckpoint.names)
  func lossesAndGradientsOfEveryParameterMatch(_ name: String) throws {
    let fixture = try FamilyFixture(name)
    try fixture.check { decoder in
      decoder.trainEverything()
      let losses = decoder.accumulateGradients(
        try FamilyFixture.batch(on: decoder.device), gradientScale: 1 / Float(try FamilyFixture.predictedCount()))
      let gradients = fixture.gradients(of: decoder)
      #expect(gradients.count == decoder.parameters.count)
      return gradients.merging([.tokenNLL: losses]) { $1 }
    }
  }

  /// Frozen embedding, head and lower layers take other paths.
  @Test(arguments: FamilyCheckpoint.names)
  func gradientsOfTheUpperLayersMatchWhenTheRestIsFrozen(_ name: String) throws {
    let fixture = try FamilyFixture(name)
    try fixture.check { decoder in
      decoder.train(layers: 1..<decoder.layers.count)
      let losses = decoder.accumulateGradients(
        try FamilyFixture.batch(on: decoder.device), gradientScale: 1 / Float(try FamilyFixture.predictedCount()))
      let gradients = fixture.gradients(of: decoder)
      #expect(gradients.count == decoder.trainedParameters.count && !gradients.isEmpty)
      return gradients.merging([.tokenNLL: losses]) { $1 }
    }
  }

  /// Windows, caps, learned positions, ALiBi and rotations that change with the length.
  @Test(arguments: FamilyCheckpoint.names)
  func generationWithCachedKeysGivesTheSameLogits(_ name: String) throws {
    let decoder = try FamilyFixture(name).decoder()
    let ids = (0..<14).map { Int32(($0 * 7 + 3) % FamilyCheckpoint.vocabulary) }
    let generation = Generation(decoder, capacity: ids.count)
    var cached = [generation.append(Array(ids.prefix(6)))]
    for id in ids.dropFirst(6) { cached.append(generation.append([id])) }
    for (step, logits) in cached.enumerated() {
      let whole = decoder.logits(TokenBatch(document: Array(ids.prefix(6 + step)), device: decoder.device))
      let expected = whole.suffix(decoder.configuration.vocabularySize)
      let scale = expected.map(abs).max()!
      for (value, reference) in zip(logits, expected) {
        #expect(abs(value - reference) < 2e-5 * scale, "\(name), \(6 + step) tokens")
      }
    }
  }
}
