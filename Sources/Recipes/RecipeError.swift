import Foundation

/// Why no recipe can be written.
public enum RecipeError: Error, Sendable, Equatable {
  /// The trainer has no place for a detached model's bridges.
  case bridgeNotKnown(RecipeTrainer, URL)
  /// The trainer can train only layers at an end of the model.
  case scaffoldNotKnown(RecipeTrainer, frozen: [Int], layerCount: Int)
  /// Bridges follow layers that the model does not have.
  case bridgeDoesNotFit(URL, tensor: String)
  /// The budget is not in steps, which is all that other trainers count.
  case noSteps
  /// The learning rate falls in a way for which other trainers have no word.
  case scheduleNotKnown(String)
}

extension RecipeError: CustomStringConvertible {
  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .bridgeNotKnown(let trainer, let file):
      "\(trainer.title) has no place for the bridges in \(file.path): choose another --for (\(Self.bridging)), or pass "
        + "--bridge none to train without them, as `pretrain --bridge none` does"
    case .scaffoldNotKnown(let trainer, let frozen, let layerCount):
      "\(trainer.title) trains the first or the last layers of a model, and cannot keep layers "
        + "\(frozen.map(String.init).joined(separator: ", ")) of \(layerCount) frozen between them: detach without "
        + "--keep-frozen, or choose another --for"
    case .bridgeDoesNotFit(let file, let tensor):
      "\(file.path): \(tensor) follows no layer of the detached model; fit the bridges again with `elo-surgeon bridge`"
    case .noSteps:
      "other trainers count steps: give the budget in --tokens or --steps"
    case .scheduleNotKnown(let shape):
      "other trainers are only told of a cosine down to a floor, not of \(shape): leave --schedule out"
    }
  }

  private static var bridging: String {
    RecipeTrainer.allCases.filter(\.takesBridges).map(\.rawValue).joined(separator: ", ")
  }
}
