import Foundation

// How Python writes values, and its string functions; by code points throughout.

extension TemplateValue {
  /// `str(value)`; nothing for what is undefined, as Jinja prints it.
  var text: String {
    switch self {
    case .undefined: ""
    case .string(let text): text
    default: representation
    }
  }

  /// `repr(value)`.
  var representation: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "None"
    case .boolean(let value): value ? "True" : "False"
    case .integer(let value): String(value)
    case .number(let value): Self.python(value)
    case .string(let text): Self.quoted(text)
    case .list(let items): "[" + items.map(\.representation).joined(separator: ", ") + "]"
    case .object(let members):
      "{" + members.map { "\(Self.quoted($0.key)): \($0.value.representation)" }.joined(separator: ", ") + "}"
    case .namespace: "<Namespace>"
    case .macro(let macro): "<Macro '\(macro.name)'>"
    case .function(let name), .method(_, let name): "<function \(name)>"
    }
  }

  private static func python(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    // Swift writes the shortest digits too, but leaves positional notation elsewhere.
    let text = "\(value)"
    guard let exponent = text.firstIndex(of: "e") else { return text }
    let power = Int(text[text.index(after: exponent)...])!
    var mantissa = String(text[..<exponent])
    if mantissa.hasSuffix(".0") { mantissa.removeLast(2) }
    if power >= 16 || power < -4 {
      return mantissa + "e" + (power < 0 ? "-" : "+") + (abs(power) < 10 ? "0" : "") + String(abs(power))
    }
    return String(format: power < 0 ? "%.\(mantissa.count - 1 - power)g" : "%.1f", value)
  }

  private static func quoted(_ text: String) -> String {
    let quote = text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
    var result = quote
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\\": result += "\\\\"
      case "'" where quote == "'": result += "\\'"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f: result += "\\x" + hexadecimal(scalar.value, digits: 2)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + quote
  }

  /// `json.dumps` as `transformers` calls it: texts as they are, `", "` and `": "` between.
  /// - Parameter indent: spaces of each level, nil for one line.
  func json(indent: Int?, level: Int = 0) throws(ValueProblem) -> String {
    func block(_ open: String, _ items: [String], _ close: String) -> String {
      guard !items.isEmpty else { return open + close }
      guard let indent else { return open + items.joined(separator: ", ") + close }
      let inner = "\n" + String(repeating: " ", count: indent * (level + 1))
      return open + inner + items.joined(separator: "," + inner) + "\n" + String(repeating: " ", count: indent * level)
        + close
    }
    switch self {
    case .none: return "null"
    case .boolean(let value): return value ? "true" : "false"
    case .integer, .number: return text
    case .string(let text): return Self.jsonText(text)
    case .list(let values):
      var items: [String] = []
      for value in values { items.append(try value.json(indent: indent, level: level + 1)) }
      return block("[", items, "]")
    case .object(let members):
      var items: [String] = []
      for member in members {
        items.append(Self.jsonText(member.key) + ": " + (try member.value.json(indent: indent, level: level + 1)))
      }
      return block("{", items, "}")
    default: throw ValueProblem("\(kind) cannot be written as JSON")
    }
  }

  private static func jsonText(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{c}": result += "\\f"
      case _ where scalar.value < 0x20: result += "\\u" + hexadecimal(scalar.value, digits: 4)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: digits - text.count) + text
  }
}

/// What is wrong with a value, before it is known on which line.
struct ValueProblem: Error {
  let text: String
  init(_ text: String) { self.text = text }
}

/// A text as its code points, with the functions that Python's `str` has.
struct CodePoints {
  var scalars: [Unicode.Scalar]

  init(_ text: String) { scalars = Array(text.unicodeScalars) }
  init(_ scalars: some Sequence<Unicode.Scalar>) { self.scalars = Array(scalars) }

  var text: String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  /// Without the characters of a set at its ends; without white space when there is none.
  func stripped(of characters: String?, left: Bool = true, right: Bool = true) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    func goes(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? Self.isSpace(scalar) }
    var part = scalars[...]
    if left { part = part.drop(while: goes) }
    if right { while let last = part.last, goes(last) { part.removeLast() } }
    return CodePoints(part).text
  }

  /// What Python's `str.isspace` takes for white space.
  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1c...0x1f).contains(scalar.value)
  }

  /// The first place of a text, from a place on.
  func firstIndex(of other: CodePoints, from start: Int = 0) -> Int? {
    let count = other.scalars.count
    guard count <= scalars.count, start <= scalars.count - count else { return nil }
    return (start...(scalars.count - count)).first { scalars[$0..<$0 + count].elementsEqual(other.scalars) }
  }

  func starts(with other: CodePoints) -> Bool { scalars.starts(with: other.scalars) }
  func ends(with other: CodePoints) -> Bool { scalars.reversed().starts(with: other.scalars.reversed()) }

  /// Parts between a text, at most `limit` times; an empty one never occurs.
  func split(by separator: CodePoints, limit: Int = .max) -> [String] {
    var parts: [String] = []
    var start = 0
    while parts.count < limit, let place = firstIndex(of: separator, from: start) {
      parts.append(CodePoints(scalars[start..<place]).text)
      start = place + separator.scalars.count
    }
    return parts + [CodePoints(scalars[start...]).text]
  }

  /// Words between white space.
  func words() -> [String] { scalars.split(whereSeparator: Self.isSpace).map { CodePoints($0).text } }

  /// With a text in the place of another, at most `limit` times; between all characters where the other is empty.
  func replacing(_ old: CodePoints, with new: String, limit: Int = .max) -> String {
    guard !old.scalars.isEmpty else {
      let pieces = [""] + scalars.map { String($0) } + [""]
      return pieces.dropFirst().dropLast().reduce(new) { $0 + $1 + new }
    }
    return split(by: old, limit: limit).joined(separator: new)
  }

  /// Each word's first letter large, the rest small.
  func titled() -> String {
    var isInside = false
    return scalars.reduce(into: "") { result, scalar in
      result += isInside ? String(scalar).lowercased() : String(scalar).uppercased()
      isInside = scalar.properties.isAlphabetic
    }
  }

  func capitalized() -> String {
    (scalars.first.map { String($0).uppercased() } ?? "") + CodePoints(scalars.dropFirst()).text.lowercased()
  }
}
