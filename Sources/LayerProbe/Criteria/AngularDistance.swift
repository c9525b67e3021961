/// Angular distance between states of the residual stream, `arccos(cos(x, y)) / π` (Gromov et al., arXiv 2403.17887): 0
/// for the same direction, 1/2 for orthogonal ones.
///
/// The paper takes the last token, which sees the whole document; beside it stands the mean over tokens, which varies less
/// from document to document. State 0 is the embedding's output and state L is before the final norm, so that the first
/// and the last layer are measured like all others. A jump over n layers from layer l is the entry of states l and l + n.
/// Neighbouring states repeat what Block Influence says, so layers are not ranked by it a second time.
public struct AngularDistance: ResidualCriterion {
  /// The criterion has no settings.
  public init() {}

  /// Of each layer, and of all pairs of states; at the last token, and as the mean over tokens.
  public var scores: [ScoreDescription] {
    [
      description("angular_distance", "mean over tokens of the angle", .layers),
      description("angular_distance_last_token", "the angle at the last token", .layers),
      description("angular_distances", "mean over tokens of the angle", .statePairs),
      description("angular_distances_last_token", "the angle at the last token", .statePairs),
    ]
  }

  private func description(_ name: String, _ what: String, _ axis: ScoreAxis) -> ScoreDescription {
    let states = axis == .layers ? "before and behind the layer" : "of each pair of states"
    return ScoreDescription(
      name: name, unit: "half turns", description: "\(what) between the residual streams \(states), over pi",
      source: "arXiv 2403.17887", axis: axis, ranks: false)
  }

  /// From the angles of all pairs of states.
  public func score(_ residuals: DocumentResiduals) -> [[Double]] {
    let states = residuals.means.count
    func neighbours(_ matrix: [Double]) -> [Double] { (0..<states - 1).map { matrix[$0 * states + $0 + 1] } }
    return [
      neighbours(residuals.angles), neighbours(residuals.lastAngles), residuals.angles, residuals.lastAngles,
    ]
  }
}
