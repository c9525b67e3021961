extension Adaptation.Method {
  /// A stage as people read it: with one stage of training there is nothing to align.
  public func label(_ stage: Adaptation.Stage) -> String {
    switch stage {
    case .align where self != .elo: "train"
    case .evaluateAligned where self != .elo: "evaluate trained"
    default: stage.rawValue
    }
  }

  /// A moment of scoring, likewise.
  public func label(_ point: AdaptationReport.Point) -> String {
    point == .aligned && self != .elo ? "trained" : point.rawValue
  }
}
