import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// Bridges on the residual stream: what they add, and that gradients pass through them.
@Suite struct BridgeTests {
  private static let ids: [Int32] = [5, 9, 40, 3, 77, 12, 60, 8]

  @Test(arguments: [-1, 0, 1])
  func aBridgeAddsItsAffineMapToTheStream(_ after: Int) throws {
    let decoder = try load()
    let D = decoder.configuration.width
    let (weight, bias) = randomMap(D)
    let plain = try stream(decoder, before: after + 1)
    try decoder.setBridges([after: Bridge(weight: weight, bias: bias, device: decoder.device)])
    let bridged = try stream(decoder, before: after + 1)
    #expect(plain != bridged)
    for token in Self.ids.indices {
      for j in 0..<D {
        let added = (0..<D).reduce(Double(bias[j])) {
          $0 + Double(weight[j * D + $1]) * Double(plain[token * D + $1])
        }
        let expected = Double(plain[token * D + j]) + added
        #expect(abs(Double(bridged[token * D + j]) - expected) < 1e-5 * max(1, abs(expected)))
      }
    }
  }

  /// The central difference of the loss along the gradient's direction, in the layer below the bridge.
  @Test func theGradientBelowABridgeIsThatOfTheLoss() throws {
    let decoder = try load()
    let device = decoder.device
    let (weight, bias) = randomMap(decoder.configuration.width)
    try decoder.setBridges([0: Bridge(weight: weight, bias: bias, device: device)])
    decoder.train(layers: [0])
    let batch = TokenBatch(
      ids: Self.ids, targets: Self.ids.reversed(), positions: Self.ids.indices.map(Int32.init),
      spans: [0..<Self.ids.count], device: device)
    _ = decoder.accumulateGradients(batch, gradientScale: 1)
    let gradients = try decoder.trainedParameters.map { device.download(try #require($0.gradient)) }
    let values = decoder.trainedParameters.map { device.download($0.value) }
    let squared = gradients.joined().reduce(0) { $0 + Double($1) * Double($1) }
    let step = 2e-3 / squared.squareRoot()
    func loss(_ sign: Double) -> Double {
      for (index, parameter) in decoder.trainedParameters.enumerated() {
        device.upload(zip(values[index], gradients[index]).map { $0 + Float(sign * step) * $1 }, to: parameter.value)
      }
      return decoder.losses(batch).reduce(0) { $0 + Double($1) }
    }
    let slope = (loss(1) - loss(-1)) / (2 * step)
    #expect(abs(slope / squared - 1) < 2e-3, "slope \(slope), squared gradient \(squared)")
  }

  @Test func aBridgeThatDoesNotFitIsRefused() throws {
    let decoder = try load()
    let narrow = Bridge(weight: [0, 0, 0, 0], bias: [0, 0], device: decoder.device)
    #expect(throws: DecoderError.self) { try decoder.setBridges([0: narrow]) }
    let (weight, bias) = randomMap(decoder.configuration.width)
    let bridge = Bridge(weight: weight, bias: bias, device: decoder.device)
    #expect(throws: DecoderError.self) { try decoder.setBridges([decoder.configuration.layerCount: bridge]) }
  }

  private func load() throws -> Decoder {
    try Decoder(Checkpoint(directory: fixture("decoders/untied-full-f32")), device: CPUDevice(threads: 2))
  }

  private func randomMap(_ D: Int) -> (weight: [Float], bias: [Float]) {
    var numbers = SeededNumbers(seed: 11)
    return ((0..<D * D).map { _ in numbers.normal(0.1) }, (0..<D).map { _ in numbers.normal(0.1) })
  }

  private func stream(_ decoder: Decoder, before layer: Int) throws -> [Float] {
    var found: [Float] = []
    decoder.observe(
      TokenBatch(document: Self.ids, device: decoder.device),
      .init { index, stream in if index == layer { found = decoder.device.download(stream) } })
    return found
  }
}
