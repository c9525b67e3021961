/// Reads the fields of a protocol buffer message, as far as SentencePiece's files use them.
struct ProtobufReader {
  /// A field by its wire type.
  enum Value {
    case number(UInt64)
    case fixed32(UInt32)
    case bytes(ArraySlice<UInt8>)
  }

  private var rest: ArraySlice<UInt8>

  init(_ message: ArraySlice<UInt8>) { rest = message }

  /// The next field, nil at the end of the message.
  /// - Throws: `Damage` when the message breaks off or has a wire type that is not used.
  mutating func next() throws(Damage) -> (field: Int, value: Value)? {
    if rest.isEmpty { return nil }
    let key = try varint()
    let field = Int(truncatingIfNeeded: key >> 3)
    switch key & 7 {
    case 0: return (field, .number(try varint()))
    case 1:
      _ = try take(8)
      return try next()
    case 2:
      guard let count = Int(exactly: try varint()) else { throw Damage() }
      return (field, .bytes(try take(count)))
    case 5: return (field, .fixed32(try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }))
    default: throw Damage()
    }
  }

  private mutating func varint() throws(Damage) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = rest.popFirst() else { throw Damage() }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw Damage()
  }

  private mutating func take(_ count: Int) throws(Damage) -> ArraySlice<UInt8> {
    guard count <= rest.count else { throw Damage() }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  /// The message cannot be read.
  struct Damage: Error {}
}
