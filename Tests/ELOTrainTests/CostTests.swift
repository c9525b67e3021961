import Checkpoints
import Decoders
import ELOTrain
import Foundation
import ModelSurgery
import TestSupport
import Testing

/// What training is counted to cost before and while it runs.
@Suite struct CostTests {
  /// Of the tiny model: a layer's matrices, its head, and what adapters of rank 1 on all of a layer's matrices have.
  private static let (layer, head, widths) = (2 * 32 * 32 + 2 * 16 * 32 + 3 * 48 * 32, 258 * 32, 464)

  @Test func operationsAreCountedByWhatIsTrained() throws {
    try withTinyModel { model, _, _ in
      let decoder = try Decoder(Checkpoint(directory: model), device: CPUDevice(threads: 1))
      let everything = decoder.trainingFlops(parameters: decoder.parameters)
      #expect(everything == Double(4 * 6 * Self.layer + 6 * Self.head))
      // Nothing is walked back through below the lowest trained layer.
      let last = decoder.trainingFlops(parameters: decoder.layers[3].parameters)
      #expect(last == Double(3 * 2 * Self.layer + 6 * Self.layer + 4 * Self.head))
      let adapted = decoder.layers.indices.flatMap(decoder.adaptableMatrices)
      let lowRank = decoder.trainingFlops(parameters: [], adapted: adapted, rank: 4)
      #expect(lowRank == Double(4 * 4 * Self.layer + 6 * 4 * 4 * Self.widths + 4 * Self.head))
    }
  }

  @Test func aStepReportsItsArithmetic() throws {
    try withTinyModel { model, texts, directory in
      var options = TrainingOptions(budget: .steps(2), schedule: LearningRateSchedule(peak: 1e-3, warmupSteps: 1))
      options.sequenceLength = 64
      let job = TrainingJob(checkpoint: model, part: .everything, options: options, device: CPUDevice(threads: 1))
      var seen: [TrainingProgress] = []
      let result = try job.run(output: directory.appending(path: "out"), texts: texts.training) { progress in
        seen.append(progress)
        return true
      }
      let arithmetic = try #require(result.arithmetic)
      #expect(seen.allSatisfy { $0.arithmetic == arithmetic })
      #expect(arithmetic.flopsPerToken == Double(4 * 6 * Self.layer + 6 * Self.head))
      let full = arithmetic.utilization(tokensPerSecond: arithmetic.productRate / arithmetic.flopsPerToken)
      #expect(abs(full - 1) < 1e-12)
    }
  }

  @Test func needsFollowTheMethod() throws {
    try withTinyModel { model, _, directory in
      let device = CPUDevice(threads: 1)
      let adaptation = self.adaptation(of: model)
      let needs = try Adaptation.Method.allCases.map { try AdaptationNeeds(adaptation, method: $0, device: device) }
      let (lora, full, elo) = (needs[0], needs[1], needs[2])
      #expect(lora.stages.map(\.stage) == [.align] && full.stages.map(\.stage) == [.align])
      #expect(elo.stages.map(\.stage) == [.bridge, .pretrain, .align])
      // Master, gradient and two moments of each weight; adapters have fewer.
      let weights = try Checkpoint(directory: model).tensors.values.reduce(0) { $0 + $1.elementCount }
      let adapters = 4 * 4 * Self.widths
      #expect(full.greatest.held - lora.greatest.held == 16 * (weights - adapters))
      #expect(elo.greatest.held >= full.greatest.held && elo.disk > 2 * full.disk)
      var narrow = adaptation
      narrow.alignment.optimizer.moments = .bf16
      let halved = try AdaptationNeeds(narrow, method: .full, device: device)
      #expect(full.greatest.held - halved.greatest.held == 4 * weights)
      #expect(throws: TrainingError.self) { try full.require(memory: 1000, at: directory, fitting: [.lora]) }
      #expect(throws: Never.self) { try full.require(memory: 1 << 40, at: directory, fitting: []) }
    }
  }

  @Test func whatDoesNotFitIsRefusedByName() throws {
    try withTinyModel { model, _, directory in
      let needs = try AdaptationNeeds(adaptation(of: model), method: .full, device: CPUDevice(threads: 1))
      let error = #expect(throws: TrainingError.self) {
        try needs.require(memory: 1_000_000, at: directory, fitting: [.lora])
      }
      let text = try #require(error).description
      #expect(text.contains("train needs about 0.1 GB") && text.contains("take --method lora, or lower"))
    }
  }

  private func adaptation(of model: URL) -> Adaptation {
    var options = TrainingOptions(budget: .steps(1), schedule: LearningRateSchedule(peak: 1e-3, warmupSteps: 0))
    options.sequenceLength = 64
    var adaptation = Adaptation(
      checkpoint: model, layers: .firstAndLast, pretraining: options, alignment: options, command: [])
    var lowRank = LowRankOptions()
    lowRank.rank = 4
    adaptation.alignment.lowRank = lowRank
    return adaptation
  }
}
