import CKernels

/// What channels of the words are multiplied with, and those of inputs divided by, before they are rounded to 16 bits.
///
/// A trained model's residual stream has a few channels that are far larger than the others and would leave these few bits
/// (as in SmoothQuant, arXiv 2211.10438). They are brought down to so many root mean squares.
final class ChannelScales: @unchecked Sendable {
  private static let largest = Float(5)

  let factors: UnsafeMutablePointer<Float>
  let inverses: UnsafeMutablePointer<Float>

  /// Of all tokens of a batch, so that they do not depend on how these are split among workers.
  init(_ x: Tensor) {
    let D = x.columns
    (factors, inverses) = (.allocate(capacity: D), .allocate(capacity: D))
    factors.initialize(repeating: 0, count: D)
    for row in 0..<x.rows { elo_raise_magnitudes(x.floats + row * D, factors, D) }
    let mean = Float((elo_sum_of_squares(x.floats, x.count) / Double(max(x.count, 1))).squareRoot())
    for channel in 0..<D {
      // A batch of zeros has a mean of 0.
      factors[channel] = max(1, mean > 0 ? factors[channel] / (Self.largest * mean) : 1)
      (inverses + channel).initialize(to: 1 / factors[channel])
    }
  }

  deinit {
    factors.deallocate()
    inverses.deallocate()
  }
}
