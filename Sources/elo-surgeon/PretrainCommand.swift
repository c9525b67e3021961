import ArgumentParser
import Checkpoints
import ELOTrain
import Foundation

struct PretrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pretrain", abstract: "Train the layers of a detached model on texts.",
    discussion: """
      Embedding, final norm, head and the layers of a scaffold (detach --keep-frozen) stay frozen. The bridges that `elo-surgeon bridge` fitted stand in for the missing \
      layers, unless --bridge none. Metrics and saves lie in OUTPUT.partial while it runs.
      """)

  /// The highest learning rate of full training.
  static let usualRate = 2e-4

  @Argument(help: "A directory made by `elo-surgeon detach`.")
  var detached: String
  @Option(help: "linear: use the bridges that the directory has; none: ignore them.")
  var bridge = Adaptation.BridgeKind.linear
  @OptionGroup var training: TrainingArguments
  @Option(help: "The highest learning rate. (default: 2e-4; with --method lora 5e-4)")
  var learningRate: Double?

  func run() throws {
    let checkpoint = try Checkpoint(directory: directory(detached))
    guard checkpoint.sideFiles.contains("surgery.json") else { throw TrainingError.notDetached(checkpoint.directory) }
    try training.run(
      checkpoint: directory(detached), part: .layers(useBridges: bridge == .linear), rate: learningRate,
      usualRate: Self.usualRate, label: "pretrain")
  }
}

extension Adaptation.BridgeKind: ExpressibleByArgument {}
