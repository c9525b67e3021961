import CGSL
import Foundation

/// Spearman's rank correlation of two lists of scores, from the GNU Scientific Library; equal values share their ranks.
/// - Parameters:
///   - first: one score per layer.
///   - second: as many.
/// - Returns: a value in -1...1; nil where it is not defined: for fewer than two layers, or when all scores of a list are
///   equal.
public func rankCorrelation(_ first: [Double], _ second: [Double]) -> Double? {
  precondition(first.count == second.count, "scores of \(first.count) and of \(second.count) layers")
  guard first.count > 1, Set(first).count > 1, Set(second).count > 1 else { return nil }
  GSLCalls.prepare()
  var work = Array(repeating: 0.0, count: 2 * first.count)
  let correlation = gsl_stats_spearman(first, 1, second, 1, first.count, &work)
  // Rounding can lead beyond 1.
  return correlation.isFinite ? min(1, max(-1, correlation)) : nil
}

/// Between which values a rank correlation of `count` independent pairs lies with some confidence: Fisher's transformation
/// with the variance 1.06 / (n - 3) for ranks (Fieller, Hartley and Pearson, 1957), `tanh(artanh r ± z √(1.06 / (n - 3)))`.
/// - Returns: nil for fewer than four pairs, for which there is no such interval.
public func rankCorrelationInterval(_ correlation: Double, count: Int, confidence: Double = 0.95) -> ClosedRange<
  Double
>? {
  guard count > 3 else { return nil }
  let reach = gsl_cdf_ugaussian_Pinv((1 + confidence) / 2) * (1.06 / Double(count - 3)).squareRoot()
  let center = atanh(min(1 - 1e-12, max(-1 + 1e-12, correlation)))
  return min(correlation, tanh(center - reach))...max(correlation, tanh(center + reach))
}
