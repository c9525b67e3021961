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

  /// Whether another tensor holds the same bytes, whatever its type.
  /// - Throws: `CheckpointError.unreadable`.
  package func hasBytes(of other: StoredTensor) throws -> Bool {
    try file.hasBytes(byteRange, of: other.file, other.byteRange)
  }

  /// The most elements that `forEachPiece` hands out at once: 2 MiB of the widest type, which come as one chunk.
  package static let elementsPerPiece = 1 << 18

  /// Reads this tensor and another of as many elements side by side, leaving both mappings untouched.
  ///
  /// The elements of both types must fill whole bytes.
  /// - Parameter body: gets the same elements of both, and the index of the first of them.
  /// - Throws: `CheckpointError.unreadable`, and what `body` throws.
  package func forEachPiece(
    beside other: StoredTensor,
    _ body: (_ own: UnsafeRawBufferPointer, _ others: UnsafeRawBufferPointer, _ start: Int) throws -> Void
  ) throws {
    precondition(elementCount == other.elementCount, "\(name) \(kind) beside \(other.name) \(other.kind)")
    for start in stride(from: 0, to: elementCount, by: Self.elementsPerPiece) {
      let elements = start..<min(start + Self.elementsPerPiece, elementCount)
      try file.forEachChunk(in: byteRange(of: elements)) { own in
        try other.file.forEachChunk(in: other.byteRange(of: elements)) { others in try body(own, others, start) }
      }
    }
  }

  private func byteRange(of elements: Range<Int>) -> Range<Int> {
    let width = dtype.bitWidth / 8
    return byteRange.lowerBound + elements.lowerBound * width..<byteRange.lowerBound + elements.upperBound * width
  }
}
