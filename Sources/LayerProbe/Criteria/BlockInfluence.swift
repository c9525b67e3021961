/// Block Influence (ShortGPT, arXiv 2403.03853): how far a layer turns the residual stream, `1 - mean_t cos(x_t, y_t)` with
/// x the stream before the layer and y behind it.
///
/// Behind the last layer the stream is taken before the final norm, which would turn it once more. The cosine is a weak
/// proxy: a layer that turns the stream little can still be one that predictions break without.
public struct BlockInfluence: ResidualCriterion {
  /// The criterion has no settings.
  public init() {}

  /// `block_influence`.
  public var scores: [ScoreDescription] {
    [
      ScoreDescription(
        name: "block_influence", unit: "1",
        description: "1 - mean cosine between the residual stream before and behind the layer, before the final norm",
        source: "arXiv 2403.03853")
    ]
  }

  /// From the cosines of neighbouring states.
  public func score(_ residuals: DocumentResiduals) -> [[Double]] {
    let states = residuals.means.count
    return [(0..<states - 1).map { 1 - residuals.cosines[$0 * states + $0 + 1] }]
  }
}
