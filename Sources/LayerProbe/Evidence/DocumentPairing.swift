/// Which document of the target belongs to which of a source text.
public struct DocumentPairing: Sendable, Hashable {
  /// What says that two documents belong together.
  public enum Basis: String, Sendable, Hashable, Codable, CaseIterable {
    /// They bear the same id in their files.
    case id
    /// They stand at the same place in their texts, which were declared parallel.
    case order
    /// Nothing: documents are paired by place, only so that each has a partner.
    case none
  }

  /// What the pairs rest on.
  public let basis: Basis
  /// Places in `ProbeText.documents` of the target text, pair by pair.
  public let target: [Int]
  /// Places in `ProbeText.documents` of the source text, as many.
  public let source: [Int]

  /// Pairs of documents.
  public init(basis: Basis, target: [Int], source: [Int]) {
    precondition(target.count == source.count, "\(target.count) documents paired with \(source.count)")
    self.basis = basis
    self.target = target
    self.source = source
  }

  /// Whether partners say the same in two languages.
  public var isParallel: Bool { basis != .none }

  /// Number of pairs.
  public var count: Int { target.count }

  /// Pairs the documents of two texts.
  ///
  /// Documents with ids go by these: equal ids belong together, also when the texts are in different order or one lacks
  /// documents of the other. Otherwise they go by their places if `inOrder` declares them parallel; empty documents keep
  /// their place.
  public init(target: ProbeText, source: ProbeText, inOrder: Bool = false) {
    if let pairs = Self.pairs(target, source, by: \.id), !pairs.isEmpty {
      self.init(basis: .id, pairs)
    } else if inOrder, let pairs = Self.pairs(target, source, by: { $0.index }), !pairs.isEmpty {
      self.init(basis: .order, pairs)
    } else {
      let places = 0..<min(target.documents.count, source.documents.count)
      self.init(basis: .none, target: Array(places), source: Array(places))
    }
  }

  private init(basis: Basis, _ pairs: [(target: Int, source: Int)]) {
    self.init(basis: basis, target: pairs.map(\.target), source: pairs.map(\.source))
  }

  /// nil when a document has no key; of documents with one key the first counts.
  private static func pairs<Key: Hashable>(
    _ target: ProbeText, _ source: ProbeText, by key: (ProbeDocument) -> Key?
  ) -> [(target: Int, source: Int)]? {
    var places: [Key: Int] = [:]
    for (place, document) in source.documents.enumerated() {
      guard let key = key(document) else { return nil }
      if places[key] == nil { places[key] = place }
    }
    var pairs: [(target: Int, source: Int)] = []
    for (place, document) in target.documents.enumerated() {
      guard let key = key(document) else { return nil }
      if let partner = places.removeValue(forKey: key) { pairs.append((place, partner)) }
    }
    return pairs
  }
}
