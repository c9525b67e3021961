import Checkpoints
import Corpora
import Decoders
import Foundation
import ModelSurgery
import Tokenizers

/// The whole way of a model to a language: detach, bridge, pretrain, attach, align, with an evaluation in every text at
/// base, re-attached and aligned (ELO, arXiv 2601.03648; the bridge is ours).
public struct Adaptation: Sendable {
  /// How the budget is spent.
  public enum Method: String, Sendable, CaseIterable, Codable {
    /// Train low-rank changes of the whole model's matrices throughout: nearly as much in equal time, in a third of the memory.
    case lora
    /// Train the whole model throughout: what gained the most in equal time (docs/method.md).
    case full
    /// Detach some layers, train them alone, put them back, align the whole.
    case elo
  }

  /// What stands for the missing layers while the detached ones are trained.
  public enum BridgeKind: String, Sendable, CaseIterable, Codable {
    /// An affine map for each run of them.
    case linear
    /// Nothing: the method as published.
    case none
  }

  /// How much of the training of detached layers is taken.
  public enum Blend: Sendable, Hashable, CustomStringConvertible {
    /// base + factor (trained - base).
    case factor(Double)
    /// As much as held-out text says is best.
    case automatic

    /// As it is written: a number or `auto`.
    public var description: String {
      switch self {
      case .factor(let factor): String(factor)
      case .automatic: "auto"
      }
    }
  }

  /// The checkpoint to adapt.
  public var checkpoint: URL
  /// The layers to detach, in ascending order.
  public var layers: LayerSelection
  /// Layers that stay in the detached model, frozen, as a scaffold between the trained ones; nil for none.
  public var keepFrozen: LayerSelection?
  /// The way.
  public var method = Method.full
  /// What stands for the missing layers.
  public var bridge = BridgeKind.linear
  /// Settings of the detached training.
  public var pretraining: TrainingOptions
  /// Settings of the alignment, and of the whole training of `full` and `lora`; `lora` has its `lowRank`.
  public var alignment: TrainingOptions
  /// The share of tokens that the source text has; the target has the rest.
  public var sourceShare = 0.1
  /// The bridge's fit.
  public var bridgeFitting = BridgeFitting()
  /// How much of the detached training is taken at attach.
  public var blend = Blend.factor(1)
  /// Tokens of each held-out text that a blend is chosen by: other documents than those that are scored, where there are
  /// enough.
  public var blendTokens = 4096
  /// Tokens of each held-out text that are scored at each of the three points.
  public var evaluationTokens = 12_288
  /// How the texts are read.
  public var reading = TokenStore.Options()
  /// What is kept while a stage trains; `resumes` also passes over the stages that are done.
  public var saving = SavingOptions()
  /// Texts to put beside the result, by their files' names.
  public var sideFiles: [String: String] = [:]
  /// The command that was given, for the report.
  public var command: [String]

  /// What is done, in order.
  public enum Stage: String, Sendable, CaseIterable, Codable, CodingKeyRepresentable {
    /// Scoring the model as it came.
    case evaluateBase = "evaluate base"
    /// Cutting the layers out.
    case detach
    /// Fitting what stands for the rest.
    case bridge
    /// Training the detached layers.
    case pretrain
    /// Choosing how much of the training to take.
    case blend
    /// Putting them back.
    case attach
    /// Scoring the model with its layers back.
    case evaluateAttached = "evaluate re-attached"
    /// Training the whole model.
    case align
    /// Scoring the result.
    case evaluateAligned = "evaluate aligned"
  }

  /// What happens while it runs.
  public enum Event: Sendable {
    /// What it needs was counted, and what other methods would need; it fits.
    case counted(AdaptationNeeds, others: [Method: AdaptationNeeds])
    /// The adaptation was complete already.
    case wasComplete
    /// A stage is passed over: an earlier run has done it.
    case passed(Stage)
    /// A stage begins.
    case began(Stage)
    /// A training step was taken.
    case trained(Stage, TrainingProgress)
    /// Tokens done and in all of a stage that only reads text.
    case read(Stage, done: Int, total: Int)
    /// A stage is over after some seconds.
    case ended(Stage, seconds: Double)
  }

  /// An adaptation with the given budgets.
  public init(
    checkpoint: URL, layers: LayerSelection, pretraining: TrainingOptions, alignment: TrainingOptions,
    command: [String]
  ) {
    self.checkpoint = checkpoint
    self.layers = layers
    self.pretraining = pretraining
    self.alignment = alignment
    self.command = command
  }

  /// Runs all stages and writes the adapted checkpoint with `report.html` and `report.json` in it.
  ///
  /// Until then everything lies in `OUTPUT.partial` beside it, and stays there when the run ends early after at least one
  /// stage or save.
  /// - Parameters:
  ///   - output: a directory that does not exist or is empty, or that this adaptation has completed, when resuming; it
  ///     appears when everything is done.
  ///   - target: the language to learn.
  ///   - source: the language to keep.
  ///   - heldOut: texts to score; documents are held out of target and source when nil.
  ///   - observe: called as things happen; returning false stops with `TrainingError.interrupted` or
  ///     `.interruptedBetweenStages`.
  /// - Throws: `CheckpointError`, `SurgeryError`, `DecoderError`, `CorpusError`, `TokenizerError`, `TrainingError`.
  public func run(
    output: URL, target: TextSource, source: TextSource, heldOut: [TextSource]?, device: any Device,
    observe: @escaping (Event) -> Bool = { _ in true }
  ) throws -> AdaptationReport {
    let base = try Checkpoint(directory: checkpoint)
    let configuration = try DecoderConfiguration(base.config)
    let given = try TrainingTexts(
      [target, source], checkpoint: checkpoint, vocabulary: configuration.vocabularySize, options: reading
    ).weighted([1 - sourceShare, sourceShare])
    let (training, held) =
      try heldOut.map {
        let texts = try TextSet(
          $0, checkpoint: checkpoint, vocabulary: configuration.vocabularySize, textField: reading.textField)
        return (given, texts)
      } ?? given.holdingOut()
    let scored = try held.sample(tokensPerText: evaluationTokens)
    let identity = RunIdentity(
      checkpoint: try base.sampledHash(), settings: settings(device), texts: training, heldOut: scored)
    if saving.resumes, let finished = try RunIdentity(in: output) {
      try identity.requireSame(as: finished, in: output)
      try WorkDirectory.removeRemains(of: output)
      _ = observe(.wasComplete)
      return try AdaptationReport(contentsOf: output.appending(path: AdaptationReport.fileName))
    }
    let work = try WorkDirectory(for: output)
    let run = AdaptationRun(
      adaptation: self, work: work.url, device: device, training: training, heldOut: scored,
      blended: try held.sample(tokensPerText: blendTokens, behind: evaluationTokens),
      report: AdaptationReport(self, target: target, source: source), observe: observe)
    do {
      try run.begin(identity, resumes: saving.resumes)
      try requireNeeds(of: run, at: work.url, device: device)
      try run.allStages()
      try run.publish(to: output, identity)
      try work.remove()
      return run.report
    } catch {
      guard run.hasRemains else {
        try? work.remove()
        throw error
      }
      throw (error as? TrainingError)?.isInterruption == true
        ? TrainingError.interruptedBetweenStages(done: run.report.stages.map { method.label($0.stage) }, work.url)
        : error
    }
  }

  /// Counts what the adaptation needs, tells of it, and refuses it where there is less.
  ///
  /// What an earlier run has done is on the disk already, so only a fresh one is held against it.
  private func requireNeeds(of run: AdaptationRun, at work: URL, device: any Device) throws {
    let memory = machineMemory()
    let needs = try AdaptationNeeds(self, method: method, device: device)
    var others: [Method: AdaptationNeeds] = [:]
    for other in Method.allCases where other != method {
      others[other] = try? AdaptationNeeds(self, method: other, device: device)
    }
    if !run.hasRemains {
      let fitting = Method.allCases.filter { others[$0]?.fits(memory: memory) == true }
      try needs.require(memory: memory, at: work, fitting: fitting)
    }
    run.note(needs)
    _ = run.observe(.counted(needs, others: others))
  }

  /// The settings that change the adaptation, by their flags.
  private func settings(_ device: any Device) -> [(flag: String, value: String?)] {
    let detached = pretraining.settings.filter { !$0.flag.hasPrefix("--lora") }.map { setting in
      ["--tokens", "--minutes"].contains(setting.flag)
        ? (flag: "\(setting.flag) (detached training)", value: setting.value) : setting
    }
    let inAlignment = ["--learning-rate", "--batch-size", "--train"]
    let whole = alignment.settings.compactMap { setting -> (flag: String, value: String?)? in
      if ["--tokens", "--minutes"].contains(setting.flag) { return ("\(setting.flag) (alignment)", setting.value) }
      if setting.flag.hasPrefix("--lora") { return setting }
      return inAlignment.contains(setting.flag) ? ("--align-\(setting.flag.dropFirst(2))", setting.value) : nil
    }
    return [
      ("--layers", layers.description), ("--keep-frozen", keepFrozen?.description), ("--method", method.rawValue),
      ("--bridge", bridge.rawValue), ("--blend", blend.description), ("--source-share", String(sourceShare)),
      ("--evaluation-tokens", String(evaluationTokens)), ("--threads", (device as? CPUDevice).map { "\($0.threads)" }),
    ] + detached + whole
  }
}
