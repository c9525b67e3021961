import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// Activations made again in the backward pass: not one bit of a gradient changes, in any family.
@Suite struct RecomputationTests {
  @Test(arguments: FamilyCheckpoint.names)
  func noBitOfAGradientChanges(_ name: String) throws {
    #expect(try gradients(name, recomputing: true) == gradients(name, recomputing: false))
  }

  @Test func norWithABridgeAndFrozenLayers() throws {
    func gradients(_ recomputes: Bool) throws -> [Float] {
      let decoder = try Decoder(
        Checkpoint(directory: fixture("decoders/tied-grouped-bf16")), device: CPUDevice(threads: 2))
      var numbers = SeededNumbers(seed: 4)
      let D = decoder.configuration.width
      try decoder.setBridges([
        0: Bridge(
          weight: (0..<D * D).map { _ in numbers.normal(0.1) }, bias: (0..<D).map { _ in numbers.normal(0.1) },
          device: decoder.device)
      ])
      decoder.train(layers: [1])
      decoder.recomputesActivations = recomputes
      let ids = (0..<12).map { Int32(3 + $0 % 7) }
      let batch = TokenBatch(
        ids: ids, targets: ids.reversed(), positions: ids.indices.map(Int32.init), spans: [0..<ids.count],
        device: decoder.device)
      _ = decoder.accumulateGradients(batch, gradientScale: 1)
      #expect(!decoder.trainedParameters.isEmpty)
      return decoder.trainedParameters.flatMap { decoder.device.download($0.gradient!) }
    }
    #expect(try gradients(true) == gradients(false))
  }

  private func gradients(_ name: String, recomputing: Bool) throws -> [[Float]] {
    let decoder = try FamilyFixture(name).decoder()
    decoder.recomputesActivations = recomputing
    decoder.trainEverything()
    let losses = decoder.accumulateGradients(try FamilyFixture.batch(on: decoder.device), gradientScale: 1)
    return [losses] + decoder.parameters.map { decoder.device.download($0.gradient!) }
  }
}
