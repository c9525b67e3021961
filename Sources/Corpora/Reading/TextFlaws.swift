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

/// What is wrong with some documents of a text; none of it ends a training run.
public struct TextFlaws: Codable, Sendable, Hashable {
  /// Documents with bytes that are no UTF-8, passed over.
  public internal(set) var invalidUTF8 = Finding()
  /// Lines beyond the limit, passed over.
  public internal(set) var tooLong = Finding()
  /// Documents without a token, passed over.
  public internal(set) var empty = Finding()
  /// Documents whose tokens are those of one of the `RecentHashes.window` documents before; they are trained on.
  public internal(set) var duplicated = Finding()

  enum CodingKeys: String, CodingKey {
    case empty, duplicated
    case invalidUTF8 = "invalid_utf8"
    case tooLong = "too_long"
  }

  /// None.
  public init() {}

  /// Each kind in words with its finding, in the order of severity; kinds that were not found are left out.
  public var found: [(description: String, finding: Finding)] {
    [
      ("documents that are not UTF-8, passed over", invalidUTF8), ("lines that are too long, passed over", tooLong),
      ("documents without text, passed over", empty), ("documents that were there before", duplicated),
    ].filter { $0.1.count > 0 }
  }
}
