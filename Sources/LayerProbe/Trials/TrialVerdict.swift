/// Whether any set of layers came out of the trials better than first and last.
public struct TrialVerdict: Codable, Sendable, Hashable {
  /// A set of the last round against the reference.
  public struct Comparison: Codable, Sendable, Hashable {
    /// Its layers.
    public var layers: [Int]
    /// The target's bits per byte less the reference's, mean over held-out documents: below 0 it is better.
    public var difference: Double
    /// Lower and upper end of the difference, over documents.
    public var interval: [Double]
    /// The chance of such a difference of any set if none differed (sign flips of documents, max-T).
    public var pValue: Double

    enum CodingKeys: String, CodingKey {
      case layers, difference, interval
      case pValue = "p"
    }
  }

  /// The other sets of the last round, the best first.
  public var comparisons: [Comparison]

  /// Compares the finalists on the target's held-out documents.
  /// - Throws: `ProbeError.statistics`.
  public init(_ results: TrialResults, _ bootstrap: Bootstrap) throws(ProbeError) {
    let others = results.finalists.dropFirst()
    guard let reference = results.reference.rounds.last, !others.isEmpty else {
      comparisons = []
      return
    }
    let differences = reference.aligned.target.indices.map { document in
      others.map { $0.rounds.last!.aligned.target[document] - reference.aligned.target[document] }
    }
    let p = try SignFlipTest(seed: bootstrap.seed).adjustedPValues(differences)
    let intervals = try bootstrap.intervals(of: differences)
    comparisons = others.enumerated().map { place, candidate in
      Comparison(
        layers: candidate.layers,
        difference: differences.reduce(0) { $0 + $1[place] } / Double(differences.count),
        interval: [intervals[place].lowerBound, intervals[place].upperBound], pValue: p[place])
    }.sorted { $0.difference < $1.difference }
  }

  /// The best set, where it is better than first and last beyond what chance gives at this level.
  public func winner(level: Double) -> Comparison? {
    comparisons.first.flatMap { $0.difference < 0 && $0.pValue <= level ? $0 : nil }
  }
}
