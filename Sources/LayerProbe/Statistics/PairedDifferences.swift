/// Target minus source, pair of documents by pair of documents.
///
/// Documents of one content differ between languages by language alone, so that their differences vary less than two sets
/// of documents would, and a sign flip of a pair is what chance could do.
public struct PairedDifferences: Sendable, Hashable {
  /// `D_il = target_il - source_il`, `[pairs][places]`.
  public let values: [[Double]]
  /// The same of each document's profile, `x_il / Σ_k |x_ik|`: what share of the document's scores lies in each layer.
  ///
  /// A language whose scores are all higher differs everywhere in the first and nowhere in the second.
  public let ofShares: [[Double]]

  /// Differences of the pairs whose documents were both scored.
  /// - Parameters:
  ///   - target: `[documents][places]`, the first documents of the target text.
  ///   - source: `[documents][places]`, the first documents of the source text.
  public init(target: [[Double]], source: [[Double]], pairing: DocumentPairing) {
    let pairs = zip(pairing.target, pairing.source).filter { $0 < target.count && $1 < source.count }
    values = pairs.map { first, second in zip(target[first], source[second]).map { $0 - $1 } }
    ofShares = pairs.map { first, second in
      zip(Self.shares(target[first]), Self.shares(source[second])).map { $0 - $1 }
    }
  }

  private static func shares(_ profile: [Double]) -> [Double] {
    let total = profile.reduce(0) { $0 + abs($1) }
    return profile.map { total > 0 ? $0 / total : 0 }
  }
}
