/// How well a criterion foretold what training gained: the only test of a score that counts.
public struct TrialPrediction: Codable, Sendable, Hashable {
  /// The criterion's name.
  public var criterion: String
  /// Spearman's correlation over the candidates of the first round, between the sum of the criterion's ranks of a set's
  /// layers and the set's gain; null where one does not vary.
  public var correlation: Double?
  /// Lower and upper end, with the candidates taken as independent; null for fewer than four.
  public var interval: [Double]?

  /// The predictions of every ranking criterion, and of all together.
  public static func all(_ results: TrialResults, _ evidence: RankingEvidence, confidence: Double) -> [TrialPrediction]
  {
    let gains = results.candidates.map(results.gain)
    let ranks = evidence.means.map(meanRanks)
    let layers = evidence.means.first?.indices ?? 0..<0
    let together = layers.map { layer in ranks.reduce(0) { $0 + $1[layer] } }
    return zip(evidence.criteria + ["all criteria"], ranks + [together]).map { name, ranks in
      let sums = results.candidates.map { $0.layers.reduce(0) { $0 + ranks[$1] } }
      let correlation = rankCorrelation(sums, gains)
      let interval = correlation.flatMap {
        rankCorrelationInterval($0, count: gains.count, confidence: confidence)
      }
      return TrialPrediction(
        criterion: name, correlation: correlation, interval: interval.map { [$0.lowerBound, $0.upperBound] })
    }
  }
}
