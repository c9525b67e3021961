import CKernels
import Foundation

/// Where a token is on its way over the vocabulary.
struct RoundedHeadToken {
  /// What one step of the token's 16-bit inputs is worth.
  let scale: Float
  /// `|x|²`.
  let squaredNorm: Double
  /// Whether rounding's error is summed up for the token.
  let isMeasured: Bool
  var maximum = -Float.infinity
  var normaliser: Float = 0
  var targetLogit: Float = 0
  var targetSlope: Float = 1
  /// What e is multiplied with before it is rounded, besides a word's own step; of the last panel.
  var factor: Float = 1
  var moments = elo_rounding_moments()
  /// Sums over panels, for the errors of inputs: of `a²`, `a b` and `b²` with the panel's `a = sum p |w|²` and b a bound of
  /// its `sum p |w|`.
  var (squares, products, masses) = (0.0, 0.0, 0.0)

  init(scale: Float, squaredNorm: Double, isMeasured: Bool) {
    (self.scale, self.squaredNorm, self.isMeasured) = (scale, squaredNorm, isMeasured)
  }

  /// Gives everything that was summed under the old maximum its weight under a new one.
  mutating func raiseMaximum(to new: Float, _ scaleSums: (Float) -> Void) {
    let shrink = expf(maximum - new)
    if maximum > -.infinity { scaleSums(shrink) }
    normaliser *= shrink
    maximum = new
    guard isMeasured else { return }
    let square = Double(shrink) * Double(shrink)
    moments.dithered *= square
    moments.steps *= square
    moments.step_squares *= square
    squares *= square
    products *= square
    masses *= square
  }

  /// Adds what a panel's roundings do to the error.
  mutating func note(_ memory: RoundedHeadMemory, _ count: Int) {
    (moments.mass, moments.squares) = (0, 0)
    elo_add_rounding_moments(memory.line, memory.steps, factor, memory.norms, count, &moments)
    let mass = (moments.mass * moments.squares).squareRoot()
    squares += moments.squares * moments.squares
    products += moments.squares * mass
    masses += mass * mass
  }

  /// A bound on the expected square of the error of the gradient for x, of a summed loss.
  ///
  /// To first order in the roundings, which are independent, each with a variance of 1/6 of a step's square on average:
  /// - of e: the sum of the variances;
  /// - of w: a variance for each of D channels, and of |x|²/6 squares for a logit, which moves the gradient by p (w - mean w)
  ///   times that;
  /// - of x, drawn anew for each panel: it moves the logits of a panel's words together, so Minkowski's bound of a panel's sum
  ///   of p (x's error · w) (w - mean w), squared and summed over panels.
  /// - Parameter mean: the squared norm of the mean of w under p.
  func squaredError(mean: Double, width D: Int) -> Double {
    let squaredZ = Double(normaliser) * Double(normaliser)
    let words = moments.steps * Double(D) / 6
    let logits = squaredNorm / 3 * (moments.step_squares + mean * moments.steps)
    let inputs =
      Double(scale) * Double(scale) / 6 * (squares + 2 * mean.squareRoot() * products + mean * masses)
    return (moments.dithered + words + logits + inputs) / squaredZ
  }
}
