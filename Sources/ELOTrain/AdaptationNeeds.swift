import Checkpoints
import Decoders
import Foundation
import ModelSurgery

/// What an adaptation needs of a machine, counted before it starts.
public struct AdaptationNeeds: Sendable {
  /// Memory of one stage.
  public struct Stage: Sendable {
    /// Which.
    public let stage: Adaptation.Stage
    /// Bytes that must be in memory: trained weights with gradients and moments, activations, states of a fit.
    public let held: Int
    /// Bytes of stored weights that are read in every step from the mapped checkpoint, and from the disk where memory has no room for
    /// them.
    public let mapped: Int

    /// Both.
    public var bytes: Int { held + mapped }
  }

  /// The way whose needs these are.
  public let method: Adaptation.Method
  /// The stages that need the most, in order; evaluations need less than the training behind them.
  public let stages: [Stage]
  /// Bytes that the stages' checkpoints and saves take on the disk together; all stay until the end.
  public let disk: Int

  /// The stage that needs the most memory.
  public var greatest: Stage { stages.max { $0.bytes < $1.bytes }! }

  /// Counts the needs of a way.
  /// - Parameters:
  ///   - method: that of the adaptation, or another one to compare it with.
  ///   - device: on which the checkpoint is opened; nothing is computed.
  /// - Throws: `CheckpointError`, `DecoderError`, and what selections of weights and layers throw.
  public init(_ adaptation: Adaptation, method: Adaptation.Method, device: any Device) throws {
    let base = try Checkpoint(directory: adaptation.checkpoint)
    let whole = try Decoder(base, device: device)
    var stages: [Stage] = []
    var disk = base.shardBytes
    if method == .elo {
      let plan = try DetachPlan(checkpoint: base, layers: adaptation.layers, keepFrozen: adaptation.keepFrozen)
      let detached = Decoder(whole, layers: plan.layers)
      let left = detached.parameters.reduce(0) { $0 + Self.byteCount($1) }
      if adaptation.bridge == .linear {
        stages.append(
          Stage(
            stage: .bridge, held: Self.fitBytes(adaptation.bridgeFitting, width: whole.configuration.width),
            mapped: base.shardBytes))
      }
      let trained = plan.layers.indices.filter { !plan.frozenLayers.contains(plan.layers[$0]) }
      let weights = try TrainedWeights(adaptation.pretraining, of: detached, layers: trained, usual: "layers")
      stages.append(Self.training(.pretrain, detached, weights, adaptation.pretraining, mapped: left))
      disk += 2 * left + base.shardBytes + Self.saveBytes(detached, weights, adaptation.pretraining, adaptation.saving)
    }
    var options = adaptation.alignment
    switch method {
    case .lora: options.lowRank = options.lowRank ?? LowRankOptions()
    case .full, .elo: options.lowRank = nil
    }
    let weights = try TrainedWeights(options, of: whole, layers: Array(whole.layers.indices), usual: "all")
    stages.append(Self.training(.align, whole, weights, options, mapped: base.shardBytes))
    disk += Self.saveBytes(whole, weights, options, adaptation.saving)
    (self.method, self.stages, self.disk) = (method, stages, disk)
  }

  /// Refuses what does not fit.
  /// - Parameters:
  ///   - memory: bytes that the machine has.
  ///   - place: where the adaptation will work.
  ///   - fitting: other methods that fit, for the advice.
  /// - Throws: `TrainingError.needsMemory`, `CheckpointError.noSpace`.
  package func require(memory: Int, at place: URL, fitting: [Adaptation.Method]) throws {
    if let stage = stages.first(where: { $0.held > memory }) {
      throw TrainingError.needsMemory(
        stage: method.label(stage.stage), needed: stage.held, available: memory, fitting: fitting.map(\.rawValue))
    }
    if let available = availableBytes(at: place), available < disk {
      throw CheckpointError.noSpace(path: place.path(percentEncoded: false), needed: disk, available: available)
    }
  }

  /// Whether everything stays in memory, the stored weights included.
  public func fits(memory: Int) -> Bool { greatest.bytes <= memory }

  private static func training(
    _ stage: Adaptation.Stage, _ decoder: Decoders.Decoder, _ weights: TrainedWeights, _ options: TrainingOptions,
    mapped: Int
  ) -> Stage {
    let part = options.batchSize / options.accumulate * options.sequenceLength
    let activations = decoder.activationBytes(
      tokens: part, parameters: weights.parameters + weights.adapted, recomputes: options.recomputesActivations)
    // A trained weight and its gradient in f32, and two moments.
    let state = weights.count(in: decoder) * (8 + 2 * options.optimizer.moments.elementType.byteWidth)
    // Weights that are trained themselves are not read from the checkpoint again.
    let read = max(0, mapped - weights.parameters.reduce(0) { $0 + byteCount($1) })
    return Stage(stage: stage, held: state + activations + programBytes, mapped: read)
  }

  /// The program itself, a tokenizer, and texts in work: what SmolLM2's runs measured above the rest.
  private static let programBytes = 100_000_000

  private static func byteCount(_ weight: Parameter) -> Int {
    weight.value.count * weight.value.elementType.byteWidth
  }

  /// States before and after the missing layers in f32, their difference and the rows that are fitted.
  private static func fitBytes(_ fitting: BridgeFitting, width: Int) -> Int { 5 * 4 * fitting.tokens * width }

  private static func saveBytes(
    _ decoder: Decoders.Decoder, _ weights: TrainedWeights, _ options: TrainingOptions, _ saving: SavingOptions
  ) -> Int {
    guard saving.isOn else { return 0 }
    // One more than are kept exists while the oldest is replaced.
    return (saving.keep + 2) * weights.count(in: decoder) * (4 + 2 * options.optimizer.moments.elementType.byteWidth)
  }
}

/// Bytes of memory that this process may use: the machine's, or fewer where its control group says so.
public func machineMemory() -> Int {
  let all = Int(clamping: ProcessInfo.processInfo.physicalMemory)
  guard let limit = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8),
    let bytes = Int(limit.trimmingCharacters(in: .whitespacesAndNewlines))
  else { return all }
  return min(all, bytes)
}
