/// A trainer that can train a detached checkpoint's layers and nothing else.
public enum RecipeTrainer: String, Sendable, Hashable, CaseIterable {
  /// TRL, as a script.
  case trl

  /// What the trainer calls itself.
  public var title: String {
    switch self {
    case .trl: "TRL"
    }
  }
}
