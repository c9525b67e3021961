import ELOTrain
import Foundation

/// What another trainer is given to train exactly the layers that `pretrain` would, in `pretrain`'s words for everything
/// that it has a word for.
public struct TrainingRecipe: Sendable {
  /// A file to write.
  public struct File: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// Its content.
    public let text: String
  }

  /// The trainer.
  public let trainer: RecipeTrainer
  /// The configuration and what belongs to it.
  public let files: [File]
  /// What the mixture of texts has to be called, relative to the recipe.
  public let mixName: String
  /// The command that installs the trainer.
  public let installation: String
  /// The commands that train, to be run in the recipe's directory.
  public let commands: [String]
  /// Where the trained checkpoint is then, relative to the recipe.
  public let result: String
  /// Whether the result has its surgery.json by itself, which `attach` reads.
  public let resultHasManifest: Bool
  /// What is not as in `pretrain`.
  public let differences: [String]

  /// What a recipe is made of.
  struct Input {
    /// The detached checkpoint.
    let model: DetachedModel
    /// The settings of the run.
    let options: TrainingOptions
    /// Optimiser steps.
    let steps: Int
    /// Whether bridges are put in place.
    let hasBridges: Bool

    /// Sequences that are computed at a time.
    var partSize: Int { options.batchSize / options.accumulate }
  }

  /// Writes a recipe.
  /// - Parameters:
  ///   - trainer: whom it is for.
  ///   - model: what is trained.
  ///   - options: the settings, as `pretrain` takes them; the schedule must be a cosine, the budget in steps or tokens.
  ///   - useBridges: whether the model's bridges, if it has any, stand in for the missing layers.
  /// - Throws: `RecipeError` where the trainer cannot do that.
  public init(
    for trainer: RecipeTrainer, _ model: DetachedModel, options: TrainingOptions, useBridges: Bool
  ) throws {
    guard let steps = options.plannedSteps else { throw RecipeError.noSteps }
    guard options.schedule.shape == .cosine else {
      throw RecipeError.scheduleNotKnown(options.schedule.shape.rawValue)
    }
    guard options.accumulate > 0, options.batchSize % options.accumulate == 0 else {
      throw TrainingError.badAccumulation(batchSize: options.batchSize, accumulate: options.accumulate)
    }
    let hasBridges = useBridges && !model.bridgesAfter.isEmpty
    let input = Input(model: model, options: options, steps: steps, hasBridges: hasBridges)
    switch trainer {
    case .trl: self = trlRecipe(input)
    }
  }

  init(
    trainer: RecipeTrainer, files: [File], mixName: String = "mix.jsonl", installation: String, commands: [String],
    result: String, resultHasManifest: Bool = false, differences: [String]
  ) {
    self.trainer = trainer
    self.files = files
    self.mixName = mixName
    self.installation = installation
    self.commands = commands
    self.result = result
    self.resultHasManifest = resultHasManifest
    self.differences = differences
  }
}
