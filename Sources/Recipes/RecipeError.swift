import Foundation

/// Why no recipe can be written.
public enum RecipeError: Error, Sendable, Equatable {
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
    case .bridgeDoesNotFit(let file, let tensor):
      "\(file.path): \(tensor) follows no layer of the detached model; fit the bridges again with `elo-surgeon bridge`"
    case .noSteps:
      "other trainers count steps: give the budget in --tokens or --steps"
    case .scheduleNotKnown(let shape):
      "other trainers are only told of a cosine down to a floor, not of \(shape): leave --schedule out"
    }
  }
}
