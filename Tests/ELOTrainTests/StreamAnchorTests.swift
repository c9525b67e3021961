import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import TestSupport
import Testing

/// Texts on which training is to change little: the penalty's gradient, and what it does to a run.
@Suite struct StreamAnchorTests {
  /// The distance of rows against its formula, and its gradient against differences.
  @Test func theRelativeDistanceHasTheGradientOfItsFormula() {
    let device = CPUDevice(threads: 2)
    var numbers = SeededNumbers(seed: 12)
    let (N, D) = (5, 24)
    let (x, r) = ((0..<N * D).map { _ in numbers.normal(1) }, (0..<N * D).map { _ in numbers.normal(2) })
    func distance(_ x: [Double]) -> Double {
      (0..<N).reduce(0) { sum, row in
        let range = row * D..<(row + 1) * D
        let squares = range.reduce(0) { $0 + (x[$1] - Double(r[$1])) * (x[$1] - Double(r[$1])) }
        return sum + squares / range.reduce(0) { $0 + Double(r[$1]) * Double(r[$1]) }
      }
    }
    let (stream, reference, gradient) = (
      device.makeTensor(rows: N, columns: D), device.makeTensor(rows: N, columns: D),
      device.makeTensor(rows: N, columns: D)
    )
    device.upload(x, to: stream)
    device.upload(r, to: reference)
    device.upload(Array(repeating: 1, count: N * D), to: gradient)
    let found = device.relativeDistance(stream, from: reference, scale: 0.5, gradient: gradient)
    #expect(abs(found / distance(x.map(Double.init)) - 1) < 1e-12)
    let step = 1e-6
    for (index, value) in device.download(gradient).enumerated() {
      var (up, down) = (x.map(Double.init), x.map(Double.init))
      up[index] += step
      down[index] -= step
      let slope = 0.5 * (distance(up) - distance(down)) / (2 * step)
      #expect(abs(Double(value) - 1 - slope) < 1e-6)
    }
  }

  /// The gradient of loss and penalty together in the direction of itself, by differences in the weights.
  @Test(arguments: [false, true])
  func theGradientIsThatOfLossAndPenalty(_ crossesDocuments: Bool) throws {
    try withTinyModel { model, texts, _ in
      var options = TrainingOptions(
        budget: .steps(1), schedule: LearningRateSchedule(shape: .constant, peak: 1e-4, warmupSteps: 0))
      options.batchSize = 4
      options.sequenceLength = 64
      options.crossesDocuments = crossesDocuments
      options.optimizer.weightDecay = 0
      options.anchors = [AnchoredText(name: "en", weight: 40)]
      let device = CPUDevice(threads: 2)
      let untrained = try Decoder(Checkpoint(directory: model), device: device)
      let decoder = try Decoder(Checkpoint(directory: model), device: device)
      decoder.train(layers: [1, 2])
      // Away from where the penalty has no slope.
      var numbers = SeededNumbers(seed: 5)
      for parameter in decoder.trainedParameters {
        device.upload(device.download(parameter.value).map { $0 + numbers.normal(0.03) }, to: parameter.value)
      }
      let start = decoder.trainedParameters.map { device.download($0.value) }
      func total() throws -> (loss: Double, penalty: Double) {
        var run = try TrainingRun(
          decoder,
          mixture: texts.training.mixture(
            MixtureOptions(sequenceLength: 64, seed: 1, crossesDocuments: crossesDocuments)),
          options: options, untrained: untrained)
        let record = try run.run()[0]
        return (record.loss!, record.penalty!)
      }
      let first = try total()
      #expect(first.penalty > 1 && first.loss > 1)
      let gradients = decoder.trainedParameters.map { device.download($0.gradient!) }
      let squared = gradients.joined().reduce(0) { $0 + Double($1) * Double($1) }
      let step = 1e-3 / squared.squareRoot()
      func sum(_ sign: Double) throws -> Double {
        for (index, parameter) in decoder.trainedParameters.enumerated() {
          device.upload(zip(start[index], gradients[index]).map { $0 + Float(sign * step) * $1 }, to: parameter.value)
        }
        let (loss, penalty) = try total()
        return loss + penalty
      }
      let slope = try (sum(1) - sum(-1)) / (2 * step)
      #expect(abs(slope / squared - 1) < 5e-3, "slope \(slope), squared gradient \(squared)")
    }
  }

  @Test func anAnchoredTextChangesLessAndAnUntrainedModelHasNoPenalty() throws {
    try withTinyModel { model, texts, directory in
      func records(_ anchors: [AnchoredText], _ name: String) throws -> [StepRecord] {
        var options = TrainingOptions(budget: .steps(30), schedule: LearningRateSchedule(peak: 3e-3, warmupSteps: 0))
        options.batchSize = 4
        options.sequenceLength = 64
        options.anchors = anchors
        let job = TrainingJob(checkpoint: model, part: .everything, options: options, device: CPUDevice(threads: 2))
        return try job.run(output: directory.appending(path: name), texts: texts.training).records
      }
      let free = try records([AnchoredText(name: "en", weight: 1e-6)], "free").map { $0.penalty! * 1e6 }
      let held = try records([AnchoredText(name: "en", weight: 10)], "held").map { $0.penalty! / 10 }
      #expect(free[0] == 0 && held[0] == 0)
      #expect(held.last! < 0.5 * free.last!, "\(held.last!) and \(free.last!)")
      #expect(try records([], "none").allSatisfy { $0.penalty == nil })
      #expect(throws: TrainingError.noSuchText("fr", known: ["de", "en"])) {
        try records([AnchoredText(name: "fr", weight: 1)], "other")
      }
      #expect(throws: TrainingError.badAnchor("en")) { try AnchoredText(argument: "en") }
      #expect(try AnchoredText(argument: "a=b=0.5") == AnchoredText(name: "a=b", weight: 0.5))
    }
  }
}
