import Corpora

/// How long to train.
public enum TrainingBudget: Sendable, Hashable {
  /// Until this many tokens have gone in, whole steps, rounded up.
  case tokens(Int)
  /// This many optimiser steps.
  case steps(Int)
  /// This many minutes from the first step on. The learning rate follows the time, so the result depends on it.
  case minutes(Double)
}

/// Everything about a training run but its model and text.
public struct TrainingOptions: Sendable, Hashable {
  /// How long.
  public var budget: TrainingBudget
  /// The learning rate over the run.
  public var schedule: LearningRateSchedule
  /// The optimiser's settings.
  public var optimizer = AdamW.Options()
  /// The weights to train; nil for the layers of a detached model, or for all of a whole one.
  public var trained: WeightSelection?
  /// Low-rank changes to train instead of the layers' matrices; nil to train the weights themselves.
  public var lowRank: LowRankOptions?
  /// What a step saves of a frozen head's arithmetic; nil for nothing.
  public var headApproximation: HeadApproximation?
  /// Texts on which the trained layers are kept near what they were.
  public var anchors: [AnchoredText] = []
  /// Whether backward passes make activations again instead of keeping them, which changes no bit.
  public var recomputesActivations = false
  /// The highest learning rate of some weights, where it is not the schedule's.
  public var learningRates: [WeightSetting] = []
  /// Sequences per optimiser step.
  public var batchSize = 8
  /// Tokens per sequence.
  public var sequenceLength = 512
  /// Parts into which a step's sequences are split, one after another in memory.
  public var accumulate = 2
  /// Fixes the order of documents.
  public var seed: UInt64 = 42
  /// Documents that wait to be drawn at random; all of a text when it has no more.
  public var shuffleBuffer = MixtureOptions.defaultShuffleBuffer
  /// Whether attention goes on from one document of a row into the next.
  public var crossesDocuments = false
  /// Evaluate the held-out texts every so many steps; nil for never.
  public var evaluateEvery: Int?
  /// Stop when so many evaluations in a row were not better than the best before; nil for never.
  public var patience: Int?
  /// Which steps are skipped.
  public var spikes = SpikeHistory.Options()

  /// Options with the given budget and schedule.
  public init(budget: TrainingBudget, schedule: LearningRateSchedule) {
    self.budget = budget
    self.schedule = schedule
  }

  /// How rows are made of documents.
  var mixture: MixtureOptions {
    MixtureOptions(
      sequenceLength: sequenceLength, seed: seed, shuffleBuffer: shuffleBuffer, crossesDocuments: crossesDocuments)
  }

  /// Tokens of one optimiser step.
  public var tokensPerStep: Int { batchSize * sequenceLength }

  /// Steps in all when the budget says so itself, nil when it is time.
  public var plannedSteps: Int? {
    switch budget {
    case .tokens(let tokens): max(1, (tokens + tokensPerStep - 1) / tokensPerStep)
    case .steps(let steps): max(1, steps)
    case .minutes: nil
    }
  }
}
