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
    /// Detach some layers, train them alone, put them back, align the whole.
    case elo
    /// Train the whole model throughout: what ELO is to be compared with.
    case full
  }

  /// What stands for the missing layers while the detached ones are trained.
  public enum BridgeKind: String, Sendable, CaseIterable, Codable {
    /// An affine map for each run of them.
    case linear
    /// Nothing: the method as published.
    case none
  }

  /// The checkpoint to adapt.
  public var checkpoint: URL
  /// The layers to detach, in ascending order.
  public var layers: LayerSelection
  /// Layers that stay in the detached model, frozen, as a scaffold between the trained ones; nil for none.
  public var keepFrozen: LayerSelection?
  /// The way.
  public var method = Method.elo
  /// What stands for the missing layers.
  public var bridge = BridgeKind.linear
  /// Settings of the detached training.
  public var pretraining: TrainingOptions
  /// Settings of the alignment, and of the whole training of `full`.
  public var alignment: TrainingOptions
  /// The share of tokens that the source text has; the target has the rest.
  public var sourceShare = 0.1
  /// The bridge's fit.
  public var bridgeFitting = BridgeFitting()
  /// Tokens of each held-out text that are scored at each of the three points.
  public var evaluationTokens = 12_288
  /// The command that was given, for the report.
  public var command: [String]

  /// What is done, in order.
  public enum Stage: String, Sendable, CaseIterable, Codable {
    /// Scoring the model as it came.
    case evaluateBase = "evaluate base"
    /// Cutting the layers out.
    case detach
    /// Fitting what stands for the rest.
    case bridge
    /// Training the detached layers.
    case pretrain
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
  /// - Parameters:
  ///   - output: a directory that does not exist or is empty; it appears when everything is done.
  ///   - target: the language to learn.
  ///   - source: the language to keep.
  ///   - heldOut: texts to score; documents are held out of target and source when nil.
  ///   - observe: called as things happen; returning false stops with `TrainingError.interrupted`.
  /// - Throws: `CheckpointError`, `SurgeryError`, `DecoderError`, `CorpusError`, `TokenizerError`, `TrainingError`.
  public func run(
    output: URL, target: TextSource, source: TextSource, heldOut: [TextSource]?, textField: String = "text",
    device: any Device, observe: @escaping (Event) -> Bool = { _ in true }
  ) throws -> AdaptationReport {
    let base = try Checkpoint(directory: checkpoint)
    let configuration = try DecoderConfiguration(base.config)
    let staged = try StagedDirectory(for: output, naming: .partial)
    let work = staged.url.appending(path: Checkpoint.privateFolder)
    func load(_ sources: [TextSource]) throws -> TextSet {
      try TextSet(
        sources, checkpoint: checkpoint, vocabulary: configuration.vocabularySize, textField: textField)
    }
    let given = try load([target, source]).weighted([1 - sourceShare, sourceShare])
    let (training, scored) = try heldOut.map { (given, try load($0)) } ?? given.splitHeldOut()
    let run = AdaptationRun(
      adaptation: self, work: work, device: device, training: training,
      heldOut: try scored.sample(tokensPerText: evaluationTokens), observe: observe)

    var report = AdaptationReport(self, target: target, source: source)
    report.points.append(.init(point: .base, texts: try run.evaluate(checkpoint, .evaluateBase)))
    let beforeAlignment: URL
    if method == .elo {
      beforeAlignment = try run.trainDetached(&report)
      report.points.append(.init(point: .reattached, texts: try run.evaluate(beforeAlignment, .evaluateAttached)))
    } else {
      beforeAlignment = checkpoint
    }
    let aligned = work.appending(path: "aligned")
    report.alignment = try run.train(.align, beforeAlignment, .everything, alignment, output: aligned)
    report.points.append(.init(point: .aligned, texts: try run.evaluate(aligned, .evaluateAligned)))
    report.stages = run.stages
    try publish(aligned, report, into: staged.url, work: work)
    try staged.commit()
    return report
  }

  /// Moves the finished checkpoint up beside its report and drops what only the stages needed.
  private func publish(_ aligned: URL, _ report: AdaptationReport, into directory: URL, work: URL) throws {
    let files = FileManager.default
    for name in try files.contentsOfDirectory(atPath: aligned.path) where name != MetricsFile.name {
      try files.moveItem(at: aligned.appending(path: name), to: directory.appending(path: name))
    }
    try files.removeItem(at: work)
    try Data(try report.json().utf8).write(to: directory.appending(path: "report.json"))
    try Data(report.page().utf8).write(to: directory.appending(path: "report.html"))
  }
}
