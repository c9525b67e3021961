/// A trainer that can train a detached checkpoint's layers and nothing else.
public enum RecipeTrainer: String, Sendable, Hashable, CaseIterable {
  /// Axolotl.
  case axolotl
  /// LLaMA-Factory.
  case llamaFactory = "llamafactory"
  /// NeMo AutoModel.
  case nemo
  /// ms-swift.
  case msSwift = "ms-swift"
  /// TRL, as a script.
  case trl
  /// mlx-lm.
  case mlx

  /// What the trainer calls itself.
  public var title: String {
    switch self {
    case .axolotl: "Axolotl"
    case .llamaFactory: "LLaMA-Factory"
    case .nemo: "NeMo AutoModel"
    case .msSwift: "ms-swift"
    case .trl: "TRL"
    case .mlx: "mlx-lm"
    }
  }
}
