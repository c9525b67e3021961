import Checkpoints
import Decoders
import Foundation
import ModelSurgery

/// Training a checkpoint on texts into a new checkpoint: what `pretrain` and `align` do.
public struct TrainingJob: Sendable {
  /// What kind of model is trained.
  public enum Part: Sendable, Hashable {
    /// A detached one: unless `TrainingOptions.trained` says otherwise its layers but the scaffold, while embedding,
    /// final norm and head stay as they are. With its bridges, if it has any and they are wanted.
    case layers(useBridges: Bool)
    /// A whole one, unless the options say otherwise in all its weights.
    case everything
  }

  /// What came of a run.
  public struct Result: Sendable {
    /// A record for each step and evaluation, those before an interruption included.
    public let records: [StepRecord]
    /// What was seen of each text.
    public let texts: [TextReport]
    /// How far the run was that this one went on from, nil when it began at the beginning.
    public let resumedFrom: RunProgress?
    /// Whether the output was complete already, so that nothing was done.
    public let wasFinished: Bool
    /// What a step's arithmetic is measured by, nil when nothing was done.
    public let arithmetic: Arithmetic?
  }

  /// The checkpoint to start from.
  public var checkpoint: URL
  /// What is trained.
  public var part: Part
  /// The settings of the run.
  public var options: TrainingOptions
  /// What is kept while it goes on.
  public var saving = SavingOptions()
  /// Where it computes.
  public var device: any Device

  /// A job.
  public init(checkpoint: URL, part: Part, options: TrainingOptions, device: any Device) {
    self.checkpoint = checkpoint
    self.part = part
    self.options = options
    self.device = device
  }

  /// Trains and writes the result.
  ///
  /// The output appears when training is complete; until then `metrics.jsonl` and the saves lie in `OUTPUT.partial` beside
  /// it, and stay there when the run ends early. Everything but the trained weights is the checkpoint's own, byte for
  /// byte, in its element types.
  /// - Parameters:
  ///   - output: a directory that does not exist or is empty; when resuming also one that this run has completed.
  ///   - texts: what to train on.
  ///   - heldOut: what to score every `evaluateEvery` steps, nil for nothing.
  ///   - report: called after each step; returning false stops with `TrainingError.interrupted` or
  ///     `.interruptedAndSaved`.
  /// - Throws: `CheckpointError`, `DecoderError`, `TrainingError`.
  @discardableResult
  public func run(
    output: URL, texts: TrainingTexts, heldOut: TextSet? = nil,
    report: (TrainingProgress) throws -> Bool = { _ in true }
  ) throws -> Result {
    let source = try Checkpoint(directory: checkpoint)
    let identity = try identity(of: source, texts, heldOut)
    if saving.resumes, let finished = try RunIdentity(in: output) {
      try identity.requireSame(as: finished, in: output)
      try WorkDirectory.removeRemains(of: output)
      let records = try MetricsFile.records(in: output.appending(path: MetricsFile.name))
      let seen = try TextReport.reports(in: output.appending(path: TextReport.fileName))
      return Result(records: records, texts: seen, resumedFrom: nil, wasFinished: true, arithmetic: nil)
    }
    let work = try WorkDirectory(for: output)
    let saves = SaveFolder(in: work.url)
    do {
      let saved = try savedRun(work, saves, identity)
      return try train(source, texts, heldOut, work, saved, identity, report)
    } catch {
      // What nothing can be gone on from is not left behind.
      guard let step = saves.steps.last else {
        try? work.remove()
        throw error
      }
      throw error as? TrainingError == .interrupted ? TrainingError.interruptedAndSaved(step: step, work.url) : error
    }
  }

  /// Files of a trained checkpoint that tell of its training.
  static let recordNames = [MetricsFile.name, RunIdentity.fileName, TextReport.fileName]

  private func identity(of source: Checkpoint, _ texts: TrainingTexts, _ heldOut: TextSet?) throws -> RunIdentity {
    let trained: String
    switch part {
    case .everything: trained = "everything"
    case .layers(let useBridges):
      trained =
        useBridges && BridgeFile.exists(in: checkpoint) ? "bridge \(try BridgeFile.hash(in: checkpoint))" : "none"
    }
    let threads = (device as? CPUDevice).map { String($0.threads) }
    return RunIdentity(
      checkpoint: try source.sampledHash(),
      settings: options.settings + [("--bridge", trained), ("--threads", threads)], texts: texts, heldOut: heldOut)
  }

  /// The save to go on from, nil to begin at the beginning; the directory is then empty but for the run's identity.
  private func savedRun(_ work: WorkDirectory, _ saves: SaveFolder, _ identity: RunIdentity) throws -> SavedRun? {
    guard let step = saves.steps.last else {
      try work.clear()
      try replaceFile(at: work.url.appending(path: RunIdentity.fileName), with: identity.json())
      return nil
    }
    guard saving.resumes else { throw TrainingError.unfinishedRun(work.url, step: step) }
    guard let saved = try RunIdentity(in: work.url) else {
      throw TrainingError.badSave(work.url.appending(path: RunIdentity.fileName), problem: "it is missing")
    }
    try identity.requireSame(as: saved, in: work.url)
    saves.removeRemains()
    return try saves.open(step: step)
  }

  private func train(
    _ source: Checkpoint, _ texts: TrainingTexts, _ heldOut: TextSet?, _ work: WorkDirectory, _ saved: SavedRun?,
    _ identity: RunIdentity, _ report: (TrainingProgress) throws -> Bool
  ) throws -> Result {
    let decoder = try untrainedDecoder(source)
    decoder.recomputesActivations = options.recomputesActivations
    let trained = try trainedWeights(of: decoder)
    try trained.startTraining(in: decoder, seed: options.seed)
    try requireTrainable(decoder, source)
    let saves = SaveFolder(in: work.url)
    try requireSpace(source, decoder, saves, at: work.url)
    let metricsURL = work.url.appending(path: MetricsFile.name)
    let metrics = try MetricsFile(metricsURL, keeping: saved?.state.metricsBytes ?? 0)
    var run = try TrainingRun(
      decoder, mixture: texts.mixture(options.mixture), options: options,
      untrained: options.anchors.isEmpty ? nil : untrainedDecoder(source))
    // A rounded head's products are not of the kind whose rate is measured.
    let arithmetic: Arithmetic? =
      options.headApproximation == .rounding
      ? nil
      : Arithmetic(
        flopsPerToken: trained.flopsPerToken(in: decoder, words: options.sampledWords),
        productRate: device.measuredProductRate())
    run.arithmetic = arithmetic
    if let saved { try run.restore(saved) }
    let evaluator = Evaluator(
      context: min(2048, decoder.configuration.maximumPositions), prefix: texts.specialTokens.prefix)
    do {
      _ = try run.run(
        evaluate: heldOut.map { heldOut in { try heldOut.texts.map { try evaluator.score($0, with: decoder) } } },
        report: { progress in
          try metrics.append(progress.record)
          return try report(progress)
        },
        pause: { snapshot in
          guard saving.isDue(snapshot) else { return }
          try metrics.flush()
          try saves.write(snapshot, metricsBytes: metrics.byteCount)
          saves.prune(keeping: saving.keep, and: snapshot.progress.best?.step)
        })
    } catch TrainingError.tooManySkips(let step, let inRow, let reason, _) {
      // Skipped steps have not touched the weights, so these are the last good ones.
      let place = work.destination.deletingLastPathComponent()
        .appending(path: "\(work.destination.lastPathComponent).step-\(step - inRow)")
      try publish(source, decoder, identity: nil, metrics: metricsURL, texts.report(run.progress), to: place)
      throw TrainingError.tooManySkips(step: step, inRow: inRow, reason: reason, lastGood: place)
    }
    if saving.result == .best, let best = run.progress.best {
      try run.takeWeights(of: saves.open(step: best.step))
    }
    let records = try MetricsFile.records(in: metricsURL)
    let seen = texts.report(run.progress)
    try publish(source, decoder, identity: identity, metrics: metricsURL, seen, to: work.destination)
    try work.remove()
    return Result(
      records: records, texts: seen, resumedFrom: saved?.state.progress, wasFinished: false, arithmetic: arithmetic)
  }

  /// Writes the decoder's weights as a checkpoint that is otherwise the source, and its adapters beside it.
  private func publish(
    _ source: Checkpoint, _ decoder: Decoders.Decoder, identity: RunIdentity?, metrics: URL, _ seen: [TextReport],
    to destination: URL
  ) throws {
    let staged = try StagedDirectory(for: destination, byteCount: source.shardBytes)
    try rewriteCheckpoint(
      source: source, replacing: decoder.trainedContent(for: source), into: staged.url,
      including: { !Self.recordNames.contains($0) && !AdapterFile.paths.contains($0) })
    if let lowRank = options.lowRank {
      try AdapterFile.write(decoder, lowRank, base: checkpoint, into: staged.url)
    }
    try copyFile(MappedFile(metrics), to: staged.url.appending(path: MetricsFile.name))
    try writeFile(TextReport.json(seen), to: staged.url.appending(path: TextReport.fileName))
    if let identity { try writeFile(identity.json(), to: staged.url.appending(path: RunIdentity.fileName)) }
    try staged.commit()
  }

  /// Refuses a run whose saves and result the disk cannot hold.
  private func requireSpace(
    _ source: Checkpoint, _ decoder: Decoders.Decoder, _ saves: SaveFolder, at work: URL
  ) throws(CheckpointError) {
    // Weights in f32 and two moments; one save more than are kept exists while the oldest is replaced.
    let width = 4 + 2 * options.optimizer.moments.elementType.byteWidth
    let save = decoder.trainedParameters.reduce(0) { $0 + width * $1.value.count }
    let count = saving.isOn ? max(0, saving.keep + 2 - saves.steps.count) : 0
    let needed = source.shardBytes + count * save
    if let available = availableBytes(at: work), available < needed {
      throw .noSpace(path: work.path(percentEncoded: false), needed: needed, available: available)
    }
  }

  private func trainedWeights(of decoder: Decoders.Decoder) throws -> TrainedWeights {
    switch part {
    case .everything:
      try TrainedWeights(options, of: decoder, layers: Array(decoder.layers.indices), usual: "all")
    case .layers:
      try TrainedWeights(options, of: decoder, layers: DetachedLayers(directory: checkpoint).trained, usual: "layers")
    }
  }

  /// Refuses weights whose stored type would round small steps away.
  private func requireTrainable(_ decoder: Decoders.Decoder, _ source: Checkpoint) throws {
    for parameter in decoder.parameters where parameter.isTrained || parameter.adapter != nil {
      let stored = try source.tensor(parameter.name)
      guard [.f32, .f16, .bf16].contains(stored.dtype) else {
        throw TrainingError.storedTooNarrow(parameter.name, kind: stored.kind)
      }
    }
  }

  /// The model as it is, with its bridges.
  private func untrainedDecoder(_ source: Checkpoint) throws -> Decoders.Decoder {
    let decoder = try Decoder(source, device: device)
    if part == .layers(useBridges: true), BridgeFile.exists(in: checkpoint) {
      try decoder.setBridges(BridgeFile.read(from: checkpoint, device: device))
    }
    return decoder
  }
}

extension SavingOptions {
  /// Whether a save is made here.
  fileprivate func isDue(_ snapshot: TrainingSnapshot) -> Bool {
    let step = snapshot.progress.step
    switch snapshot.occasion {
    case .interruption: return isOn && step > 0
    case .bestEvaluation where keepsBest: return true
    case .bestEvaluation, .step: return !snapshot.isLast && every.map { step % $0 == 0 && step > 0 } ?? false
    }
  }
}
