extension [UInt8] {
  /// Appends bytes.
  mutating func append(contentsOf bytes: Span<UInt8>) { bytes.withUnsafeBufferPointer { append(contentsOf: $0) } }
}
