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
  /// Numbers of threads, and every way of multiplying matrices that this processor has.
  static let devices: [(threads: Int, products: MatrixProducts)] = MatrixProducts.supported.flatMap {
    [(1, $0), (2, $0)]
  }

  @Test(arguments: models, devices)
  func logitsOfPlainRowsMatch(_ name: String, device: (threads: Int, products: MatrixProducts)) throws {
    let (decoder, expected) = try load(name, device.threads, device.products)
    let ids = expected.integers("plain.ids")
    let length = expected.shape("plain.ids")[1]
    let logits = stride(from: 0, to: ids.count, by: length).flatMap {
      decoder.logits(TokenBatch(document: Array(ids[$0..<$0 + length]), device: decoder.device))
    }
    expected.expectClose(logits, "plain.logits")
  }

  @Test(arguments: models, devices)
  func packedDocumentsMatchDocumentsOnTheirOwn(_ name: String, device: (threads: Int, products: MatrixProducts)) throws
  {
    let (decoder, expected) = try load(name, device.threads, device.products)
    let batch = expected.packedBatch(on: decoder.device)
    expected.expectClose(decoder.logits(batch), "packed.logits")
    expected.expectClose(decoder.losses(batch), "packed.token_nll")
  }

  @Test(arguments: models, devices)
  func gradientsOfEveryParameterMatch(_ name: String, device: (threads: Int, products: MatrixProducts)) throws {
    let (decoder, expected) = try load(name, device.threads, device.products)
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
  @Test(arguments: models, devices)
  func gradientsOfChosenLayersMatchWhenTheRestIsFrozen(
    _ name: String, device: (threads: Int, products: MatrixProducts)
  ) throws {
    let (decoder, expected) = try load(name, device.threads, device.products)
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
    let (decoder, expected) = try load(name)
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
    let (decoder, expected) = try load(name)
    let ids = Array(expected.integers("plain.ids").prefix(12))
    let whole = decoder.logits(TokenBatch(document: ids, device: decoder.device))
    let generation = Generation(decoder, capacity: ids.count)
    var last = generation.append(Array(ids.prefix(5)))
    for id in ids.dropFirst(5) { last = generation.append([id]) }
    let expectedLast = whole.suffix(decoder.configuration.vocabularySize)
    let scale = expectedLast.map(abs).max() ?? 0
    for (value, reference) in zip(last, expectedLast) { #expect(abs(value - reference) < 1e-5 * scale) }
  }

  private func load(
    _ name: String, _ threads: Int = 2, _ products: MatrixProducts = .fastest
  ) throws -> (Decoder, Expected) {
    let folder = fixture("decoders/\(name)")
    let device = CPUDevice(threads: threads, products: products)
    let decoder = try Decoder(Checkpoint(directory: folder), device: device)
    return (decoder, try Expected(folder.appending(path: "expected.safetensors")))
  }
}
