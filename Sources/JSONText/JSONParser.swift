/// A recursive-descent parser for RFC 8259 over UTF-8 bytes.
struct JSONParser {
  let bytes: [UInt8]
  var position = 0

  /// Deeper nesting than any real file has; the bound keeps hostile input from overflowing the stack.
  static let maximumDepth = 256

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func parseDocument() throws(JSONError) -> JSONNode {
    skipWhiteSpace()
    let root = try parseValue(depth: 0)
    skipWhiteSpace()
    guard position == bytes.count else { throw failure("unexpected text after the document") }
    return root
  }

  private func failure(_ problem: String) -> JSONError { JSONError(problem: problem, offset: position) }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipWhiteSpace() {
    while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
  }

  private mutating func parseValue(depth: Int) throws(JSONError) -> JSONNode {
    guard depth < Self.maximumDepth else { throw failure("nested too deeply") }
    let start = position
    let kind: JSONNode.Kind
    switch current {
    case UInt8(ascii: "{"): kind = try parseObject(depth: depth)
    case UInt8(ascii: "["): kind = try parseArray(depth: depth)
    case UInt8(ascii: "\""): kind = .string(try parseString())
    case UInt8(ascii: "t"): kind = try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): kind = try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): kind = try parseWord("null", .null)
    case .some: kind = .number(try parseNumber())
    case nil: throw failure("the text ends where a value should stand")
    }
    return JSONNode(kind: kind, range: start..<position)
  }

  private mutating func parseWord(_ word: String, _ kind: JSONNode.Kind) throws(JSONError) -> JSONNode.Kind {
    guard bytes[position...].starts(with: word.utf8) else { throw failure("unknown word") }
    position += word.utf8.count
    return kind
  }

  private mutating func parseObject(depth: Int) throws(JSONError) -> JSONNode.Kind {
    position += 1
    var members: [JSONNode.Member] = []
    skipWhiteSpace()
    if current == UInt8(ascii: "}") {
      position += 1
      return .object(members)
    }
    while true {
      skipWhiteSpace()
      guard current == UInt8(ascii: "\"") else { throw failure("a key was expected") }
      let keyStart = position
      let key = try parseString()
      let keyRange = keyStart..<position
      skipWhiteSpace()
      guard current == UInt8(ascii: ":") else { throw failure("a colon was expected") }
      position += 1
      skipWhiteSpace()
      members.append(.init(key: key, keyRange: keyRange, value: try parseValue(depth: depth + 1)))
      if try !continuesList(closing: UInt8(ascii: "}")) { return .object(members) }
    }
  }

  private mutating func parseArray(depth: Int) throws(JSONError) -> JSONNode.Kind {
    position += 1
    var elements: [JSONNode] = []
    skipWhiteSpace()
    if current == UInt8(ascii: "]") {
      position += 1
      return .array(elements)
    }
    while true {
      skipWhiteSpace()
      elements.append(try parseValue(depth: depth + 1))
      if try !continuesList(closing: UInt8(ascii: "]")) { return .array(elements) }
    }
  }

  private mutating func continuesList(closing: UInt8) throws(JSONError) -> Bool {
    skipWhiteSpace()
    switch current {
    case UInt8(ascii: ","):
      position += 1
      return true
    case closing:
      position += 1
      return false
    default: throw failure("a comma or a closing bracket was expected")
    }
  }

  private mutating func parseNumber() throws(JSONError) -> String {
    let start = position
    func digits(_ parser: inout JSONParser) -> Int {
      let first = parser.position
      while let byte = parser.current, byte >= 0x30, byte <= 0x39 { parser.position += 1 }
      return parser.position - first
    }
    if current == UInt8(ascii: "-") { position += 1 }
    let leadingZero = current == UInt8(ascii: "0")
    let integerDigits = digits(&self)
    guard integerDigits > 0, !leadingZero || integerDigits == 1 else {
      position = start
      throw failure("this is no value")
    }
    if current == UInt8(ascii: ".") {
      position += 1
      guard digits(&self) > 0 else { throw failure("a digit was expected") }
    }
    if let byte = current, byte | 0x20 == UInt8(ascii: "e") {
      position += 1
      if let sign = current, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
      guard digits(&self) > 0 else { throw failure("a digit was expected") }
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func parseString() throws(JSONError) -> String {
    position += 1
    let start = position
    // Most strings hold no escape: find the end first, decode in one go.
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        let text = try decodeUTF8(bytes[start..<position])
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try parseEscapedString(from: start) }
      guard byte >= 0x20 else { throw failure("a control character stands in a string") }
      position += 1
    }
    throw failure("a string is not closed")
  }

  private mutating func parseEscapedString(from start: Int) throws(JSONError) -> String {
    var text = Array(bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        let string = try decodeUTF8(text[...])
        position += 1
        return string
      case UInt8(ascii: "\\"):
        position += 1
        text.append(contentsOf: String(try parseEscape()).utf8)
      case 0..<0x20: throw failure("a control character stands in a string")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw failure("a string is not closed")
  }

  private mutating func parseEscape() throws(JSONError) -> Unicode.Scalar {
    guard let letter = current else { throw failure("an escape is not finished") }
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try parseUnicodeEscape()
    default: throw failure("unknown escape")
    }
  }

  private mutating func parseUnicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let high = try parseHexQuad()
    guard (0xD800..<0xDC00).contains(high), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    else { return Unicode.Scalar(high) ?? "\u{FFFD}" }
    let afterHigh = position
    position += 2
    let low = try parseHexQuad()
    guard (0xDC00..<0xE000).contains(low) else {
      position = afterHigh
      return "\u{FFFD}"
    }
    return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
  }

  private mutating func parseHexQuad() throws(JSONError) -> UInt32 {
    guard position + 4 <= bytes.count,
      bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw failure("four hexadecimal digits were expected") }
    position += 4
    return value
  }

  private func decodeUTF8(_ slice: ArraySlice<UInt8>) throws(JSONError) -> String {
    guard let text = String(validating: slice, as: UTF8.self) else { throw failure("a string is not valid UTF-8") }
    return text
  }
}
