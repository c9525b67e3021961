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

  /// What a set gained by the end of its first round, which all sets have at equal budgets: the base's bits per byte less the
  /// aligned model's.
  public struct Gain: Codable, Sendable, Hashable {
    /// Its layers.
    public var layers: [Int]
    /// On the target, mean over held-out documents.
    public var target: Double
    /// Lower and upper end, over documents.
    public var targetInterval: [Double]
    /// On the source.
    public var source: Double
    /// Lower and upper end, over documents.
    public var sourceInterval: [Double]

    enum CodingKeys: String, CodingKey {
      case layers, target, source
      case targetInterval = "target_interval"
      case sourceInterval = "source_interval"
    }
  }

  /// The gain of every set, in the order of the trials.
  public var gains: [Gain]
  /// The other sets of the last round against the reference, the best first.
  public var comparisons: [Comparison]

  /// Compares the finalists on the target's held-out documents.
  /// - Throws: `ProbeError.statistics`.
  public init(_ results: TrialResults, _ bootstrap: Bootstrap) throws(ProbeError) {
    gains = []
    for candidate in results.candidates {
      gains.append(try Gain(candidate, results.base, bootstrap))
    }
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

extension TrialVerdict.Gain {
  fileprivate init(
    _ candidate: TrialResults.Candidate, _ base: TrialResults.Losses, _ bootstrap: Bootstrap
  ) throws(ProbeError) {
    let aligned = candidate.rounds[0].aligned
    func estimate(_ before: [Double], _ after: [Double]) throws(ProbeError) -> (Double, [Double]) {
      let differences = zip(before, after).map { $0 - $1 }
      let interval = try bootstrap.intervals(of: differences.map { [$0] })[0]
      return (differences.reduce(0, +) / Double(differences.count), [interval.lowerBound, interval.upperBound])
    }
    layers = candidate.layers
    (target, targetInterval) = try estimate(base.target, aligned.target)
    (source, sourceInterval) = try estimate(base.source, aligned.source)
  }
}
