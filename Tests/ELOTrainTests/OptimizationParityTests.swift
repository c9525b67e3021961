import Checkpoints
import Decoders
import ELOTrain
import Foundation
import JSONText
import TestSupport
import Testing

/// Optimiser steps and learning rates against `torch.optim.AdamW` and closed formulas, from committed fixtures.
@Suite struct OptimizationParityTests {
  @Test(arguments: ["steps-whole", "steps-first-last", "steps-groups", "steps-bf16-moments"])
  func tenStepsFollowTorch(_ name: String) throws {
    let checkpoint = try Checkpoint(
      directory: fixture("decoders/\(name == "steps-whole" ? "tied-grouped-f32" : "tied-grouped-bf16")"))
    let decoder = try Decoder(checkpoint, device: CPUDevice(threads: 2))
    var options = AdamW.Options()
    switch name {
    case "steps-whole": decoder.trainEverything()
    case "steps-groups":
      decoder.train(
        decoder.parameters.filter { parameter in ["norm", "mlp", "embed"].contains { parameter.name.contains($0) } })
      options.rateFactors = try [
        .init(argument: "all=1"), .init(argument: "embedding=0.1"), .init(argument: "norms=3"),
      ]
      options.weightDecays = try [.init(argument: "embedding=0"), .init(argument: "norms=0.1")]
    case "steps-bf16-moments":
      decoder.train(layers: [0, 2])
      options.moments = .bf16
    default: decoder.train(layers: [0, 2])
    }
    let expected = try readTensors(fixture("training/\(name).safetensors"))
    func doubles(_ key: String) -> [Double] {
      expected[key]!.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 8).map { bytes.loadUnaligned(fromByteOffset: $0, as: Double.self) }
      }
    }
    func integers(_ key: String) -> [Int32] {
      expected[key]!.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self) }
      }
    }
    options.clip = doubles("clip")[0]
    let optimizer = try AdamW(decoder, options: options)
    let bounds = integers("spans").map(Int.init)
    let spans = stride(from: 0, to: bounds.count, by: 2).map { bounds[$0]..<bounds[$0 + 1] }
    let tokens = spans.reduce(0) { $0 + $1.count }
    for step in 0..<10 {
      let part = step * tokens..<(step + 1) * tokens
      let targets = Array(integers("targets")[part])
      let predicted = targets.count { $0 >= 0 }
      decoder.zeroGradients()
      let losses = decoder.accumulateGradients(
        TokenBatch(
          ids: Array(integers("ids")[part]), targets: targets, positions: Array(integers("positions")[part]),
          spans: spans, device: decoder.device),
        gradientScale: 1 / Float(predicted))
      let loss = losses.reduce(0) { $0 + Double($1) } / Double(predicted)
      let norm = optimizer.gradientNorm()
      #expect(abs(loss / doubles("loss")[step] - 1) < 1e-5, "loss of step \(step + 1)")
      #expect(abs(norm / doubles("gradient_norm")[step] - 1) < 1e-4, "gradient norm of step \(step + 1)")
      optimizer.step(learningRate: doubles("learning_rate")[step], gradientNorm: norm)
    }
    var (square, allowedSquare) = (0.0, 0.0)
    for parameter in decoder.trainedParameters {
      let reference = expected["weight." + parameter.name]!.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
      }
      let values = decoder.device.download(parameter.value)
      let errors = zip(values, reference).map { Double($0) - Double($1) }
      let norm = errors.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let allowed = doubles("f32_error." + parameter.name)[1]
      (square, allowedSquare) = (square + norm * norm, allowedSquare + allowed * allowed)
      // Adam divides by the root of the second moment: where a gradient is near 0 a last bit becomes a whole step, in
      // either implementation. Hence the norm over the tensor, against float32 torch's, and room for f32 storage. In
      // bf16 a moment that falls on the other side of a rounding is all of a small tensor's error.
      if options.moments == .f32 { #expect(norm <= 4 * allowed + 1e-6, "\(parameter.name) after ten steps") }
    }
    #expect(square.squareRoot() <= 2 * allowedSquare.squareRoot() + 1e-6, "all weights after ten steps")
  }

  @Test func learningRatesFollowTheirFormulas() throws {
    let runs = try JSONText([UInt8](Data(contentsOf: fixture("training/schedules.json")))).root.elements!
    #expect(runs.count >= 12)
    for run in runs {
      let shape = try #require(LearningRateSchedule.Shape(rawValue: run["kind"]!.string!))
      var schedule = LearningRateSchedule(
        shape: shape, peak: run["peak"]!.double!, warmupSteps: run["warmup"]!.int!, floor: run["floor"]!.double!)
      schedule.start = run["start"]!.double!
      schedule.decayShare = run["decay_share"]!.double!
      schedule.cycles = run["cycles"]!.int!
      let steps = run["steps"]!.int!
      for (index, rate) in run["learning_rates"]!.elements!.enumerated() {
        let computed = schedule.rate(step: index + 1, total: Double(steps))
        #expect(abs(computed - rate.double!) <= 1e-12 * schedule.peak, "\(shape) step \(index + 1) of \(steps)")
      }
    }
  }

  @Test func bridgeRegressionMatchesItsDoublePrecisionReference() throws {
    let expected = try readTensors(fixture("training/bridge.safetensors"))
    func floats(_ key: String) -> [Float] {
      expected[key]!.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
      }
    }
    func doubles(_ key: String) -> [Double] {
      expected[key]!.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 8).map { bytes.loadUnaligned(fromByteOffset: $0, as: Double.self) }
      }
    }
    let D = expected["x"]!.shape[1]
    let kept = expected["kept"]!.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).filter { bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self) == 1 }
    }.map { $0 / 4 }
    #expect(kept.count < expected["x"]!.shape[0], "the fixture has massive tokens")
    let (x, y) = (floats("x"), floats("y"))
    let states = kept.flatMap { x[$0 * D..<($0 + 1) * D] }
    // The changes are rounded to f32 as in a fit on a model's states; the reference takes them in f64.
    let changes = kept.flatMap { token in (token * D..<(token + 1) * D).map { y[$0] - x[$0] } }
    let map = try AffineMap(states: states, changes: changes, width: D)
    let scale = doubles("weight").map(abs).max()!
    for (value, reference) in zip(map.weight, doubles("weight")) { #expect(abs(value - reference) < 1e-5 * scale) }
    for (value, reference) in zip(map.bias, doubles("bias")) { #expect(abs(value - reference) < 1e-5 * scale) }
    let variance = map.explainedVariance(states: states, changes: changes)
    #expect(abs(variance.ofChange - doubles("explained_variance")[0]) < 1e-6)
    #expect(abs(variance.ofOutput - doubles("explained_variance")[1]) < 1e-6)
  }
}
