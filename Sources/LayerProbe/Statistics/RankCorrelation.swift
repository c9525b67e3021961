import CGSL

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
