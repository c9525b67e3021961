import Checkpoints

/// A JSON document to be written; members keep their order.
package indirect enum JSONValue: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  case object([(key: String, value: JSONValue)])
  case array([JSONValue])
  case string(String)
  case integer(Int)
  case number(Double)
  case bool(Bool)
  case null

  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { (key: $0.0, value: $0.1) })
  }

  /// A list of texts.
  package static func strings(_ strings: some Sequence<String>) -> JSONValue { .array(strings.map { .string($0) }) }
  /// A list of integers.
  package static func integers(_ integers: some Sequence<Int>) -> JSONValue { .array(integers.map { .integer($0) }) }

  /// The document, two spaces a level.
  ///
  /// Lists of plain values stay on one line; numbers have all their digits.
  package var text: String { spelling(indentation: "") }

  private var isPlain: Bool {
    switch self {
    case .object, .array: false
    default: true
    }
  }

  private func spelling(indentation: String) -> String {
    let deeper = indentation + "  "
    switch self {
    case .object(let members):
      if members.isEmpty { return "{}" }
      let lines = members.map { "\(deeper)\($0.key.jsonSpelling): \($0.value.spelling(indentation: deeper))" }
      return "{\n\(lines.joined(separator: ",\n"))\n\(indentation)}"
    case .array(let elements):
      if elements.allSatisfy(\.isPlain) {
        return "[\(elements.map { $0.spelling(indentation: "") }.joined(separator: ", "))]"
      }
      let lines = elements.map { deeper + $0.spelling(indentation: deeper) }
      return "[\n\(lines.joined(separator: ",\n"))\n\(indentation)]"
    case .string(let string): return string.jsonSpelling
    case .integer(let integer): return String(integer)
    case .number(let number): return number.isFinite ? "\(number)" : "null"
    case .bool(let bool): return bool ? "true" : "false"
    case .null: return "null"
    }
  }
}
