/// A JSON document that remembers its own spelling.
///
/// Foundation's decoder forgets what surgery must keep: key order, how a number was written, white space, duplicate
/// keys. Every node here carries the range of bytes it came from, so a value can be replaced in the text and
/// everything else stays byte for byte as it was.
///
/// Grammar: RFC 8259, strictly (no comments, no trailing commas, no byte-order mark), UTF-8 only. Duplicate keys
/// parse; `JSONNode.duplicateKey` finds them for formats that forbid them.
public struct JSONText: Sendable {
  /// The document, exactly as it was read.
  public let bytes: [UInt8]
  /// The value that the document holds.
  public let root: JSONNode

  /// Parses a whole document.
  /// - Throws: `JSONError` naming the byte offset.
  public init(_ bytes: [UInt8]) throws(JSONError) {
    self.bytes = bytes
    var parser = JSONParser(bytes: bytes)
    self.root = try parser.parseDocument()
  }

  /// Parses a whole document given as text.
  /// - Throws: `JSONError` naming the byte offset.
  public init(_ text: String) throws(JSONError) {
    try self.init(Array(text.utf8))
  }

  /// The spelling of a node, as it stands in the document.
  public func spelling(of node: JSONNode) -> String {
    String(decoding: bytes[node.range], as: UTF8.self)
  }
}

/// One value of a JSON document.
public struct JSONNode: Sendable {
  /// A member of an object: its key, the bytes of the key with its quotes, and its value.
  public struct Member: Sendable {
    /// The key with escapes resolved.
    public let key: String
    /// Where the key stands, quotes included.
    public let keyRange: Range<Int>
    /// The member's value.
    public let value: JSONNode
  }

  /// What kind of value this is.
  public enum Kind: Sendable {
    /// Members in the order of the text, duplicates included.
    case object([Member])
    /// Elements in order.
    case array([JSONNode])
    /// Text with escapes resolved; a lone surrogate becomes U+FFFD, as in most readers.
    case string(String)
    /// A number as it was written, such as `1e-05`.
    case number(String)
    /// `true` or `false`.
    case bool(Bool)
    /// `null`.
    case null
  }

  /// The value.
  public let kind: Kind
  /// The bytes of the document that spell this value.
  public let range: Range<Int>

  /// The value of a key: the last one where a key stands twice, as most readers have it.
  public subscript(key: String) -> JSONNode? {
    guard case .object(let members) = kind else { return nil }
    return members.last { $0.key == key }?.value
  }

  /// The members of an object, nil for anything else.
  public var members: [Member]? {
    if case .object(let members) = kind { members } else { nil }
  }

  /// The elements of an array, nil for anything else.
  public var elements: [JSONNode]? {
    if case .array(let elements) = kind { elements } else { nil }
  }

  /// The text of a string, nil for anything else.
  public var string: String? {
    if case .string(let string) = kind { string } else { nil }
  }

  /// The value of `true` or `false`, nil for anything else.
  public var bool: Bool? {
    if case .bool(let bool) = kind { bool } else { nil }
  }

  /// The value of a number written without fraction or exponent that fits, nil for anything else.
  public var int: Int? {
    if case .number(let text) = kind { Int(text) } else { nil }
  }

  /// The value of a number, nil for anything else.
  public var double: Double? {
    if case .number(let text) = kind { Double(text) } else { nil }
  }

  /// Whether this is `null`.
  public var isNull: Bool {
    if case .null = kind { true } else { false }
  }

  /// The first key that stands twice in this object, nil when there is none or this is no object.
  public var duplicateKey: String? {
    guard let members else { return nil }
    var seen = Set<String>(minimumCapacity: members.count)
    return members.first { !seen.insert($0.key).inserted }?.key
  }
}

/// Why a text is no JSON document.
public struct JSONError: Error, Equatable, CustomStringConvertible {
  /// What was wrong, such as "a string is not closed".
  public let problem: String
  /// Where, in bytes from the start.
  public let offset: Int

  /// The problem and its place, in words.
  public var description: String { "\(problem) at byte \(offset)" }
}
