import ArgumentParser
import ELOTrain

/// What `--method lora` trains.
struct LowRankArguments: ParsableArguments {
  @Option(help: "Rank of low-rank adapters.")
  var loraRank = LowRankOptions().rank
  @Option(help: "Adapters are multiplied by this over their rank. (default: twice the rank)")
  var loraAlpha: Double?
  @Option(
    help: ArgumentHelp(
      "Matrices that get adapters, comma-separated, such as q_proj,v_proj. (default: all of the layers)",
      valueName: "names"))
  var loraTargets: String?

  func validate() throws {
    guard loraRank > 0, loraAlpha ?? 1 > 0 else {
      throw ValidationError("--lora-rank must be at least 1, --lora-alpha greater than 0")
    }
  }

  var options: LowRankOptions {
    var options = LowRankOptions()
    options.rank = loraRank
    options.alpha = loraAlpha ?? 2 * Double(loraRank)
    options.targets = loraTargets?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
    return options
  }
}

/// How `pretrain` and `align` train the weights that are chosen.
enum TrainingMethod: String, CaseIterable, ExpressibleByArgument {
  case full, lora

  /// The highest learning rate when none is given.
  ///
  /// Low-rank changes start at zero and want a higher one.
  func learningRate(full rate: Double) -> Double { self == .full ? rate : 1e-3 }
}
