import ELOTrain

/// How trials train.
public struct TrialOptions: Sendable, Hashable {
  /// Minutes that all trials may take.
  public var minutes: Double
  /// The most rounds: each keeps the better half of the sets.
  public var rounds = 3
  /// The highest learning rate of the detached training.
  public var learningRate = 2e-4
  /// The highest learning rate of the alignment.
  public var alignmentLearningRate = 1e-4
  /// Share of tokens that the sources have.
  public var sourceShare = 0.1
  /// Tokens of the alignment over those of the detached training.
  public var alignmentRatio = 0.125
  /// Tokens in a row.
  public var sequenceLength = 256
  /// Rows of a step of the detached training.
  public var detachedRows = 4
  /// Rows of a step of the alignment.
  public var alignmentRows = 2
  /// Tokens that bridges for the missing layers are fitted on; 0 for none.
  public var bridgeTokens = 8192
  /// Fixes the order of the text.
  public var seed: UInt64 = 42

  /// Trials that may take some minutes.
  public init(minutes: Double) {
    precondition(minutes > 0, "trials of \(minutes) minutes")
    self.minutes = minutes
  }

  /// Steps of the alignment behind so many of the detached training.
  package func alignmentSteps(detachedSteps: Int) -> Int {
    let tokens = alignmentRatio * Double(detachedSteps * detachedRows * sequenceLength)
    return max(1, Int((tokens / Double(alignmentRows * sequenceLength)).rounded(.up)))
  }

  /// The settings of the detached training.
  package func detached(steps: Int) -> TrainingOptions {
    training(steps: steps, rate: learningRate, rows: detachedRows)
  }

  /// The settings of the alignment.
  package func alignment(steps: Int) -> TrainingOptions {
    training(steps: steps, rate: alignmentLearningRate, rows: alignmentRows)
  }

  private func training(steps: Int, rate: Double, rows: Int) -> TrainingOptions {
    var options = TrainingOptions(
      budget: .steps(steps), schedule: LearningRateSchedule(peak: rate, warmupSteps: max(1, steps / 10)))
    options.batchSize = rows
    options.accumulate = 1
    options.sequenceLength = sequenceLength
    options.seed = seed
    return options
  }
}
