/// A value of a GGUF file's metadata.
///
/// Integers keep their value, not their width: a reader asks for a number in a range, whatever a writer chose to
/// store it in.
public enum GGUFValue: Sendable, Hashable {
  /// An integer of any width and sign that fits 64 signed bits.
  case integer(Int64)
  /// An unsigned 64-bit integer above `Int64.max`.
  case largeInteger(UInt64)
  /// A single-precision number.
  case float(Float)
  /// A double-precision number.
  case double(Double)
  /// A truth value.
  case bool(Bool)
  /// UTF-8 text.
  case string(String)
  /// Values of one type, possibly arrays themselves.
  case array([GGUFValue])

  /// The integer, where the value is one that fits.
  public var int: Int? {
    if case .integer(let value) = self { return Int(exactly: value) }
    return nil
  }

  /// The text, where the value is text.
  public var string: String? {
    if case .string(let value) = self { return value }
    return nil
  }

  /// The truth value, where the value is one.
  public var bool: Bool? {
    if case .bool(let value) = self { return value }
    return nil
  }

  /// The elements, where the value is an array.
  public var array: [GGUFValue]? {
    if case .array(let values) = self { return values }
    return nil
  }

  /// The kind of value, for messages.
  var kind: String {
    switch self {
    case .integer, .largeInteger: "an integer"
    case .float, .double: "a number"
    case .bool: "a truth value"
    case .string: "text"
    case .array(let values): "an array of \(values.count)"
    }
  }
}
