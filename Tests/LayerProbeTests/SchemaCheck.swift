import Foundation

/// The part of JSON Schema (draft 2020-12) that the published schemas use, as a check of a value.
struct SchemaCheck {
  private let root: [String: Any]

  init(_ file: URL) throws {
    root = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] ?? [:]
  }

  /// What is wrong with a document, a line each with the place.
  func problems(of document: Data) throws -> [String] {
    problems(of: try JSONSerialization.jsonObject(with: document), by: root, at: "")
  }

  private func problems(of value: Any, by schema: [String: Any], at place: String) -> [String] {
    var found: [String] = []
    func require(_ holds: Bool, _ problem: @autoclosure () -> String) {
      if !holds { found.append("\(place): \(problem())") }
    }
    for key in schema.keys { require(Self.known.contains(key), "the schema uses \(key), which is not checked here") }
    if let reference = schema["$ref"] as? String {
      let name = String(reference.dropFirst("#/$defs/".count))
      let definition = (root["$defs"] as? [String: Any])?[name] as? [String: Any]
      require(definition != nil, "no definition \(reference)")
      found += problems(of: value, by: definition ?? [:], at: place)
    }
    if let types = (schema["type"] as? [String]) ?? (schema["type"] as? String).map({ [$0] }) {
      require(types.contains { Self.matches(value, $0) }, "not \(types)")
    }
    if let constant = schema["const"] as? NSNumber { require(value as? NSNumber == constant, "not \(constant)") }
    if let words = schema["enum"] as? [String] {
      require(words.contains(value as? String ?? ""), "not one of \(words)")
    }
    if let number = value as? NSNumber, !Self.isBoolean(value) {
      if let least = schema["minimum"] as? NSNumber {
        require(number.doubleValue >= least.doubleValue, "below \(least)")
      }
      if let most = schema["maximum"] as? NSNumber { require(number.doubleValue <= most.doubleValue, "above \(most)") }
    }
    if let alternatives = schema["anyOf"] as? [[String: Any]] {
      require(alternatives.contains { problems(of: value, by: $0, at: place).isEmpty }, "none of the alternatives")
    }
    if let elements = value as? [Any] {
      if let least = schema["minItems"] as? Int { require(elements.count >= least, "fewer than \(least)") }
      if let most = schema["maxItems"] as? Int { require(elements.count <= most, "more than \(most)") }
      if let each = schema["items"] as? [String: Any] {
        for (index, element) in elements.enumerated() {
          found += problems(of: element, by: each, at: "\(place)/\(index)")
        }
      }
    }
    if let members = value as? [String: Any] {
      let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
      for key in schema["required"] as? [String] ?? [] { require(members[key] != nil, "no \(key)") }
      for (key, member) in members {
        if let schema = properties[key] {
          found += problems(of: member, by: schema, at: "\(place)/\(key)")
        } else if let others = schema["additionalProperties"] as? [String: Any] {
          found += problems(of: member, by: others, at: "\(place)/\(key)")
        } else if schema["additionalProperties"] != nil {
          require(false, "\(key) is not in the schema")
        }
      }
    }
    return found
  }

  private static let known: Set<String> = [
    "$schema", "$defs", "$ref", "title", "description", "type", "const", "enum", "minimum", "maximum", "anyOf", "items",
    "minItems", "maxItems", "properties", "required", "additionalProperties",
  ]

  private static func isBoolean(_ value: Any) -> Bool { value is Bool && "\(type(of: value))".contains("Bool") }

  private static func matches(_ value: Any, _ type: String) -> Bool {
    switch type {
    case "object": value is [String: Any]
    case "array": value is [Any]
    case "string": value is String
    case "null": value is NSNull
    case "boolean": (value as? NSNumber).map { $0 == 0 || $0 == 1 } ?? false
    case "number": value is NSNumber
    case "integer": (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } ?? false
    default: false
    }
  }
}
