import Checkpoints
import JSONText

/// Typed access to config.json's keys under all the names they go by; `null` counts as absent, as in `transformers`.
struct ConfigKeys {
  let config: ConfigText
  /// The object that describes the decoder.
  let object: JSONNode
  /// Other names of a key.
  let spellings: [String: [String]]
  /// What `transformers` takes where a key is absent.
  let defaults: [String: ConfigDefault]

  /// The value of a key under the first of its names that is there.
  subscript(key: String) -> JSONNode? {
    for name in [key] + (spellings[key] ?? []) {
      if let node = object[name], !node.isNull { return node }
    }
    return nil
  }

  /// Whether a key stands there, `null` included.
  func isSpelled(_ key: String) -> Bool { object[key] != nil }

  func spelling(of node: JSONNode) -> String { config.spelling(of: node) }

  func positive(_ key: String, default fallback: Int? = nil) throws(DecoderError) -> Int {
    guard let node = self[key] else {
      if case .integer(let value)? = defaults[key] { return value }
      if let fallback { return fallback }
      throw .missingKey(key)
    }
    guard let value = node.int, value > 0, value <= Int32.max else {
      throw .badValue(key: key, value: spelling(of: node), expected: "a positive whole number")
    }
    return value
  }

  func number(_ key: String, default fallback: Double? = nil) throws(DecoderError) -> Double {
    guard let node = self[key] else {
      if let value = self.fallback(key) ?? fallback { return value }
      throw .missingKey(key)
    }
    guard let value = node.double, value >= 0 else {
      throw .badValue(key: key, value: spelling(of: node), expected: "a number, 0 or more")
    }
    return value
  }

  /// The number that the family takes where a key is absent.
  func fallback(_ key: String) -> Double? {
    switch defaults[key] {
    case .number(let value)?: value
    case .integer(let value)?: Double(value)
    default: nil
    }
  }

  /// A number that switches something on; nil when it is `null`, or absent without a default.
  func optionalNumber(_ key: String) throws(DecoderError) -> Double? {
    if isSpelled(key) && self[key] == nil { return nil }
    if self[key] == nil && defaults[key] == nil { return nil }
    return try number(key)
  }

  func boolean(_ key: String) throws(DecoderError) -> Bool {
    guard let node = self[key] else {
      if case .boolean(let value)? = defaults[key] { return value }
      return false
    }
    guard let value = node.bool else {
      throw .badValue(key: key, value: spelling(of: node), expected: "true or false")
    }
    return value
  }

  func string(_ key: String) -> String? {
    if let node = self[key] { return node.string ?? spelling(of: node) }
    if case .string(let value)? = defaults[key] { return value }
    return nil
  }

  /// Refuses a switch that this decoder does not compute.
  func refuse(_ key: String, reason: String) throws(DecoderError) {
    guard try boolean(key) else { return }
    throw .badValue(key: key, value: "true", expected: "false (\(reason))")
  }

  /// An item for each layer, nil where the key is absent.
  func perLayer(_ key: String, count: Int) throws(DecoderError) -> [JSONNode]? {
    guard let node = self[key], node.elements?.isEmpty != true else { return nil }
    guard let elements = node.elements, elements.count >= count else {
      throw .badValue(key: key, value: spelling(of: node), expected: "a list of \(count) items")
    }
    return Array(elements.prefix(count))
  }
}

/// What a key of config.json is taken to be where it is absent.
enum ConfigDefault: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByStringLiteral
{
  case integer(Int)
  case number(Double)
  case boolean(Bool)
  case string(String)

  init(integerLiteral value: Int) { self = .integer(value) }
  init(floatLiteral value: Double) { self = .number(value) }
  init(booleanLiteral value: Bool) { self = .boolean(value) }
  init(stringLiteral value: String) { self = .string(value) }
}
