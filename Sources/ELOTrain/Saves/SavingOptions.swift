/// What a run keeps while it goes on, and which weights it ends with.
///
/// None of this changes a bit of the run.
public struct SavingOptions: Sendable, Hashable {
  /// Which weights the result has.
  public enum Result: String, Sendable, CaseIterable, Codable {
    /// Those of the last step.
    case last
    /// Those of the best evaluation.
    case best
  }

  /// Save every so many steps; nil for no saves but those that `result` needs.
  public var every: Int?
  /// How many saves to keep, the newest; the best one is kept besides.
  public var keep = 2
  /// Go on from the last save.
  public var resumes = false
  /// Which weights the result has.
  public var result = Result.last

  /// No saves.
  public init() {}

  /// Whether the best evaluation has to be saved when it happens.
  var keepsBest: Bool { every != nil || result == .best }
  /// Whether there are any saves.
  var isOn: Bool { keepsBest }
}
