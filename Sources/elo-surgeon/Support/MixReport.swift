import Corpora
import ELOTrain
import Foundation
import JSONText

extension MixExport {
  /// Writes a mix behind a progress bar, then warns of what was wrong with the texts.
  init(
    _ sources: [TextSource], checkpoint: URL, textField: String, seed: UInt64, shuffleBuffer: Int, tokens: Int,
    to file: URL, label: String
  ) throws {
    var line = ProgressLine()
    try self.init(
      sources, checkpoint: checkpoint, textField: textField, seed: seed, shuffleBuffer: shuffleBuffer, tokens: tokens,
      to: file
    ) { done in
      line.show(
        label, fraction: min(1, Double(done) / Double(tokens)), details: "\(done) tokens", secondsLeft: nil)
      return !Interruption.isRequested
    }
    line.finish("\(label): \(self.tokens) tokens")
    for warning in warnings { Transfer.warn("warning: \(warning)") }
  }

  /// What was written of each text, a line each.
  var lines: [String] {
    texts.map {
      String(
        format: "%@: %ld documents, %ld tokens, %.2f %% of all (asked for: %.2f %%)", $0.name, $0.documents, $0.tokens,
        100 * Double($0.tokens) / Double(tokens), 100 * $0.share)
    }
  }

  /// The same as data.
  var json: JSONValue {
    [
      "texts": .array(
        texts.map {
          [
            "name": .string($0.name), "share": .number($0.share), "documents": .integer($0.documents),
            "tokens": .integer($0.tokens),
          ]
        })
    ]
  }
}
