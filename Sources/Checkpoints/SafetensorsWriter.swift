import Foundation
import JSONText

/// What a tensor of a file to be written holds.
public enum TensorContent: Sendable {
  /// A tensor of another file, copied byte for byte.
  case mapped(StoredTensor)
  /// Bytes made while writing, so that they never all exist at once.
  ///
  /// `produce` hands its pieces, row-major and little-endian, to the closure it is given, in order; all together
  /// must be as long as type and shape say.
  case bytes(DType, shape: [Int], produce: @Sendable (_ sink: (UnsafeRawBufferPointer) throws -> Void) throws -> Void)

  /// The element type.
  public var dtype: DType {
    switch self {
    case .mapped(let tensor): tensor.dtype
    case .bytes(let dtype, _, _): dtype
    }
  }

  /// The logical shape.
  public var shape: [Int] {
    switch self {
    case .mapped(let tensor): tensor.shape
    case .bytes(_, let shape, _): shape
    }
  }
}

/// How far a transfer is.
public struct TransferProgress: Sendable {
  /// Bytes done.
  public let completed: Int
  /// Bytes in all.
  public let total: Int

  /// Makes a report of `completed` of `total` bytes.
  public init(completed: Int, total: Int) {
    self.completed = completed
    self.total = total
  }
}

/// The JSON of a safetensors header for tensors whose bytes follow in the given order, padded to 8 bytes.
package func safetensorsHeaderText(
  _ tensors: [(name: String, dtype: DType, shape: [Int])], metadata: [(key: String, value: String)]
) -> [UInt8] {
  let pairs = metadata.map { "\($0.key.jsonSpelling):\($0.value.jsonSpelling)" }
  var members = ["\"__metadata__\":{\(pairs.joined(separator: ","))}"]
  var offset = 0
  for (name, dtype, shape) in tensors {
    guard let byteCount = dtype.byteCount(elementCount: shape.reduce(1, *)) else {
      preconditionFailure("\(name): \(dtype) \(shape) does not fill whole bytes")
    }
    let dimensions = shape.map(String.init).joined(separator: ",")
    members.append(
      """
      \(name.jsonSpelling):{"dtype":"\(dtype)","shape":[\(dimensions)],"data_offsets":[\(offset),\(offset + byteCount)]}
      """)
    offset += byteCount
  }
  var text = Array("{\(members.joined(separator: ","))}".utf8)
  text.append(contentsOf: repeatElement(0x20, count: -text.count & 7))
  return text
}

/// Writes a safetensors file in constant memory and flushes it to the disk.
///
/// The header is padded so that the data begins at a multiple of 8, and tensors follow in the order given. A reader
/// that wants aligned elements wants wide types first; this function does not reorder.
/// - Parameters:
///   - url: a file that does not exist.
///   - tensors: names with their content.
///   - metadata: the pairs of `__metadata__`; loaders ask for `format`.
///   - progress: called as bytes arrive.
/// - Throws: `CheckpointError` when a source cannot be read or the file not be written, `contentMismatch` when a
///   producer makes another number of bytes than it announced, and what producers and `progress` throw.
public func writeSafetensors(
  to url: URL, tensors: [(name: String, content: TensorContent)],
  metadata: [(key: String, value: String)] = [("format", "pt")],
  progress: (TransferProgress) throws -> Void = { _ in }
) throws {
  let text = safetensorsHeaderText(
    tensors.map { ($0.name, $0.content.dtype, $0.content.shape) }, metadata: metadata)
  let total = tensors.reduce(8 + text.count) { $0 + $1.content.byteCount }
  var output = try FileOutput(creating: url)
  try output.appendHeader(text)
  for (name, content) in tensors {
    let before = output.byteCount
    try output.append(content, name: name) { written in
      try progress(TransferProgress(completed: before + written, total: total))
    }
  }
  try output.finish()
}

extension TensorContent {
  /// The bytes that type and shape need.
  var byteCount: Int { dtype.byteCount(elementCount: shape.reduce(1, *)) ?? 0 }
}

extension FileOutput {
  /// Appends the length and the text of a safetensors header.
  mutating func appendHeader(_ text: [UInt8]) throws(CheckpointError) {
    var length: [UInt8] = []
    for shift in 0..<8 { length.append(UInt8(truncatingIfNeeded: text.count >> (8 * shift))) }
    try append(length)
    try append(text)
  }

  /// Appends a tensor's bytes; `progress` is told how many of them are written.
  mutating func append(_ content: TensorContent, name: String, progress: (Int) throws -> Void) throws {
    var written = 0
    switch content {
    case .mapped(let tensor):
      try append(tensor.byteRange, of: tensor.file) { piece in
        written += piece
        try progress(written)
      }
    case .bytes(let dtype, let shape, let produce):
      try produce { piece in
        try append(piece)
        written += piece.count
        try progress(written)
      }
      guard written == content.byteCount else {
        throw CheckpointError.contentMismatch(
          tensor: name, expected: "\(dtype) \(shape), \(content.byteCount) bytes", found: "\(written) bytes")
      }
    }
  }
}
