import Checkpoints
import Decoders
import ELOTrain
import Foundation
import TestSupport
import Testing

/// Steps that must not reach the weights.
@Suite struct SpikeTests {
  @Test func aModelWithNaNStopsTheRunAndLeavesItsWeights() throws {
    try withTinyModel { model, texts, directory in
      let file = model.appending(path: "model.safetensors")
      var bytes = try Data(contentsOf: file)
      // The last tensor is the final norm.
      bytes.replaceSubrange(bytes.count - 2..<bytes.count, with: [0xC0, 0x7F])
      try bytes.write(to: file)
      var options = TrainingOptions(budget: .steps(50), schedule: LearningRateSchedule(peak: 3e-3, warmupSteps: 2))
      options.batchSize = 2
      options.sequenceLength = 64
      options.spikes.limit = 2
      let job = TrainingJob(checkpoint: model, part: .everything, options: options, device: CPUDevice(threads: 2))
      var skipped: [Int] = []
      let lastGood = directory.appending(path: "out.step-0")
      let error = #expect(throws: TrainingError.self) {
        try job.run(output: directory.appending(path: "out"), texts: texts.training) {
          if $0.record.skipped != nil { skipped.append($0.record.step) }
          return true
        }
      }
      #expect(
        error == .tooManySkips(step: 3, inRow: 3, reason: "the loss is NaN or infinite", lastGood: lastGood))
      #expect(skipped == [1, 2, 3])
      #expect(try Data(contentsOf: lastGood.appending(path: "model.safetensors")) == bytes)
      #expect(!FileManager.default.fileExists(atPath: directory.appending(path: "out.partial").path))
    }
  }

  @Test func aSpikeIsSkippedAndNotCountedAmongTheStepsThatFollow() {
    var history = SpikeHistory()
    var options = SpikeHistory.Options()
    options.threshold = 4
    func loss(_ step: Int) -> Double { 3 + 0.01 * Double(step % 5) }
    for step in 0..<40 { #expect(history.judge(loss: loss(step), gradientNorm: 1, options) == nil) }
    #expect(history.judge(loss: 3.2, gradientNorm: 1, options)?.contains("the loss") == true)
    #expect(history.judge(loss: 3.2, gradientNorm: 1, options)?.contains("last 40 steps") == true)
    #expect(history.judge(loss: 3.01, gradientNorm: 1.5, options)?.contains("the gradient") == true)
    #expect(history.skipped == 3 && history.skippedInRow == 3)
    #expect(history.judge(loss: 3.04, gradientNorm: 1, options) == nil)
    #expect(history.skipped == 3 && history.skippedInRow == 0)
  }

  @Test func withoutAThresholdOnlyFinitenessIsJudged() {
    var history = SpikeHistory()
    for step in 0..<100 {
      #expect(history.judge(loss: step == 60 ? 1e9 : 3, gradientNorm: 1, .init()) == nil)
    }
    #expect(history.judge(loss: 3, gradientNorm: .infinity, .init()) == "the gradient is NaN or infinite")
  }
}
