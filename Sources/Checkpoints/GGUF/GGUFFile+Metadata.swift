/// Metadata asked for by key and kind; a wrong kind is the file's error and names the key.
extension GGUFFile {
  func text(_ key: String) throws(GGUFError) -> String? {
    guard let value = metadata[key] else { return nil }
    guard let text = value.string else { throw unusable(key, value, "text") }
    return text
  }

  func flag(_ key: String) throws(GGUFError) -> Bool? {
    guard let value = metadata[key] else { return nil }
    guard let flag = value.bool else { throw unusable(key, value, "a truth value") }
    return flag
  }

  /// A number of things: an integer from 0 to 2^31.
  func count(_ key: String) throws(GGUFError) -> Int? {
    guard let value = metadata[key] else { return nil }
    guard let count = value.int, (0...Int(Int32.max)).contains(count) else {
      throw unusable(key, value, "a number from 0 to \(Int32.max)")
    }
    return count
  }

  /// A number of things that must be there and not be 0.
  func positiveCount(_ key: String) throws(GGUFError) -> Int {
    guard let count = try count(key) else { throw .missingKey(file: name, key: key) }
    guard count > 0 else {
      throw .unusableValue(file: name, key: key, found: "0", expected: "a positive number")
    }
    return count
  }

  /// A finite number above 0.
  func positiveNumber(_ key: String) throws(GGUFError) -> Float? {
    guard let value = metadata[key] else { return nil }
    let number: Float? =
      switch value {
      case .float(let number): number
      case .double(let number): Float(number)
      case .integer(let number): Float(number)
      default: nil
      }
    guard let number, number.isFinite, number > 0 else { throw unusable(key, value, "a positive number") }
    return number
  }

  func texts(_ key: String) throws(GGUFError) -> [String]? {
    guard let value = metadata[key] else { return nil }
    guard let values = value.array else { throw unusable(key, value, "an array of text") }
    var texts: [String] = []
    texts.reserveCapacity(values.count)
    for value in values {
      guard let text = value.string else { throw unusable(key, value, "an array of text") }
      texts.append(text)
    }
    return texts
  }

  func required<Value>(_ value: Value?, _ key: String) throws(GGUFError) -> Value {
    guard let value else { throw .missingKey(file: name, key: key) }
    return value
  }

  func unusable(_ key: String, _ value: GGUFValue, _ expected: String) -> GGUFError {
    let found: String =
      switch value {
      case .integer(let number): String(number)
      case .largeInteger(let number): String(number)
      case .float(let number): number.description
      case .double(let number): number.description
      case .bool(let flag): String(flag)
      case .string(let text): "\"\(text.prefix(60))\""
      case .array: value.kind
      }
    return .unusableValue(file: name, key: key, found: found, expected: expected)
  }
}
