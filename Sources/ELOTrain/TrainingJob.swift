import Checkpoints
import Corpora
import Decoders
import Foundation
import ModelSurgery
import Tokenizers

/// Training a checkpoint on texts into a new checkpoint: what `pretrain` and `align` do.
public struct TrainingJob: Sendable {
  /// What is trained.
  public enum Part: Sendable, Hashable {
    /// The layers of a detached model but its scaffold; embedding, final norm and head stay as they are. With its
    /// bridges, if it has any and they are wanted.
    case layers(useBridges: Bool)
    /// The whole model.
    case everything
  }

  /// The checkpoint to start from.
  public var checkpoint: URL
  /// What is trained.
  public var part: Part
  /// The settings of the run.
  public var options: TrainingOptions
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
  /// The output appears when training is complete; until then `metrics.jsonl` grows in `OUTPUT.partial` beside it.
  /// Everything but the trained weights is the checkpoint's own, byte for byte, in its element types.
  /// - Parameters:
  ///   - output: a directory that does not exist or is empty.
  ///   - texts: what to train on.
  ///   - heldOut: what to score every `evaluateEvery` steps, nil for nothing.
  ///   - report: called after each step; returning false stops with `TrainingError.interrupted`.
  /// - Returns: a record for each step.
  /// - Throws: `CheckpointError`, `DecoderError`, `TrainingError`.
  @discardableResult
  public func run(
    output: URL, texts: TextSet, heldOut: TextSet? = nil, report: (TrainingProgress) throws -> Bool = { _ in true }
  ) throws -> [StepRecord] {
    let source = try Checkpoint(directory: checkpoint)
    let staged = try StagedDirectory(
      for: output, byteCount: source.shards.reduce(0) { $0 + $1.file.count }, naming: .partial)
    let decoder = try makeDecoder(source)
    var run = try TrainingRun(
      decoder, mixture: texts.mixture(sequenceLength: options.sequenceLength, seed: options.seed), options: options)
    var metrics = try MetricsFile(staged.url.appending(path: MetricsFile.name))
    let evaluator = Evaluator(
      context: min(2048, decoder.configuration.maximumPositions), prefix: texts.specialTokens.prefix)
    let records = try run.run(
      evaluate: heldOut.map { heldOut in { try heldOut.texts.map { try evaluator.score($0, with: decoder) } } },
      report: { progress in
        try metrics.append(progress.record)
        return try report(progress)
      })
    try metrics.close()
    try rewriteCheckpoint(
      source: source, replacing: decoder.trainedContent(for: source), into: staged.url,
      including: { $0 != MetricsFile.name })
    try staged.commit()
    return records
  }

  private func makeDecoder(_ source: Checkpoint) throws -> Decoders.Decoder {
    let decoder = try Decoder(source, device: device)
    switch part {
    case .everything: decoder.trainEverything()
    case .layers(let useBridges):
      decoder.train(layers: try DetachedLayers(directory: checkpoint).trained)
      if useBridges, BridgeFile.exists(in: checkpoint) {
        try decoder.setBridges(BridgeFile.read(from: checkpoint, device: device))
      }
    }
    return decoder
  }
}

/// `metrics.jsonl`: one line for each step, readable while the run goes on.
struct MetricsFile: ~Copyable {
  static let name = "metrics.jsonl"
  private let url: URL
  private let handle: FileHandle

  init(_ url: URL) throws(TrainingError) {
    self.url = url
    guard FileManager.default.createFile(atPath: url.path, contents: nil),
      let handle = try? FileHandle(forWritingTo: url)
    else { throw .cannotWrite(url, problem: String(cString: strerror(errno))) }
    self.handle = handle
  }

  mutating func append(_ record: StepRecord) throws {
    do { try handle.write(contentsOf: Data((try record.jsonLine() + "\n").utf8)) } catch {
      throw TrainingError.cannotWrite(url, problem: String(describing: error))
    }
  }

  consuming func close() throws { try handle.close() }
}
