import Checkpoints
import Foundation
import JSONText

/// A checkpoint to be written from parts of others: tensors under new names, an edited config, copied side files.
struct NewCheckpoint: Sendable {
  /// A tensor to be written.
  struct Tensor: Sendable {
    /// What it holds.
    enum Filling: Sendable {
      /// Its source's bytes.
      case copied
      /// Zeros of its source's type.
      case zeros
      /// The values of a matrix in fp8, in another type.
      case widened(BlockScaledMatrix, DType)
    }

    let name: String
    /// The tensor whose shape it has.
    let source: StoredTensor
    var filling = Filling.copied

    var dtype: DType { if case .widened(_, let dtype) = filling { dtype } else { source.dtype } }
    var byteCount: Int { source.byteCount * dtype.bitWidth / source.dtype.bitWidth }

    var content: TensorContent {
      switch filling {
      case .copied: .mapped(source)
      case .zeros: Self.zeros(of: source)
      case .widened(let matrix, let dtype): matrix.content(as: dtype)
      }
    }

    private static func zeros(of source: StoredTensor) -> TensorContent {
      .bytes(source.dtype, shape: source.shape) { sink in
        let zeros = [UInt8](repeating: 0, count: min(source.byteCount, 1 << 20))
        for start in stride(from: 0, to: source.byteCount, by: max(zeros.count, 1)) {
          let piece = min(zeros.count, source.byteCount - start)
          try zeros.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[..<piece])) }
        }
      }
    }
  }

  var tensors: [Tensor]
  var config: ConfigText
  /// Where the side files come from.
  let source: Checkpoint
  /// Which of its side files are copied; config.json is written from `config`.
  var sideFiles: [String]
  /// Weights go into one file up to this size, else into numbered shards of at most it (a larger tensor alone).
  var maximumShardBytes = 5_000_000_000

  /// The bytes of the tensors.
  var tensorByteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

  /// The tensors of each weights file, in order.
  var shards: [(name: String, tensors: [Tensor])] {
    var groups: [[Tensor]] = [[]]
    var size = 0
    for tensor in tensors {
      if size > 0, size + tensor.byteCount > maximumShardBytes {
        groups.append([])
        size = 0
      }
      groups[groups.count - 1].append(tensor)
      size += tensor.byteCount
    }
    let names =
      groups.count == 1
      ? ["model.safetensors"]
      : groups.indices.map { "model-\(padded($0 + 1))-of-\(padded(groups.count)).safetensors" }
    // Wide types first keeps every element aligned; the sort is stable.
    return zip(names, groups).map { ($0, $1.sorted { $0.dtype.bitWidth > $1.dtype.bitWidth }) }
  }

  private func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(5 - digits.count, 0)) + digits
  }

  /// Writes everything into an existing directory, and digests the sources' tensors meanwhile.
  /// - Returns: the digest of each tensor's type, shape and bytes, by its new name.
  func writeDigesting(
    into directory: URL, progress: (TransferProgress) throws -> Void
  ) throws -> [String: String] {
    try DigestingCopy.digesting { copy in
      try write(into: directory, content: { copy.content(of: $0.source, name: $0.name) }, progress: progress)
    }
  }

  /// Writes everything into an existing directory.
  func write(
    into directory: URL, content: (Tensor) -> TensorContent = { $0.content },
    progress: (TransferProgress) throws -> Void
  ) throws {
    let shards = shards
    let total = tensorByteCount
    var before = 0
    for (name, tensors) in shards {
      let contents = tensors.map { (name: $0.name, content: content($0)) }
      let base = before
      try writeSafetensors(to: directory.appending(path: name), tensors: contents) { report in
        try progress(TransferProgress(completed: min(base + report.completed, total), total: total))
      }
      before += tensors.reduce(0) { $0 + $1.byteCount }
    }
    try copySideFiles(sideFiles.filter { $0 != "config.json" }, of: source, into: directory)
    if shards.count > 1 {
      try writeFile(indexText(shards), to: directory.appending(path: "model.safetensors.index.json"))
    }
    try writeFile(config.bytes, to: directory.appending(path: "config.json"))
  }

  private func indexText(_ shards: [(name: String, tensors: [Tensor])]) -> [UInt8] {
    let places = shards.flatMap { shard in shard.tensors.map { (key: $0.name, value: JSONValue.string(shard.name)) } }
    let parameters = tensors.reduce(0) { $0 + $1.source.elementCount }
    let index: JSONValue = [
      "metadata": ["total_parameters": .integer(parameters), "total_size": .integer(tensorByteCount)],
      "weight_map": .object(places.sorted { $0.key < $1.key }),
    ]
    return Array((index.text + "\n").utf8)
  }
}

/// Side files of a checkpoint by what becomes of them when its weights change.
enum SideFiles {
  /// Files that hold the same weights in another form and would contradict new ones.
  static func isOtherWeights(_ path: String) -> Bool {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return path.hasPrefix("original/") || path.hasPrefix("onnx/") || name.hasPrefix("consolidated")
      || [".bin", ".pt", ".pth", ".gguf", ".safetensors", ".index.json", ".h5", ".msgpack", ".onnx"]
        .contains(where: name.hasSuffix)
  }

  /// Files that elo-surgeon left in a checkpoint and that speak of that checkpoint only.
  static func isOwn(_ path: String) -> Bool {
    path.hasPrefix(Checkpoint.privateFolder + "/") || path == SurgeryManifest.fileName
  }
}
