import Checkpoints
import Foundation
import JSONText

/// Making a checkpoint whose fp8 matrices are written as the numbers they stand for, so that they can be trained.
///
/// Each matrix in F8_E4M3 is multiplied by its scales (`BlockScaledMatrix`) and rounded once; its scales, and those of
/// inputs that fp8 products are given, go; every other tensor and file is copied as it is. config.json loses
/// `quantization_config`. A detached checkpoint is not widened, since its layers would have no base to return to.
public struct WideningPlan: WritingPlan {
  /// The source.
  public let checkpoint: Checkpoint
  /// The type that matrices in fp8 are written in.
  public let dtype: DType
  /// What changes in config.json.
  public let configEdits: [ConfigEdit]
  private let output: NewCheckpoint

  /// Plans a widening.
  /// - Parameter dtype: `.f32`, `.f16` or `.bf16`.
  /// - Throws: `SurgeryError` when the checkpoint is not in fp8, or not as one that is; `CheckpointError` when config.json
  ///   cannot be edited.
  public init(checkpoint: Checkpoint, dtype: DType) throws {
    precondition([.f32, .f16, .bf16].contains(dtype), "a widened checkpoint is in F32, F16 or BF16, not \(dtype)")
    let directory = checkpoint.directory.path(percentEncoded: false)
    guard !checkpoint.sideFiles.contains(SurgeryManifest.fileName) else {
      throw SurgeryError.widenedBeforeDetaching(directory: directory)
    }
    let block = try Self.block(checkpoint)
    var tensors: [NewCheckpoint.Tensor] = []
    for (name, tensor) in checkpoint.tensors where !Self.isScale(name, in: checkpoint) {
      var new = NewCheckpoint.Tensor(name: name, source: tensor)
      if tensor.dtype == .f8e4m3 { new.filling = .widened(try Self.matrix(tensor, block, in: checkpoint), dtype) }
      tensors.append(new)
    }
    var config = checkpoint.config
    configEdits = try Self.edit(&config, dtype)
    self.checkpoint = checkpoint
    self.dtype = dtype
    output = NewCheckpoint(
      tensors: tensors, config: config, source: checkpoint,
      sideFiles: checkpoint.sideFiles.filter { !SideFiles.isOtherWeights($0) && !SideFiles.isOwn($0) })
  }

  /// How many matrices are widened.
  public var widenedCount: Int {
    output.tensors.count { if case .widened = $0.filling { true } else { false } }
  }

  /// The bytes that the new directory takes.
  public var diskNeeded: Int { output.tensorByteCount + checkpoint.byteCount(ofSideFiles: output.sideFiles) }

  /// Writes the widened checkpoint.
  @discardableResult
  public func execute(to destination: URL, progress: (TransferProgress) throws -> Void) throws -> Bool {
    try stage(destination) { try output.write(into: $0, progress: progress) }
  }

  /// The plan as JSON, for `--dry-run`.
  public var json: JSONValue {
    [
      "operation": "convert", "checkpoint": .string(checkpoint.directory.path(percentEncoded: false)),
      "bytes": .integer(output.tensorByteCount), "disk_needed": .integer(diskNeeded),
      "tensors": .array(
        output.tensors.map {
          ["name": .string($0.name), "from": .string($0.source.dtype.name), "dtype": .string($0.dtype.name)]
        }), "config": .array(configEdits.map(\.json)),
    ]
  }

  /// The plan in lines for people.
  public var lines: [String] {
    output.tensors.map { "  \($0.name)  \($0.source.kind) -> \($0.dtype)" } + configEdits.map(\.line) + [
      """
      \(output.tensors.count) tensors, \(widenedCount) of them widened to \(dtype), \
      \(byteCountText(output.tensorByteCount)), \(byteCountText(diskNeeded)) of disk needed
      """
    ]
  }

  private static func block(_ checkpoint: Checkpoint) throws -> WeightQuantization.Block? {
    let decoder = DecoderNames.decoderConfigs.lazy.compactMap { checkpoint.config[$0] }.first
    let quantization: WeightQuantization?
    do { quantization = try WeightQuantization(checkpoint.config, decoder: decoder) } catch {
      throw CheckpointError.configKey(
        path: checkpoint.config.path, key: "weight_block_size",
        problem: "is \(error.spelling) and no pair of positive whole numbers")
    }
    switch quantization {
    case .float8(let block)?: return block
    case .other(let method)?:
      throw SurgeryError.notWidened(directory: checkpoint.directory.path(percentEncoded: false), method: method)
    case nil: throw SurgeryError.notWidened(directory: checkpoint.directory.path(percentEncoded: false), method: nil)
    }
  }

  private static func matrix(
    _ tensor: StoredTensor, _ block: WeightQuantization.Block?, in checkpoint: Checkpoint
  ) throws -> BlockScaledMatrix {
    let scales = BlockScaledMatrix.scalesName(of: tensor.name)
    do {
      return try BlockScaledMatrix(tensor, scales: try checkpoint.tensor(scales), block: block)
    } catch let problem as BlockScaledMatrix.Problem {
      switch problem {
      case .notElements(let kind):
        throw SurgeryError.kindMismatch(name: tensor.name, expected: "a matrix", found: kind)
      case .notScales(let kind, let expected):
        throw SurgeryError.scalesMismatch(name: scales, expected: expected, found: kind)
      }
    }
  }

  /// Scales of a matrix in fp8, or of the inputs of products with it.
  private static func isScale(_ name: String, in checkpoint: Checkpoint) -> Bool {
    let scaled: [String] = [("_scale_inv", ""), (".activation_scale", ".weight"), (".input_scale", ".weight")]
      .compactMap { ending, matrix in name.hasSuffix(ending) ? name.dropLast(ending.count) + matrix : nil }
    return scaled.contains { checkpoint.tensors[$0]?.dtype == .f8e4m3 }
  }

  private static func edit(_ config: inout ConfigText, _ dtype: DType) throws -> [ConfigEdit] {
    let word = [DType.f32: "float32", .f16: "float16", .bf16: "bfloat16"][dtype]!.jsonSpelling
    var edits: [ConfigEdit] = []
    for parent in [[]] + DecoderNames.decoderConfigs.map({ [$0] }) {
      for path in WeightQuantization.keys.map({ parent + [$0] }) {
        guard let node = config[path: path] else { continue }
        let old = config.spelling(of: node)
        try config.remove(path)
        edits.append(
          ConfigEdit(key: path.joined(separator: "."), old: old, new: "absent", reason: "nothing is quantised"))
      }
      for path in ["dtype", "torch_dtype"].map({ parent + [$0] }) {
        guard let old = config[path: path].map({ config.spelling(of: $0) }), old != word else { continue }
        try config.set(path, to: word)
        edits.append(
          ConfigEdit(key: path.joined(separator: "."), old: old, new: word, reason: "the type of the matrices"))
      }
    }
    return edits
  }
}
