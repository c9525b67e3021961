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
    let fixture = try FamilyFixture(name)
    let decoder = try fixture.decoder()
    fixture.expectLogits(decoder.logits(try FamilyFixture.batch(on: decoder.device)))
  }

  @Test(arguments: FamilyCheckpoint.names)
  func lossesAndGradientsOfEveryParameterMatch(_ name: String) throws {
    let fixture = try FamilyFixture(name)
    let decoder = try fixture.decoder()
    decoder.trainEverything()
    let batch = try FamilyFixture.batch(on: decoder.device)
    let predicted = try FamilyFixture.predictedCount()
    fixture.expectLosses(decoder.accumulateGradients(batch, gradientScale: 1 / Float(predicted)))
    try fixture.expectGradients(decoder)
  }

  /// Frozen embedding, head and lower layers take other paths.
  @Test(arguments: FamilyCheckpoint.names)
  func gradientsOfTheUpperLayersMatchWhenTheRestIsFrozen(_ name: String) throws {
    let fixture = try FamilyFixture(name)
    let decoder = try fixture.decoder()
    decoder.train(layers: 1..<decoder.layers.count)
    _ = decoder.accumulateGradients(
      try FamilyFixture.batch(on: decoder.device), gradientScale: 1 / Float(try FamilyFixture.predictedCount()))
    #expect(!decoder.trainedParameters.isEmpty)
    try fixture.expectGradients(decoder)
  }

  /// Windows, caps, learned positions, ALiBi and rotations that change with the length.
  @Test(arguments: FamilyCheckpoint.names)
  func generationWithCachedKeysGivesTheSameLogits(_ name: String) throws {
    let decoder = try FamilyFixture(name).decoder()
    let ids = (0..<14).map { Int32(($0 * 7 + 3) % 31) }
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
