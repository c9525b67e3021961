import Corpora
import Decoders
import Foundation

/// What a training run reports while it goes on.
public struct TrainingProgress: Sendable {
  /// The step just taken.
  public let record: StepRecord
  /// The share of the budget that is spent, 0 to 1.
  public let fraction: Double
  /// Tokens per second over the last steps.
  public let tokensPerSecond: Double
  /// Expected seconds to the end.
  public let secondsLeft: Double
}

/// A training loop over a decoder whose trained weights are chosen already.
///
/// A step takes `batchSize` rows of the mixture in `accumulate` parts, divides the summed loss by the number of predicted
/// tokens of the whole step, clips by the global norm and lets AdamW go one step. Given a seed, a number of threads and a
/// budget in tokens or steps, every bit of the result is fixed.
public struct TrainingRun {
  /// The settings.
  public let options: TrainingOptions
  private let decoder: Decoders.Decoder
  private var mixture: Mixture
  private let optimizer: AdamW

  /// A run from the beginning.
  /// - Throws: `TrainingError` when the options do not fit together or the model.
  public init(_ decoder: Decoders.Decoder, mixture: Mixture, options: TrainingOptions) throws(TrainingError) {
    guard options.accumulate > 0, options.batchSize % options.accumulate == 0 else {
      throw .badAccumulation(batchSize: options.batchSize, accumulate: options.accumulate)
    }
    guard options.sequenceLength <= decoder.configuration.maximumPositions else {
      throw .sequenceTooLong(length: options.sequenceLength, limit: decoder.configuration.maximumPositions)
    }
    self.options = options
    self.decoder = decoder
    self.mixture = mixture
    optimizer = AdamW(decoder, options: options.optimizer)
  }

  /// Trains until the budget is spent.
  /// - Parameters:
  ///   - evaluate: scores the held-out texts with the model as it is; called every `evaluateEvery` steps, before the
  ///     first and after the last one.
  ///   - report: called after each step; returning false stops with `interrupted`.
  /// - Returns: a record for each step.
  /// - Throws: `TrainingError.notFinite` when a loss or gradient is no number, before it reaches the weights;
  ///   `.interrupted`; and what `evaluate` or `report` throw.
  public mutating func run(
    evaluate: (() throws -> [TextScore])? = nil, report: (TrainingProgress) throws -> Bool = { _ in true }
  ) throws -> [StepRecord] {
    var clock = BudgetClock(options)
    var records: [StepRecord] = []
    var tokens = 0
    if let evaluate, options.evaluateEvery != nil {
      records.append(StepRecord(step: 0, tokens: 0, texts: try evaluate()))
      _ = try report(clock.progress(records[0]))
    }
    clock.start()
    while !clock.isSpent {
      let start = ContinuousClock.now
      let step = optimizer.stepCount + 1
      let (loss, seen) = try accumulateGradients(step: step)
      let norm = optimizer.gradientNorm()
      guard norm.isFinite else { throw TrainingError.notFinite("the gradient of step \(step)") }
      let rate = options.schedule.rate(step: step, total: clock.totalSteps)
      optimizer.step(learningRate: rate, gradientNorm: norm)
      tokens += seen
      var record = StepRecord(step: step, tokens: tokens, loss: loss, learningRate: rate, gradientNorm: norm)
      record.seconds = (ContinuousClock.now - start).seconds
      clock.finishStep(seconds: record.seconds!)
      if let evaluate, let every = options.evaluateEvery, step % every == 0 || clock.isSpent {
        record.texts = try clock.paused { try evaluate() }
      }
      records.append(record)
      guard try report(clock.progress(record)) else { throw TrainingError.interrupted }
    }
    return records
  }

  /// The mean loss of one step's rows, with its gradient left in the trained weights.
  private mutating func accumulateGradients(step: Int) throws(TrainingError) -> (loss: Double, tokens: Int) {
    decoder.zeroGradients()
    let parts = (0..<options.accumulate).map { _ in mixture.nextBatch(rows: options.batchSize / options.accumulate) }
    let predicted = parts.reduce(0) { $0 + $1.predictedTokens }
    guard predicted > 0 else { throw .missingText("none of the tokens of step \(step) has a successor to predict") }
    var sum = 0.0
    for part in parts {
      let batch = TokenBatch(
        ids: part.ids, targets: part.targets, positions: part.positions, spans: part.spans, device: decoder.device)
      let losses = decoder.accumulateGradients(batch, gradientScale: 1 / Float(predicted))
      sum += losses.reduce(0) { $0 + Double($1) }
    }
    let loss = sum / Double(predicted)
    guard loss.isFinite else { throw .notFinite("the loss of step \(step)") }
    return (loss, options.tokensPerStep)
  }
}

/// How much of a budget is spent.
struct BudgetClock {
  private let options: TrainingOptions
  private var started = ContinuousClock.now
  private var pause = Duration.zero
  private var stepsDone = 0
  private var recentSeconds: [Double] = []

  init(_ options: TrainingOptions) { self.options = options }

  mutating func start() { started = ContinuousClock.now }

  mutating func finishStep(seconds: Double) {
    stepsDone += 1
    recentSeconds = recentSeconds.suffix(9) + [seconds]
  }

  /// Time that does not count.
  mutating func paused<Result>(_ body: () throws -> Result) rethrows -> Result {
    let begin = ContinuousClock.now
    defer { pause += ContinuousClock.now - begin }
    return try body()
  }

  private var elapsed: Double { (ContinuousClock.now - started - pause).seconds }

  var fraction: Double {
    if let planned = options.plannedSteps { return Double(stepsDone) / Double(planned) }
    guard case .minutes(let minutes) = options.budget, stepsDone > 0 else { return 0 }
    return min(1, elapsed / (minutes * 60))
  }

  var isSpent: Bool { stepsDone > 0 && fraction >= 1 }

  /// Steps in all; of a budget in time, as many as the steps so far let expect.
  var totalSteps: Double {
    if let planned = options.plannedSteps { return Double(planned) }
    return fraction > 0 ? Double(stepsDone) / fraction : .infinity
  }

  func progress(_ record: StepRecord) -> TrainingProgress {
    let perStep = recentSeconds.isEmpty ? 0 : recentSeconds.reduce(0, +) / Double(recentSeconds.count)
    let left: Double =
      if let planned = options.plannedSteps {
        Double(planned - stepsDone) * perStep
      } else if case .minutes(let minutes) = options.budget {
        max(0, minutes * 60 - elapsed)
      } else {
        0
      }
    return TrainingProgress(
      record: record, fraction: fraction,
      tokensPerSecond: perStep > 0 ? Double(options.tokensPerStep) / perStep : 0, secondsLeft: left)
  }
}

extension Duration {
  /// Seconds, with fractions.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
