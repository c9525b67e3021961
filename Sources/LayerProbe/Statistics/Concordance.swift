import CGSL

/// How far several criteria order the layers alike: Kendall's coefficient of concordance W (Kendall and Babington Smith,
/// 1939).
///
/// Of m criteria and n layers, with `R_l` the sum of layer l's ranks, `S = Σ (R_l - R̄)²` and `T_j = Σ (t³ - t)` over criterion
/// j's groups of t equal scores,
///
///     W = 12 S / (m² (n³ - n) - m Σ_j T_j)
///
/// 1 when all give the same order, near 1/m when they have nothing to do with each other. `m (n - 1) W` is then about
/// chi-squared with n - 1 degrees of freedom, which is Friedman's test.
public struct Concordance: Sendable, Hashable {
  /// Kendall's W, in 0...1.
  public let w: Double
  /// Friedman's statistic `m (n - 1) W`.
  public let chiSquared: Double
  /// The chance of at least this concordance between unrelated criteria.
  public let pValue: Double
  /// m.
  public let criteriaCount: Int

  /// The concordance of lists of scores.
  /// - Parameter scores: `[criteria][layers]`.
  /// - Returns: nil for fewer than two criteria or layers, or when every criterion has only equal scores.
  public init?(of scores: [[Double]]) {
    let m = Double(scores.count)
    guard scores.count > 1, let layers = scores.first?.count, layers > 1 else { return nil }
    precondition(scores.allSatisfy { $0.count == layers }, "lists of different lengths")
    let n = Double(layers)
    let ranks = scores.map(meanRanks)
    let sums = (0..<layers).map { layer in ranks.reduce(0) { $0 + $1[layer] } }
    let mean = m * (n + 1) / 2
    let deviation = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let ties = scores.reduce(0.0) { total, list in
      total + Dictionary(grouping: list) { $0 }.values.reduce(0) { $0 + Double($1.count * ($1.count * $1.count - 1)) }
    }
    let scale = m * m * (n * n * n - n) - m * ties
    guard scale > 0 else { return nil }
    criteriaCount = scores.count
    w = min(1, 12 * deviation / scale)
    chiSquared = m * (n - 1) * w
    GSLCalls.prepare()
    pValue = gsl_cdf_chisq_Q(chiSquared, n - 1)
  }
}
