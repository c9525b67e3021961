import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// Logits, losses and every gradient of tiny random Llama models against `transformers` in float64.
///
/// The bound on each error is twice that of `transformers` in float32, in the 2-norm over the tensor.
@Suite struct TransformersParityTests {
  static let models = ["tied-grouped-f32", "tied-grouped-bf16", "untied-full-f32", "untied-wide-bf16"]

  @Test(arguments: models, [1, 2])
  func logitsOfPlainRowsMatch(_ name: String, threads: Int) throws {
    let (decoder, expected) = try load(name, threads: threads)
    let ids = expected.integers("plain.ids")
    let length = expected.shape("plain.ids")[1]
    let logits = stride(from: 0, to: ids.count, by: length).flatMap {
      decoder.logits(TokenBatch(document: Array(ids[$0..<$0 + length]), device: decoder.device))
    }
    expected.expectClose(logits, "plain.logits")
  }

  @Test(arguments: models, [1, 2])
  func packedDocumentsMatchDocumentsOnTheirOwn(_ name: String, threads: Int) throws {
    let (decoder, expected) = try load(name, threads: threads)
    let batch = expected.packedBatch(on: decoder.device)
    expected.expectClose(decoder.logits(batch), "packed.logits")
    expected.expectClose(decoder.losses(batch), "packed.token_nll")
  }

  @Test(arguments: models, [1, 2])
  func gradientsOfEveryParameterMatch(_ name: String, threads: Int) throws {
    let (decoder, expected) = try load(name, threads: threads)
    decoder.trainEverything()
    let predicted = expected.integers("packed.targets").count { $0 >= 0 }
    let losses = decoder.accumulateGradients(
      expected.packedBatch(on: decoder.device), gradientScale: 1 / Float(predicted))
    expected.expectClose(losses, "packed.token_nll")
    for parameter in decoder.parameters {
      expected.expectClose(decoder.device.download(try #require(parameter.gradient)), "gradient." + parameter.name)
    }
  }

  /// The frozen head takes another path (one pass over the vocabulary), and nothing is computed below layer 1.
  @Test(arguments: models)
  func gradientsOfChosenLayersMatchWhenTheRestIsFrozen(_ name: String) throws {
    let (decoder, expected) = try load(name, threads: 2)
    decoder.train(layers: 1..<decoder.layers.count)
    let predicted = expected.integers("packed.targets").count { $0 >= 0 }
    let losses = decoder.accumulateGradients(
      expected.packedBatch(on: decoder.device), gradientScale: 1 / Float(predicted))
    expected.expectClose(losses, "packed.token_nll")
    #expect(decoder.trainedParameters.count == (decoder.layers.count - 1) * 9)
    for parameter in decoder.trainedParameters {
      expected.expectClose(decoder.device.download(try #require(parameter.gradient)), "gradient." + parameter.name)
    }
  }

  @Test(arguments: models)
  func gradientsAccumulate(_ name: String) throws {
    let (decoder, expected) = try load(name, threads: 2)
    decoder.trainEverything()
    let batch = expected.packedBatch(on: decoder.device)
    let predicted = expected.integers("packed.targets").count { $0 >= 0 }
    for _ in 0..<4 { _ = decoder.accumulateGradients(batch, gradientScale: 0.25 / Float(predicted)) }
    for parameter in decoder.parameters {
      expected.expectClose(decoder.device.download(try #require(parameter.gradient)), "gradient." + parameter.name)
    }
    decoder.zeroGradients()
    #expect(decoder.device.sumOfSquares(try #require(decoder.embedding.gradient)) == 0)
  }

  @Test(arguments: models)
  func generationWithCachedKeysGivesTheSameLogits(_ name: String) throws {
    let (decoder, expected) = try load(name, threads: 2)
    let ids = Array(expected.integers("plain.ids").prefix(12))
    let whole = decoder.logits(TokenBatch(document: ids, device: decoder.device))
    let generation = Generation(decoder, capacity: ids.count)
    var last = generation.append(Array(ids.prefix(5)))
    for id in ids.dropFirst(5) { last = generation.append([id]) }
    let expectedLast = whole.suffix(decoder.configuration.vocabularySize)
    let scale = expectedLast.map(abs).max() ?? 0
    for (value, reference) in zip(last, expectedLast) { #expect(abs(value - reference) < 1e-5 * scale) }
  }

  private func load(_ name: String, threads: Int) throws -> (Decoder, Expected) {
    let folder = fixture("decoders/\(name)")
    let decoder = try Decoder(Checkpoint(directory: folder), device: CPUDevice(threads: threads))
    return (decoder, try Expected(folder.appending(path: "expected.safetensors")))
  }
}
