import ArgumentParser
import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import ModelSurgery

struct BridgeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bridge", abstract: "Fit what stands in for a detached model's missing layers.",
    discussion: """
      Text goes through the whole model; for each run of missing layers an affine map is fitted from the state before to \
      the state behind. The bridges are written into the detached directory's elo folder, where `pretrain` finds them.
      """)

  @Argument(help: "A directory made by `elo-surgeon detach`.")
  var detached: String
  @Option(help: "The checkpoint it was detached from.")
  var base: String
  @Option(
    help: ArgumentHelp(
      "A text to fit on, with its share of the tokens; may be repeated.", valueName: "name=file[:weight]"))
  var text: [String]
  @Option(help: "Tokens to fit on; an eighth of them is held out to measure the fit.")
  var tokens = BridgeFitting().tokens
  @Option(help: "The ridge penalty, relative to the mean square of the states.")
  var ridge = BridgeFitting().relativeRidge
  @Option(help: "Seed of the choice of documents.")
  var seed: UInt64 = 42
  @Option(help: "Field of jsonl files that holds the text.")
  var textField = "text"
  @Option(help: "text or json.")
  var format = OutputFormat.text
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard !text.isEmpty else { throw ValidationError("give at least one --text NAME=FILE") }
    guard tokens > 0, ridge >= 0 else { throw ValidationError("--tokens must be at least 1, --ridge not negative") }
  }

  func run() throws {
    Interruption.listen()
    let whole = try Checkpoint(directory: directory(base))
    // Also refuses a base that the layers do not come from.
    let layers = try AttachPlan(trained: Checkpoint(directory: directory(detached)), base: whole).layers
    let decoder = try Decoder(whole, device: compute.device)
    var fitting = BridgeFitting()
    fitting.tokens = tokens
    fitting.relativeRidge = ridge
    var reading = TokenStore.Options()
    reading.textField = textField
    let texts = try TrainingTexts(
      TextSource.list(arguments: text), checkpoint: whole.directory, vocabulary: decoder.configuration.vocabularySize,
      options: reading)
    var line = ProgressLine()
    let bridges = try fitting.fit(
      decoder, layerMap: layers,
      mixture: texts.mixture(MixtureOptions(sequenceLength: fitting.sequenceLength, seed: seed))
    ) { done, total in
      line.show("bridge", fraction: Double(done) / Double(total), details: "\(done) tokens", secondsLeft: nil)
      return !Interruption.isRequested
    }
    try BridgeFile.write(bridges, into: directory(detached))
    line.finish("bridge: \(bridges.count) fitted")
    switch format {
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      print(String(decoding: try encoder.encode(["bridges": bridges.map(\.report)]), as: UTF8.self))
    case .text:
      for bridge in bridges { print(bridge.report.line) }
    }
  }
}

extension FittedBridge.Report {
  /// The fit in one line.
  var line: String {
    let place = after < 0 ? "the embedding" : "detached layer \(after)"
    func percent(_ value: Double?) -> String { value.map { String(format: "%.1f %%", 100 * $0) } ?? "not measured" }
    return "after \(place): \(tokens) tokens, \(massiveTokens) massive ones left out; explained variance of the change "
      + "\(percent(explainedVarianceOfChange)), held out \(percent(heldOutExplainedVarianceOfChange))"
  }
}
