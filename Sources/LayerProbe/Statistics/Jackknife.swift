import CGSL

/// How certain a number is that is of all documents at once, from leaving each of them out.
///
/// With `θ_i` the number without document i and `θ̄` their mean, the standard error is `√((n-1)/n Σ (θ_i - θ̄)²)` (Tukey,
/// 1958), and the interval `θ ± t_(1-α/2) s` with Student's t at n - 1 degrees of freedom. Similarities of states are such
/// numbers: a bootstrap would count documents that are drawn twice as alike.
public struct Jackknife: Sendable, Hashable {
  /// How often an interval is to hold the true value.
  public let confidence: Double

  /// A jackknife.
  public init(confidence: Double = 0.95) {
    precondition(confidence > 0 && confidence < 1, "a confidence of \(confidence)")
    self.confidence = confidence
  }

  /// The standard error of each place.
  /// - Parameter leavingOut: `[documents][places]`, the numbers with each document left out; at least two documents.
  public func standardErrors(_ leavingOut: [[Double]]) -> [Double] {
    precondition(leavingOut.count > 1, "a jackknife over \(leavingOut.count) documents")
    let n = Double(leavingOut.count)
    return leavingOut[0].indices.map { place in
      let mean = leavingOut.reduce(0) { $0 + $1[place] } / n
      let squares = leavingOut.reduce(0) { $0 + ($1[place] - mean) * ($1[place] - mean) }
      return ((n - 1) / n * squares).squareRoot()
    }
  }

  /// The interval of each place around the number for all documents.
  public func intervals(of estimate: [Double], leavingOut: [[Double]]) -> [ClosedRange<Double>] {
    let reach = gsl_cdf_tdist_Pinv(1 - (1 - confidence) / 2, Double(leavingOut.count - 1))
    return zip(estimate, standardErrors(leavingOut)).map { value, error in value - reach * error...value + reach * error
    }
  }
}
