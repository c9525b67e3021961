/// What can keep trials from being run.
public enum TrialError: Error, Equatable, Sendable {
  /// Behind the documents that layers are scored on there are not enough for trials.
  case tooFewDocuments(text: String, scored: Int, heldOut: Int)
  /// Not even two sets of layers can be tried with a step each.
  case tooLittleTime(minutes: Double, needed: Double)
}

extension TrialError: CustomStringConvertible {
  /// One sentence that names the thing, and what to do.
  public var description: String {
    switch self {
    case .tooFewDocuments(let text, let scored, let heldOut):
      "text \(text): behind the \(scored) documents that layers are scored on, trials hold out \(heldOut) and train on "
        + "the rest, but there is no rest; give a longer text, fewer --documents, or --trial-minutes 0"
    case .tooLittleTime(let minutes, let needed):
      "\(formatted(minutes)) minutes are too few for trials: two sets of layers with a step each take about "
        + "\(formatted(needed)) here; give --trial-minutes \(Int(needed.rounded(.up))) or more"
    }
  }

  private func formatted(_ minutes: Double) -> String {
    minutes == minutes.rounded() ? String(Int(minutes)) : String((minutes * 10).rounded() / 10)
  }
}
