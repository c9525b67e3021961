import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import TestSupport
import Testing

/// Runs that save some of a frozen head's arithmetic.
@Suite struct HeadApproximationTests {
  /// The error that a run reports is that of its gradient, and it is small and falls with the words.
  @Test func aRunMeasuresTheErrorAndLearnsAsWithAllWords() throws {
    try withTinyModel { model, texts, directory in
      func records(_ approximation: HeadApproximation?) throws -> [StepRecord] {
        let job = TrainingJob(
          checkpoint: model, part: .everything, options: try options(approximation, steps: 20),
          device: CPUDevice(threads: 2))
        return try job.run(
          output: directory.appending(path: "\(UUID())"), texts: texts.training
        ).records
      }
      let (all, many, few) = (try records(nil), try records(.words(200)), try records(.words(40)))
      let rounded = try records(.rounding)
      #expect(all.allSatisfy { $0.headError == nil && $0.headErrorBound == nil })
      for approximated in [many, few, rounded] {
        #expect(approximated.dropFirst().allSatisfy { $0.headError == nil } && approximated.count == 20)
        // The measured step itself is exact.
        #expect(approximated[0].loss == all[0].loss && approximated[0].gradientNorm == all[0].gradientNorm)
        #expect(approximated[1].gradientNorm != all[1].gradientNorm)
      }
      let (error, larger) = (try #require(many[0].headError), try #require(few[0].headError))
      #expect(error > 0 && error < larger && larger < 1, "\(error), \(larger)")
      let expected = try #require(all[19].loss)
      #expect(abs(try #require(many[19].loss) / expected - 1) < 0.02 && expected < all[0].loss!)
      #expect(abs(try #require(rounded[19].loss) / expected - 1) < 1e-4)
      let measured = try #require(rounded[0].headError)
      let bound = try #require(rounded[0].headErrorBound)
      #expect(measured > 0 && measured < 1e-3 && bound < 1e-3, "\(measured), \(bound)")
      #expect(rounded.allSatisfy { 0..<1 ~= $0.headRoundedShare ?? -1 && $0.headErrorBound != nil })
    }
  }

  @Test func aTrainedHeadAndSenselessCountsAreRefused() throws {
    try withTinyModel { model, texts, directory in
      func run(_ approximation: HeadApproximation, _ trained: String) throws {
        var options = try options(approximation, steps: 1)
        options.trained = try WeightSelection(trained)
        try TrainingJob(
          checkpoint: model, part: .everything, options: options, device: CPUDevice(threads: 1)
        ).run(output: directory.appending(path: "out"), texts: texts.training)
      }
      for approximation in [.words(100), .rounding] as [HeadApproximation] {
        #expect(throws: TrainingError.approximatedHeadIsTrained(approximation)) { try run(approximation, "all") }
      }
      for count in [-1, 0, 1, 258, 1000] {
        #expect(throws: TrainingError.badHeadWords(count, vocabulary: 258)) { try run(.words(count), "layers") }
      }
    }
  }

  private func options(_ approximation: HeadApproximation?, steps: Int) throws -> TrainingOptions {
    var options = TrainingOptions(
      budget: .steps(steps), schedule: LearningRateSchedule(shape: .constant, peak: 1e-3, warmupSteps: 0))
    (options.batchSize, options.sequenceLength, options.accumulate) = (4, 64, 2)
    options.trained = try WeightSelection("layers")
    options.headApproximation = approximation
    return options
  }
}
