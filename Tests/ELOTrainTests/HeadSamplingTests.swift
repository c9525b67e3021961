import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import TestSupport
import Testing

/// Steps that score a sample of the vocabulary.
@Suite struct HeadSamplingTests {
  /// Few words with nearly all of the probability, as in text.
  private static let probabilities = (0..<1000).map { Float(pow(Double($0 + 1), -1.5)) }

  @Test(arguments: [2, 50, 400, 999])
  func asManyWordsAsAskedForAreExpected(_ count: Int) {
    let sampling = HeadSampling(probabilities: Self.probabilities, count: count, seed: 1)
    #expect(abs(sampling.chances.reduce(0, +) - Double(count)) < 1e-9 * Double(count))
    #expect(sampling.chances.allSatisfy { $0 > 0 && $0 <= 1 })
    #expect(zip(sampling.chances, sampling.chances.dropFirst()).allSatisfy { $0 >= $1 })
  }

  /// The weighted sum over a sample is, on average, the sum over all words; the targets are always there, for themselves.
  @Test func sumsOverSamplesAreRightOnAverage() {
    let sampling = HeadSampling(probabilities: Self.probabilities, count: 60, seed: 7)
    let targets: [Int32] = [3, -1, 998, 3]
    // Not what the chances follow, so that their weights matter.
    let values = (0..<1000).map { 1 + sin(Double($0)) }
    let draws = 4000
    var sums: [Double] = []
    for draw in 0..<draws {
      let words = sampling.words(targets: targets, step: 1 + draw / 2, part: draw % 2)
      #expect(words.targets[1] == -1)
      for (target, place) in zip(targets, words.targets) where target >= 0 {
        #expect(words.ids[Int(place)] == target && words.logWeights[Int(place)] == 0)
      }
      sums.append(zip(words.ids, words.logWeights).reduce(0) { $0 + exp(Double($1.1)) * values[Int($1.0)] })
    }
    let mean = sums.reduce(0, +) / Double(draws)
    let variance = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(draws - 1)
    #expect(abs(mean - values.reduce(0, +)) < 4 * (variance / Double(draws)).squareRoot())
    #expect(variance > 0)
    let again = sampling.words(targets: targets, step: 5, part: 1)
    #expect(again.ids == sampling.words(targets: targets, step: 5, part: 1).ids)
    #expect(again.ids != sampling.words(targets: targets, step: 5, part: 0).ids)
  }

  /// The error that a run reports is that of its gradient, and it is small and falls with the words.
  @Test func aRunMeasuresTheErrorAndLearnsAsWithAllWords() throws {
    try withTinyModel { model, texts, directory in
      func records(_ words: Int?) throws -> [StepRecord] {
        var options = TrainingOptions(
          budget: .steps(20), schedule: LearningRateSchedule(shape: .constant, peak: 1e-3, warmupSteps: 0))
        (options.batchSize, options.sequenceLength, options.accumulate) = (4, 64, 2)
        options.trained = try WeightSelection("layers")
        options.headWords = words
        let job = TrainingJob(
          checkpoint: model, part: .everything, options: options, device: CPUDevice(threads: 2))
        return try job.run(
          output: directory.appending(path: "\(words ?? 0)"), texts: texts.training
        ).records
      }
      let (all, many, few) = (try records(nil), try records(200), try records(40))
      #expect(all.allSatisfy { $0.headError == nil })
      #expect(many.dropFirst().allSatisfy { $0.headError == nil } && many.count == 20)
      let (error, larger) = (try #require(many[0].headError), try #require(few[0].headError))
      #expect(error > 0 && error < larger && larger < 1, "\(error), \(larger)")
      // The measured step itself is exact.
      #expect(many[0].loss == all[0].loss && many[0].gradientNorm == all[0].gradientNorm)
      #expect(many[1].loss != all[1].loss)
      let (last, expected) = (try #require(many[19].loss), try #require(all[19].loss))
      #expect(abs(last / expected - 1) < 0.02 && expected < all[0].loss!)
    }
  }

  @Test func aTrainedHeadAndSenselessCountsAreRefused() throws {
    try withTinyModel { model, texts, directory in
      func run(_ words: Int, _ trained: String) throws {
        var options = TrainingOptions(
          budget: .steps(1), schedule: LearningRateSchedule(shape: .constant, peak: 1e-3, warmupSteps: 0))
        options.sequenceLength = 64
        options.trained = try WeightSelection(trained)
        options.headWords = words
        try TrainingJob(
          checkpoint: model, part: .everything, options: options, device: CPUDevice(threads: 1)
        ).run(output: directory.appending(path: "out"), texts: texts.training)
      }
      #expect(throws: TrainingError.sampledHeadIsTrained) { try run(100, "all") }
      for count in [-1, 0, 1, 258, 1000] {
        #expect(throws: TrainingError.badHeadWords(count, vocabulary: 258)) { try run(count, "layers") }
      }
    }
  }
}
