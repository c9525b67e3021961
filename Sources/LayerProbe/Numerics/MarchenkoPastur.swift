import Foundation

/// The law of the singular values of pure noise (Marchenko and Pastur, 1967), for telling signal from noise in a matrix.
///
/// An n x m matrix of independent entries with standard deviation σ has singular values up to about `σ (√n + √m)`.
struct MarchenkoPastur {
  /// The shorter side over the longer one.
  let ratio: Double

  /// The median of the squared singular values of noise with σ = 1, over the longer side.
  let median: Double

  /// The law for a shape.
  init(rows: Int, columns: Int) {
    let ratio = Double(min(rows, columns)) / Double(max(rows, columns))
    self.ratio = ratio
    let root = ratio.squareRoot()
    let (least, greatest) = ((1 - root) * (1 - root), (1 + root) * (1 + root))
    // x = least + (greatest - least) sin²(t): the density's square roots at both ends vanish from the integrand.
    let steps = 20_000
    let width = greatest - least
    func density(_ step: Int) -> Double {
      let t = (Double(step) + 0.5) / Double(steps) * Double.pi / 2
      let x = least + width * sin(t) * sin(t)
      return width * width * pow(sin(t) * cos(t), 2) / (Double.pi * ratio * x) * Double.pi / 2 / Double(steps)
    }
    let total = (0..<steps).reduce(0) { $0 + density($1) }
    var (sum, step) = (0.0, 0)
    while sum < total / 2 {
      sum += density(step)
      step += 1
    }
    let t = Double(step) / Double(steps) * Double.pi / 2
    median = least + width * sin(t) * sin(t)
  }

  /// The greatest singular value that noise explains, with σ from the median singular value (Gavish and Donoho, arXiv
  /// 1305.5870), which a few strong ones do not move.
  static func edge(ofSingularValues values: [Double], rows: Int, columns: Int) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    let typical = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    let longer = Double(max(rows, columns))
    let sigma = typical / (longer * MarchenkoPastur(rows: rows, columns: columns).median).squareRoot()
    return sigma * (Double(rows).squareRoot() + Double(columns).squareRoot())
  }
}
