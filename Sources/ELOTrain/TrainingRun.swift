import Corpora
import Decoders

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
  /// What the step's arithmetic is measured by, where it is known.
  public let arithmetic: Arithmetic?
}

/// A training loop over a decoder whose trained weights are chosen already.
///
/// A step takes `batchSize` rows of the mixture in `accumulate` parts, divides the summed loss by the number of predicted
/// tokens of the whole step, clips by the global norm and lets AdamW go one step; a step that `SpikeHistory` advises
/// against changes nothing but the place in the texts. Given a seed, a number of threads and a budget in tokens or steps,
/// every bit of the result is fixed.
public struct TrainingRun {
  /// The settings.
  public let options: TrainingOptions
  /// How far the run is.
  public private(set) var progress: RunProgress
  private let decoder: Decoders.Decoder
  private var mixture: Mixture
  private let optimizer: AdamW
  private let anchor: StreamAnchor?
  private let head: HeadApproximator?
  /// What progress tells of a step's arithmetic, nil for nothing.
  var arithmetic: Arithmetic?

  /// A run from the beginning.
  /// - Parameter untrained: the model as it was, which anchored texts need.
  /// - Throws: `TrainingError` when the options do not fit together, the model or the texts.
  public init(
    _ decoder: Decoders.Decoder, mixture: Mixture, options: TrainingOptions, untrained: Decoders.Decoder? = nil
  ) throws {
    precondition(options.anchors.isEmpty || untrained != nil, "anchored texts without an untrained model")
    guard options.accumulate > 0, options.batchSize % options.accumulate == 0 else {
      throw TrainingError.badAccumulation(batchSize: options.batchSize, accumulate: options.accumulate)
    }
    guard options.sequenceLength <= decoder.configuration.maximumPositions else {
      throw TrainingError.sequenceTooLong(
        length: options.sequenceLength, limit: decoder.configuration.maximumPositions)
    }
    self.options = options
    self.decoder = decoder
    self.mixture = mixture
    progress = RunProgress(cursor: mixture.cursor)
    var optimizerOptions = options.optimizer
    optimizerOptions.rateFactors = options.learningRates.map {
      WeightSetting($0.weights, $0.value / options.schedule.peak)
    }
    optimizer = try AdamW(decoder, options: optimizerOptions)
    head = try options.headApproximation.map { try HeadApproximator($0, decoder, mixture, options: options) }
    anchor =
      options.anchors.isEmpty
      ? nil
      : try StreamAnchor(
        options.anchors, untrained: untrained!, trained: decoder, texts: mixture.cursor.texts.map(\.name))
  }

  /// Goes on from a save of the same run: what follows is, bit for bit, what would have followed there.
  /// - Throws: `CorpusError.cursorDoesNotFit`, `TrainingError.badSave`.
  mutating func restore(_ saved: SavedRun) throws {
    try mixture.restore(saved.state.progress.cursor)
    try saved.restore(optimizer.state, on: decoder.device)
    progress = saved.state.progress
    optimizer.stepCount = progress.optimizerSteps
  }

  /// Puts a save's weights into the decoder.
  /// - Throws: `TrainingError.badSave`.
  func takeWeights(of saved: SavedRun) throws { try saved.restore(optimizer.weights, on: decoder.device) }

  /// Trains until the budget is spent, or until evaluations have not become better for as long as `patience` says.
  /// - Parameters:
  ///   - evaluate: scores the held-out texts with the model as it is; called every `evaluateEvery` steps, before the
  ///     first and after the last one.
  ///   - report: called after each step; returning false stops with `interrupted`.
  ///   - pause: called behind `report` with what a save would hold.
  /// - Returns: a record for each step taken now.
  /// - Throws: `TrainingError.tooManySkips` when steps whose loss or gradient is no number, or a spike, come in a row: none
  ///   of them has reached the weights; `.interrupted`; and what `evaluate`, `report` or `pause` throw.
  public mutating func run(
    evaluate: (() throws -> [TextScore])? = nil, report: (TrainingProgress) throws -> Bool = { _ in true },
    pause: (TrainingSnapshot) throws -> Void = { _ in }
  ) throws -> [StepRecord] {
    var clock = BudgetClock(
      options, stepsDone: progress.step, earlierSeconds: progress.elapsedSeconds, arithmetic: arithmetic)
    var records: [StepRecord] = []
    func finish(_ progress: TrainingProgress, isBest: Bool, isLast: Bool) throws {
      records.append(progress.record)
      let goesOn = try report(progress)
      try pause(snapshot(goesOn ? isBest ? .bestEvaluation : .step : .interruption, isLast: isLast))
      guard goesOn else { throw TrainingError.interrupted }
    }
    if let evaluate, options.evaluateEvery != nil, progress.step == 0, progress.best == nil {
      let texts = try evaluate()
      let isBest = progress.note(texts)
      try finish(
        clock.progress(StepRecord(step: 0, tokens: 0, texts: texts.map(\.summary))), isBest: isBest, isLast: false)
    }
    clock.start()
    while !clock.isSpent, !hasLostPatience {
      var record = try takeStep(&clock)
      var isBest = false
      if let evaluate, let every = options.evaluateEvery, record.step % every == 0 || clock.isSpent {
        let texts = try clock.paused { try evaluate() }
        record.texts = texts.map(\.summary)
        isBest = progress.note(texts)
      }
      let (state, isLast) = (clock.progress(record), clock.isSpent || hasLostPatience)
      try clock.paused { try finish(state, isBest: isBest, isLast: isLast) }
      guard progress.spikes.skippedInRow <= options.spikes.limit else {
        throw TrainingError.tooManySkips(
          step: record.step, inRow: progress.spikes.skippedInRow, reason: record.skipped ?? "", lastGood: nil)
      }
    }
    return records
  }

  private var hasLostPatience: Bool {
    guard let patience = options.patience, let best = progress.best else { return false }
    return best.evaluationsSince >= patience
  }

  private func snapshot(_ occasion: TrainingSnapshot.Occasion, isLast: Bool) -> TrainingSnapshot {
    TrainingSnapshot(
      progress: progress, occasion: occasion, isLast: isLast, tensors: optimizer.state, device: decoder.device)
  }

  /// Takes one step, or skips it.
  private mutating func takeStep(_ clock: inout BudgetClock) throws -> StepRecord {
    let start = ContinuousClock.now
    progress.step += 1
    let (sums, headError) = try accumulateGradients()
    let (loss, penalty) = (sums.loss, sums.penalty)
    let norm = optimizer.gradientNorm()
    let rate = options.schedule.rate(step: progress.step, total: clock.totalSteps)
    let reason = progress.spikes.judge(loss: loss, gradientNorm: norm, options.spikes)
    if reason == nil { optimizer.step(learningRate: rate, gradientNorm: norm) }
    progress.tokens += options.tokensPerStep
    progress.optimizerSteps = optimizer.stepCount
    progress.cursor = mixture.cursor
    let seconds = (ContinuousClock.now - start).seconds
    clock.finishStep(seconds: seconds)
    progress.elapsedSeconds = clock.elapsed
    return StepRecord(
      step: progress.step, tokens: progress.tokens, loss: loss.isFinite ? loss : nil,
      penalty: penalty?.isFinite == true ? penalty : nil, learningRate: rate, gradientNorm: norm.isFinite ? norm : nil,
      seconds: seconds, headError: headError, headErrorBound: sums.rounding?.bound,
      headRoundedShare: sums.rounding?.roundedShare, skipped: reason)
  }

  /// What a pass over the parts of a step gives besides gradients.
  private struct StepSums {
    /// The mean loss of the step's rows.
    var loss = 0.0
    /// What anchored texts add to it.
    var penalty: Double?
    var rounding: HeadRoundingError?
  }

  /// The sums of one step, with the gradient left in the trained weights, and, in steps that measure it, the relative error
  /// that the head's approximation would have had.
  private mutating func accumulateGradients() throws -> (sums: StepSums, headError: Double?) {
    var parts: [PackedBatch] = []
    for _ in 0..<options.accumulate {
      let part = try mixture.nextBatch(rows: options.batchSize / options.accumulate)
      for (text, tokens) in part.tokensBySource.enumerated() { progress.tokensByText[text] += tokens }
      parts.append(part)
    }
    let predicted = parts.reduce(0) { $0 + $1.predictedTokens }
    guard predicted > 0 else {
      throw TrainingError.missingText("none of the tokens of step \(progress.step) has a successor to predict")
    }
    guard let head else { return (accumulateGradients(of: parts, predicted: predicted, nil), nil) }
    let approximated = accumulateGradients(of: parts, predicted: predicted, head)
    guard (progress.step - 1).isMultiple(of: HeadApproximator.checkInterval) else { return (approximated, nil) }
    func gradients() -> [Float] { decoder.trainedParameters.flatMap { decoder.device.download($0.gradient!) } }
    let estimates = gradients()
    var sums = accumulateGradients(of: parts, predicted: predicted, nil)
    sums.rounding = approximated.rounding
    let (error, norm) = zip(estimates, gradients()).reduce(into: (0.0, 0.0)) { sums, pair in
      sums.0 += Double(pair.0 - pair.1) * Double(pair.0 - pair.1)
      sums.1 += Double(pair.1) * Double(pair.1)
    }
    let headError = (error / norm).squareRoot()
    return (sums, headError.isFinite ? headError : nil)
  }

  /// The same for parts that are drawn already, with the whole head in f32 or an approximation.
  private func accumulateGradients(of parts: [PackedBatch], predicted: Int, _ head: HeadApproximator?) -> StepSums {
    decoder.zeroGradients()
    let scales = anchor?.scales(parts)
    var sums = StepSums()
    sums.penalty = anchor.map { _ in 0 }
    for (index, part) in parts.enumerated() {
      let batch = TokenBatch(
        ids: part.ids, targets: part.targets, positions: part.positions, spans: part.spans, device: decoder.device)
      var streamGradient: ((Int, Tensor, Tensor) -> Void)?
      if let anchor, let rows = anchor.prepare(part, scales: scales!) {
        streamGradient = { sums.penalty! += anchor.penalty(rows, at: $0, $1, gradient: $2) }
      }
      let scoring = head?.scoring(targets: part.targets, step: progress.step, part: index) ?? .all
      let losses = decoder.accumulateGradients(
        batch, gradientScale: 1 / Float(predicted), scoring: scoring, streamGradient: streamGradient,
        roundingError: { error in sums.rounding = (sums.rounding ?? HeadRoundingError()) + error })
      sums.loss += losses.reduce(0) { $0 + Double($1) }
    }
    sums.loss /= Double(predicted)
    return sums
  }
}
