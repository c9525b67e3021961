/// A JSON document to be written: members keep their order, and the text is indented by two spaces a level.
///
/// An array stands on one line unless it holds an array or object with members, so that merges and lists of ids stay
/// readable.
enum JSONOutput {
  case null
  case bool(Bool)
  case integer(Int)
  /// The shortest text that reads back as the same single-precision number.
  case float(Float)
  case string(String)
  case array([JSONOutput])
  case object([(key: String, value: JSONOutput)])

  static func strings(_ values: [String]) -> JSONOutput { .array(values.map { .string($0) }) }

  static func optional(_ value: Int?) -> JSONOutput { value.map { .integer($0) } ?? .null }

  /// The document with a final line break.
  var text: String {
    var text = ""
    write(to: &text, indentation: 0)
    return text + "\n"
  }

  private func write(to text: inout String, indentation: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .float(let value): text += value.description
    case .string(let value): text += value.jsonSpelling
    case .array(let elements) where elements.allSatisfy(\.isScalar):
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

  private var isScalar: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }
}
