import Foundation

/// The seconds of a step as its products' operations over one rate and the bytes of all else over another, both for
/// each thread.
struct CostModel {
  /// Operations a second and thread.
  let flopRate: Double
  /// Bytes a second and thread; infinite where bytes explain nothing.
  let byteRate: Double
  /// Root mean square of the relative differences between model and measurement.
  let error: Double

  /// The two rates with the least squares of relative errors over all points.
  init(fitting points: [MeasuredPoint]) {
    // seconds = f x + b y with x, y the inverse rates; divided by the seconds, so that every point weighs the same.
    let rows = points.map { point in
      let scale = 1 / (Double(point.shape.threads) * point.seconds)
      return (f: point.flops * scale, b: point.shape.bytesMoved * scale)
    }
    func sum(_ body: ((f: Double, b: Double)) -> Double) -> Double { rows.reduce(0) { $0 + body($1) } }
    let (ff, fb, bb, f, b) = (sum { $0.f * $0.f }, sum { $0.f * $0.b }, sum { $0.b * $0.b }, sum { $0.f }, sum { $0.b })
    let determinant = ff * bb - fb * fb
    var (x, y) = ((f * bb - b * fb) / determinant, (b * ff - f * fb) / determinant)
    if y <= 0 { (x, y) = (f / ff, 0) }
    flopRate = 1 / x
    byteRate = 1 / y
    error = sqrt(sum { pow($0.f * x + $0.b * y - 1, 2) } / Double(rows.count))
  }

  /// What the model expects of a point.
  func tokensPerSecond(_ point: MeasuredPoint) -> Double {
    let seconds = (point.flops / flopRate + point.shape.bytesMoved / byteRate) / Double(point.shape.threads)
    return Double(point.shape.tokens) / seconds
  }

  /// The rates in words.
  var summary: String {
    String(
      format: "%.0f GFLOP/s and %.1f GB/s for each thread; root mean square of relative errors %.1f %%",
      flopRate / 1e9, byteRate / 1e9, 100 * error)
  }
}
