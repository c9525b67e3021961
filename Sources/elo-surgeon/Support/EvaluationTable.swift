import ELOTrain
import Foundation

extension EvaluationResult {
  /// A row for each text and each task, and behind them one for each comparison.
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
    let questions = (choices ?? []).map {
      padded($0.name) + String(format: "%11d", $0.questions) + share($0.accuracy) + share($0.accuracyByCharacters)
        + share($0.accuracyByBytes)
    }
    let texts = texts.isEmpty ? [] : [header] + rows
    let tasks =
      questions.isEmpty
      ? [] : ["task          questions            acc       acc_norm      acc_bytes   (± standard error)"] + questions
    return
      (texts + (texts.isEmpty || tasks.isEmpty ? [] : [""]) + tasks
      + (comparisons.isEmpty ? [] : ["", "against the other model"]) + comparisons)
      .joined(separator: "\n")
  }

  private func padded(_ name: String) -> String {
    name.padding(toLength: max(12, name.count), withPad: " ", startingAt: 0)
  }

  private func share(_ share: ChoiceScore.Share) -> String {
    String(format: "%8.4f", share.value) + (share.standardError.map { String(format: "±%.4f", $0) } ?? "       ")
  }

  private func reach(_ interval: DocumentInterval?) -> String {
    interval.map { String(format: "  ±%.4f", $0.reach) } ?? ""
  }
}
