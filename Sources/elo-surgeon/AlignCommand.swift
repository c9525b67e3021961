import ArgumentParser
import ELOTrain

struct AlignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "align", abstract: "Train a whole model briefly, so that its layers fit one another again.")

  @Argument(help: "A checkpoint directory in Hugging Face layout.")
  var checkpoint: String
  @OptionGroup var training: TrainingArguments
  @Option(help: "The highest learning rate. (default: 1e-4; with --method lora 5e-4)")
  var learningRate: Double?

  func run() throws {
    try training.run(
      checkpoint: directory(checkpoint), part: .everything, rate: learningRate, usualRate: 1e-4, label: "align")
  }
}
