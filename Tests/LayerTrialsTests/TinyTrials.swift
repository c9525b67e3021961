import Checkpoints
import Corpora
import Decoders
import Foundation
import LayerProbe
import LayerTrials
import TestSupport
import Tokenizers

/// A tiny model with texts in two languages, of which the first four documents count as scored.
struct TinyTrials {
  let checkpoint: Checkpoint
  let device = CPUDevice(threads: 2)
  let directory: URL
  /// The target's documents are parallel to nothing; 300 each.
  let sources: [TextSource]

  static let scored = 4

  /// Makes everything in a temporary directory that lives as long as `body` runs.
  static func with(layers: Int = 4, _ body: (TinyTrials) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      let model = directory.appending(path: "model")
      try writeTinyCheckpoint(to: model, layers: layers)
      let words = [("de", ["der", "die", "Zeile", "Tabelle"]), ("en", ["the", "row", "select", "table"])]
      let sources = try words.map { name, words in
        let file = directory.appending(path: "\(name).jsonl")
        try writeTinyText(words, to: file)
        return TextSource(name: name, path: file.path)
      }
      try body(
        TinyTrials(checkpoint: Checkpoint(directory: model), directory: directory, sources: sources))
    }
  }

  func texts(_ sources: [TextSource]? = nil, heldOut: TrialTexts.HeldOut = .init()) throws -> TrialTexts {
    let tokenizer = try Tokenizer(directory: checkpoint.directory)
    let hash = try tokenizerHash(in: checkpoint.directory)
    let stores = try (sources ?? self.sources).map {
      try TokenStore($0, tokenizer: tokenizer, tokenizerHash: hash, vocabulary: 258)
    }
    return try TrialTexts(
      stores, scored: Self.scored, heldOut: heldOut, maximumTokens: 24, tokenizer: tokenizer,
      specialTokens: SpecialTokens(directory: checkpoint.directory, tokenizer: tokenizer))
  }

  /// Trials with rows that fit the model.
  func options(minutes: Double) -> TrialOptions {
    var options = TrialOptions(minutes: minutes)
    options.sequenceLength = 32
    options.bridgeTokens = 256
    options.learningRate = 1e-2
    return options
  }
}
