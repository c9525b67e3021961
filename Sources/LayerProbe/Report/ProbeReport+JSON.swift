import Foundation
import JSONText

extension ProbeReport {
  /// The file's bytes: keys in alphabetical order, lists of numbers on one line.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let compact = try JSONText(Array(encoder.encode(self)))
    return Data((JSONValue(compact.root).text + "\n").utf8)
  }

  /// Reads a report.
  public init(json: Data) throws {
    self = try JSONDecoder().decode(ProbeReport.self, from: json)
  }
}

extension JSONValue {
  /// A value that was read.
  fileprivate init(_ node: JSONNode) {
    switch node.kind {
    case .object(let members): self = .object(members.map { ($0.key, JSONValue($0.value)) })
    case .array(let elements): self = .array(elements.map(JSONValue.init))
    case .string(let text): self = .string(text)
    case .number(let text): self = node.int.map { .integer($0) } ?? .number(Double(text) ?? .nan)
    case .bool(let value): self = .bool(value)
    case .null: self = .null
    }
  }
}
