/// How often something was found in a text, and where first.
public struct Finding: Codable, Sendable, Hashable {
  /// How often.
  public private(set) var count = 0
  /// The first few places: file, line and, where it helps, byte.
  public private(set) var places: [String] = []

  /// Nothing found.
  public init() {}

  mutating func note(_ place: @autoclosure () -> String) {
    count += 1
    if places.count < 3 { places.append(place()) }
  }
}

/// What a reader does with a document that cannot be read: bytes that are no UTF-8, a line beyond the limit.
public enum FlawHandling: Sendable, Hashable {
  /// Throws, naming file, line and byte.
  case refuse
  /// Passes over it and counts it.
  case skip
}

/// The documents that a reader passed over.
public struct TextFlaws: Codable, Sendable, Hashable {
  /// Documents with bytes that are no UTF-8.
  public internal(set) var invalidUTF8 = Finding()
  /// Lines beyond the limit.
  public internal(set) var tooLong = Finding()

  enum CodingKeys: String, CodingKey {
    case invalidUTF8 = "invalid_utf8"
    case tooLong = "too_long"
  }

  /// None.
  public init() {}
}
