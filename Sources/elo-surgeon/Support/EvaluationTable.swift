import ELOTrain
import Foundation

extension EvaluationResult {
  /// A row for each text, and behind them one for each comparison.
  var table: String {
    let header = "text          documents      tokens       bytes         nll   perplexity  bits/byte     95 %"
    let rows = texts.map { text in
      padded(text.name)
        + String(
          format: "%11d%12d%12d%12.1f%13.3f%11.4f", text.documents, text.tokens, text.bytes, text.nll, text.perplexity,
          text.bitsPerByte) + reach(text.interval)
    }
    let comparisons = (changes ?? []).map {
      padded($0.name) + String(format: "%+.4f bits/byte", $0.difference) + reach($0.interval)
    }
    return ([header] + rows + (comparisons.isEmpty ? [] : ["", "against the other model"]) + comparisons)
      .joined(separator: "\n")
  }

  private func padded(_ name: String) -> String {
    name.padding(toLength: max(12, name.count), withPad: " ", startingAt: 0)
  }

  private func reach(_ interval: DocumentInterval?) -> String {
    interval.map { String(format: "  ±%.4f", $0.reach) } ?? ""
  }
}
