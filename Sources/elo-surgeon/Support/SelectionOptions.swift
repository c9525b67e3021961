import ArgumentParser
import ELOTrain

/// Which weights `pretrain` and `align` train, and what is set for some of them.
struct SelectionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What to train, comma-separated: all, layers, norms, biases, embedding, head, or layers such as first,last or 4..<9.",
      valueName: "weights"))
  var train: String?
  @Option(
    help: ArgumentHelp(
      "The highest learning rate of some weights, such as embedding=1e-5; may be repeated, the last that names a weight counts.",
      valueName: "weights=rate"))
  var learningRateOf: [String] = []
  @Option(
    help: ArgumentHelp(
      "Weight decay of some weights, such as embedding=0 or norms=0.1; may be repeated, the last that names a weight counts.",
      valueName: "weights=decay"))
  var weightDecayOf: [String] = []

  @Option(
    help: ArgumentHelp(
      "Keep what the trained layers give on a text near what it was, such as en=0.5; may be repeated.",
      valueName: "name=weight"))
  var anchor: [String] = []

  /// - Throws: `TrainingError`, `SurgeryError` for what names no weights.
  func apply(to options: inout TrainingOptions) throws {
    options.anchors = try anchor.map { argument throws in try AnchoredText(argument: argument) }
    options.trained = try train.map { try WeightSelection($0) }
    options.learningRates = try learningRateOf.map { try WeightSetting(argument: $0) }
    options.optimizer.weightDecays = try weightDecayOf.map { try WeightSetting(argument: $0) }
  }
}
