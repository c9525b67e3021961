/// How well a criterion foretold what training gained: the only test of a score that counts.
///
/// What a criterion says of a set is the sum of its ranks of the set's layers; what the set gained is the base's bits per
/// byte on the target less the trained model's, at the end of the first round, which all sets have at equal budgets.
public struct TrialPrediction: Codable, Sendable, Hashable {
  /// Spearman's correlation over the sets.
  public struct Correlation: Codable, Sendable, Hashable {
    /// In -1...1.
    public var value: Double
    /// Lower and upper end, with the sets taken as independent; null for fewer than four.
    public var interval: [Double]?
  }

  /// The criterion's name.
  public var criterion: String
  /// With the gain of the aligned model; null where one of both does not vary.
  public var aligned: Correlation?
  /// With the gain of the model with the trained layers back and not aligned, which is theirs alone.
  public var reattached: Correlation?

  /// The predictions of every ranking criterion, and of all together.
  public static func all(_ results: TrialResults, _ evidence: RankingEvidence, confidence: Double) -> [TrialPrediction]
  {
    let aligned = results.candidates.map { results.gain(of: $0, \.aligned) }
    let reattached = results.candidates.map { results.gain(of: $0, \.reattached) }
    let ranks = evidence.means.map(meanRanks)
    let layers = evidence.means.first?.indices ?? 0..<0
    let together = layers.map { layer in ranks.reduce(0) { $0 + $1[layer] } }
    return zip(evidence.criteria + ["all criteria"], ranks + [together]).map { name, ranks in
      let sums = results.candidates.map { $0.layers.reduce(0) { $0 + ranks[$1] } }
      func correlation(_ gains: [Double]) -> Correlation? {
        rankCorrelation(sums, gains).map { value in
          let interval = rankCorrelationInterval(value, count: gains.count, confidence: confidence)
          return Correlation(value: value, interval: interval.map { [$0.lowerBound, $0.upperBound] })
        }
      }
      return TrialPrediction(criterion: name, aligned: correlation(aligned), reattached: correlation(reattached))
    }
  }
}
