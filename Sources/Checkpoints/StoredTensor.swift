/// A tensor in a mapped safetensors file.
///
/// Its bytes may be misaligned for its type.
public struct StoredTensor: Sendable {
  /// The name in the checkpoint.
  public let name: String
  /// The element type.
  public let dtype: DType
  /// The logical shape, outermost first; empty for a scalar.
  public let shape: [Int]
  /// The file that holds the tensor.
  public let file: MappedFile
  /// Where the tensor's bytes stand in the file.
  public let byteRange: Range<Int>

  package init(name: String, dtype: DType, shape: [Int], file: MappedFile, byteRange: Range<Int>) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.file = file
    self.byteRange = byteRange
  }

  /// The product of the shape.
  public var elementCount: Int { shape.reduce(1, *) }
  /// The bytes that the tensor takes.
  public var byteCount: Int { byteRange.count }
  /// Type and shape in words, such as `BF16 [576, 192]`.
  public var kind: String { "\(dtype) \(shape)" }

  /// Lends the tensor's bytes; row-major, little-endian, at any alignment.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try file.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[byteRange])) }
  }

  /// Reads the tensor's bytes in order through a bounded buffer, leaving the mapping untouched.
  /// - Throws: `CheckpointError.unreadable`, and what `body` throws.
  public func forEachChunk(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try file.forEachChunk(in: byteRange, body)
  }
}
