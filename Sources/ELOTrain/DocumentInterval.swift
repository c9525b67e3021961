import Foundation

/// How certain bits per byte are, from the documents that they were measured on: 95 % intervals by a jackknife over
/// documents.
///
/// With `θ_i` the ratio (or difference of two ratios) without document i and `θ̄` their mean, the standard error is
/// `√((n-1)/n Σ (θ_i - θ̄)²)` (Tukey, 1958), the interval `θ ± t s` with Student's t at n - 1 degrees of freedom. It says what
/// other documents of the same kind would give, not what another training run would.
///
/// `LayerProbe` has intervals of more kinds, computed with GSL; this one stands alone so that programs that only train need not be
/// under GSL's licence.
public struct DocumentInterval: Codable, Sendable, Hashable {
  /// The lower end.
  public var low: Double
  /// The upper end.
  public var high: Double

  /// Half its width.
  public var reach: Double { (high - low) / 2 }

  /// Documents below which no interval is given.
  static let leastDocuments = 5

  /// The interval of an estimate whose values without each document are known, nil below five documents.
  init?(of estimate: Double, leavingOut values: [Double]) {
    guard values.count >= Self.leastDocuments else { return nil }
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let reach = Self.studentsT(degrees: n - 1) * ((n - 1) / n * squares).squareRoot()
    (low, high) = (estimate - reach, estimate + reach)
  }

  /// The 97.5 % quantile of Student's t: Cornish and Fisher's expansion around the normal one (Abramowitz and Stegun,
  /// 26.7.5), within 0.04 % from four degrees of freedom on.
  package static func studentsT(degrees: Double) -> Double {
    let z = 1.959963984540054
    let (z2, inverse) = (z * z, 1 / degrees)
    let terms = [
      (z2 + 1) / 4,
      ((5 * z2 + 16) * z2 + 3) / 96,
      (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384,
      ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160,
    ]
    return z * (1 + terms.reversed().reduce(0) { ($0 + $1) * inverse })
  }
}

extension TextScore {
  /// How another model's bits per byte on the same documents differ from these, and the 95 % interval of the difference.
  ///
  /// Documents are taken in pairs: what makes one hard for both models cancels.
  /// - Returns: nil when the documents are not the same, which their number and lengths say. The interval is nil below five.
  public func change(to other: TextScore) -> (difference: Double, interval: DocumentInterval?)? {
    guard perDocument.map(\.bytes) == other.perDocument.map(\.bytes), !perDocument.isEmpty else { return nil }
    let difference = other.bitsPerByte - bitsPerByte
    let leavingOut = zip(other.bitsPerByteLeavingOut, bitsPerByteLeavingOut).map(-)
    return (difference, DocumentInterval(of: difference, leavingOut: leavingOut))
  }

  /// Of each document that has bytes, the bits per byte of all others.
  var bitsPerByteLeavingOut: [Double] {
    perDocument.filter { $0.bytes > 0 && $0.bytes < bytes }.map {
      (nll - $0.nll) / (log(2) * Double(bytes - $0.bytes))
    }
  }
}
