/// A JSON document to be written; members keep their order.
public indirect enum JSONValue: Sendable {
  /// Members in their order; keys are not checked for repetitions.
  case object([(key: String, value: JSONValue)])
  /// Elements.
  case array([JSONValue])
  /// A text.
  case string(String)
  /// A whole number.
  case integer(Int)
  /// The shortest text that reads back as the same number; null for NaN and infinities, which JSON lacks.
  case number(Double)
  /// The shortest text that reads back as the same single-precision number; null likewise.
  case single(Float)
  /// A truth value.
  case bool(Bool)
  /// Nothing.
  case null

  /// A list of texts.
  public static func strings(_ strings: some Sequence<String>) -> JSONValue { .array(strings.map { .string($0) }) }
  /// A list of integers.
  public static func integers(_ integers: some Sequence<Int>) -> JSONValue { .array(integers.map { .integer($0) }) }
  /// An integer, or null.
  public static func optional(_ integer: Int?) -> JSONValue { integer.map { .integer($0) } ?? .null }
  /// A text, or null.
  public static func optional(_ string: String?) -> JSONValue { string.map { .string($0) } ?? .null }
  /// A number, or null.
  public static func optional(_ number: Double?) -> JSONValue { number.map { .number($0) } ?? .null }

  /// The document, indented by two spaces a level, without a final line break.
  ///
  /// Lists of plain values stay on one line.
  public var text: String {
    var text = ""
    write(to: &text, indentation: 0)
    return text
  }

  private var isPlain: Bool {
    switch self {
    case .object, .array: false
    default: true
    }
  }

  private func write(to text: inout String, indentation: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += value.isFinite ? value.description : "null"
    case .single(let value): text += value.isFinite ? value.description : "null"
    case .string(let value): text += value.jsonSpelling
    case .array(let elements) where elements.allSatisfy(\.isPlain):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += ", " }
        element.write(to: &text, indentation: indentation)
      }
      text += "]"
    case .array(let elements):
      Self.writeLines(to: &text, "[", "]", elements, indentation: indentation) { element, text in
        element.write(to: &text, indentation: indentation + 1)
      }
    case .object(let members) where members.isEmpty: text += "{}"
    case .object(let members):
      Self.writeLines(to: &text, "{", "}", members, indentation: indentation) { member, text in
        text += member.key.jsonSpelling
        text += ": "
        member.value.write(to: &text, indentation: indentation + 1)
      }
    }
  }

  private static func writeLines<Item>(
    to text: inout String, _ opening: String, _ closing: String, _ items: [Item], indentation: Int,
    write: (Item, inout String) -> Void
  ) {
    text += opening
    let margin = "\n" + String(repeating: "  ", count: indentation)
    for (index, item) in items.enumerated() {
      if index > 0 { text += "," }
      text += margin
      text += "  "
      write(item, &text)
    }
    text += margin
    text += closing
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Elements.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// Members, in the order given.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { (key: $0.0, value: $0.1) })
  }
}
