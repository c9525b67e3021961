import CGSL

/// What the analysis finds where there is nothing to find: how often it calls layers different, against the level it claims.
public struct ControlSummary: Codable, Sendable, Hashable {
  /// What is compared, such as `one language`.
  public var name: String
  /// What it is, in a sentence.
  public var description: String
  /// How many comparisons were made, each of all layers under one score.
  public var comparisons: Int
  /// In how many of them one or more layers were called different.
  public var alarms: Int
  /// The share of alarms: lower and upper end of its interval (Clopper and Pearson, 1934), comparisons taken as independent.
  public var interval: [Double]
  /// Pairs of documents in each comparison.
  public var pairs: Int

  /// The share of comparisons with an alarm.
  public var share: Double { Double(alarms) / Double(max(comparisons, 1)) }

  init(
    name: String, description: String, comparisons: Int, alarms: Int, pairs: Int, confidence: Double
  ) {
    self.name = name
    self.description = description
    self.comparisons = comparisons
    self.alarms = alarms
    self.pairs = pairs
    let (tail, found, count) = ((1 - confidence) / 2, Double(alarms), Double(comparisons))
    interval = [
      alarms == 0 ? 0 : gsl_cdf_beta_Pinv(tail, found, count - found + 1),
      alarms == comparisons ? 1 : gsl_cdf_beta_Qinv(tail, found + 1, count - found),
    ]
  }
}
