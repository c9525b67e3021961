import Decoders

/// Documents on the device, and which rows are whose.
public struct ProbeBatch: Sendable {
  /// What passes take.
  public let tokens: TokenBatch
  /// Rows of each document, its prefix token first.
  public let spans: [Range<Int>]

  /// Sums over each document of one number per row, in f64.
  public func sums(_ rows: [Float]) -> [Double] {
    spans.map { rows[$0].reduce(0) { $0 + Double($1) } }
  }
}
