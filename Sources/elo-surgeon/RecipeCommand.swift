import ArgumentParser
import Corpora
import ELOTrain
import Foundation
import JSONText
import Recipes

struct RecipeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recipe", abstract: "Write what another trainer needs to train a detached model.",
    discussion: """
      A directory with the trainer's configuration, which trains the detached layers alone with the settings of \
      `pretrain`; the texts as one mixed jsonl; and a README.md with the command that trains and the one that attaches the result. \
      Bridges of the detached directory stand in for the missing layers, where the trainer can be taught them, unless --bridge none.
      """)

  /// What `pretrain` does when nothing else is said.
  private static let usual = TrainingOptions(
    budget: .steps(1),
    schedule: LearningRateSchedule(peak: PretrainCommand.usualRate, warmupSteps: OptimizationOptions.usualWarmup))

  @Argument(help: "A directory made by `elo-surgeon detach`.", completion: .directory)
  var detached: String
  @Option(
    name: .customLong("for"),
    help: "The trainer: \(RecipeTrainer.allCases.map(\.rawValue).joined(separator: ", ")).")
  var trainer: RecipeTrainer
  @Option(
    help: ArgumentHelp(
      "A text to train on, with its share of the tokens; may be repeated.", valueName: "name=file[:weight]"))
  var text: [String]
  @Option(help: "Directory of the recipe; must not exist.")
  var output: String
  @Option(help: "linear: use the bridges that the directory has; none: leave them out.")
  var bridge = Adaptation.BridgeKind.linear
  @Option(help: "Train on this many tokens.")
  var tokens: Int?
  @Option(help: "Train for this many optimiser steps.")
  var steps: Int?
  @Option(help: "The highest learning rate; a cosine follows.")
  var learningRate = PretrainCommand.usualRate
  @Option(help: "Steps over which the learning rate rises.")
  var warmup = OptimizationOptions.usualWarmup
  @Option(help: "Where the learning rate ends, as a share of the highest.")
  var finalRate = Self.usual.schedule.floor
  @Option(help: "Sequences per optimiser step.")
  var batchSize = Self.usual.batchSize
  @Option(help: "Tokens per sequence.")
  var sequenceLength = Self.usual.sequenceLength
  @Option(help: "Parts into which a step's sequences are split, to need less memory.")
  var accumulate = Self.usual.accumulate
  @Option(help: "Decoupled weight decay of matrices.")
  var weightDecay = Self.usual.optimizer.weightDecay
  @Option(help: "Clip gradients to this global norm.")
  var clip = Self.usual.optimizer.clip
  @Option(help: "Seed of the mixture's order and of the trainer.")
  var seed = Self.usual.seed
  @Option(help: "Documents of each text that wait to be drawn at random; 1 keeps the order of the files.")
  var shuffleBuffer = MixtureOptions.defaultShuffleBuffer
  @Option(help: "Field of jsonl files that holds the text.")
  var textField = "text"
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func validate() throws {
    guard !text.isEmpty else { throw ValidationError("give at least one --text NAME=FILE") }
    guard (tokens != nil) != (steps != nil) else {
      throw ValidationError("give a budget: --tokens or --steps; other trainers do not count minutes")
    }
    guard (tokens ?? 1) > 0, (steps ?? 1) > 0, batchSize > 0, sequenceLength > 0, accumulate > 0, shuffleBuffer > 0,
      warmup >= 0
    else {
      throw ValidationError(
        "a budget, --batch-size, --sequence-length, --accumulate and --shuffle-buffer must be at least 1, --warmup at least 0"
      )
    }
    guard batchSize % accumulate == 0 else {
      throw ValidationError("--accumulate \(accumulate) does not divide --batch-size \(batchSize)")
    }
    guard learningRate > 0, clip > 0, weightDecay >= 0, 0...1 ~= finalRate else {
      throw ValidationError(
        "--learning-rate and --clip must be greater than 0, --weight-decay not negative, --final-rate between 0 and 1")
    }
  }

  func run() throws {
    Interruption.listen()
    let sources = try TextSource.list(arguments: text)
    let model = try DetachedModel(directory: directory(detached))
    let options = options
    let recipe = try TrainingRecipe(for: trainer, model, options: options, useBridges: bridge == .linear)
    let budget = options.plannedSteps! * options.tokensPerStep
    let mix = try recipe.write(to: directory(output), model: model) { file in
      try MixExport(
        sources, checkpoint: model.directory, textField: textField, seed: seed, shuffleBuffer: shuffleBuffer,
        tokens: budget, to: file, label: "recipe")
    }
    switch format {
    case .json:
      print(
        JSONValue.object([
          ("recipe", .string(directory(output).path)), ("trainer", .string(trainer.rawValue)),
          ("steps", .integer(options.plannedSteps!)), ("trained_layers", .integers(model.trained)),
          ("commands", .strings(recipe.commands)), ("result", .string(recipe.result)), ("mix", mix.json),
        ]).text)
    case .text:
      for line in mix.lines { Transfer.warn(line) }
      print("\(output)/\(TrainingRecipe.pageName)")
    }
  }

  private var options: TrainingOptions {
    let schedule = LearningRateSchedule(peak: learningRate, warmupSteps: warmup, floor: finalRate)
    var options = TrainingOptions(budget: tokens.map { .tokens($0) } ?? .steps(steps!), schedule: schedule)
    options.optimizer.weightDecay = weightDecay
    options.optimizer.clip = clip
    options.batchSize = batchSize
    options.sequenceLength = sequenceLength
    options.accumulate = accumulate
    options.seed = seed
    options.shuffleBuffer = shuffleBuffer
    return options
  }
}

extension RecipeTrainer: ExpressibleByArgument {}
