import JSONText

/// A node of tokenizer.json with its path, which errors name.
struct Component {
  let node: JSONNode
  let path: String

  /// What the component is, by its field `type`.
  var type: String { get throws(TokenizerError) { try string("type") } }

  func child(_ key: String) -> Component? {
    guard let child = node[key], !child.isNull else { return nil }
    return Component(node: child, path: "\(path).\(key)")
  }

  func string(_ key: String) throws(TokenizerError) -> String {
    guard let value = node[key]?.string else { throw malformed(key, "a string") }
    return value
  }

  func optionalString(_ key: String) throws(TokenizerError) -> String? {
    guard child(key) != nil else { return nil }
    return try string(key)
  }

  func bool(_ key: String) throws(TokenizerError) -> Bool {
    guard let value = node[key]?.bool else { throw malformed(key, "true or false") }
    return value
  }

  func bool(_ key: String, default standard: Bool) throws(TokenizerError) -> Bool {
    child(key) == nil ? standard : try bool(key)
  }

  func count(_ key: String) throws(TokenizerError) -> Int {
    guard let value = node[key]?.int, value >= 0 else { throw malformed(key, "a count") }
    return value
  }

  func elements(_ key: String) throws(TokenizerError) -> [Component] {
    guard let elements = node[key]?.elements else { throw malformed(key, "an array") }
    return elements.enumerated().map { Component(node: $1, path: "\(path).\(key)[\($0)]") }
  }

  func scalar(_ key: String) throws(TokenizerError) -> Unicode.Scalar {
    let text = try string(key).unicodeScalars
    guard let scalar = text.first, text.count == 1 else { throw malformed(key, "one character") }
    return scalar
  }

  /// The field `pattern`: `{"String": …}` or `{"Regex": …}`.
  func pattern() throws(TokenizerError) -> RegexProgram {
    guard let pattern = child("pattern") else { throw malformed("pattern", "a String or a Regex") }
    if let regex = pattern.node["Regex"]?.string { return try RegexProgram(regex) }
    guard let text = pattern.node["String"]?.string else { throw malformed("pattern", "a String or a Regex") }
    return try RegexProgram(.sequence(text.unicodeScalars.map { .scalar(ScalarSet($0)) }), pattern: text)
  }

  func malformed(_ key: String, _ expected: String) -> TokenizerError {
    .malformed(field: "\(path).\(key)", expected: expected)
  }

  func unsupportedType(_ type: String) -> TokenizerError { .unsupported(field: "\(path).type", value: type) }
}
