import Figures

extension ReportPage {
  /// How everything was made, and what was typed.
  var method: Page.Section {
    Page.Section(
      "How this was made",
      [
        .paragraph(
          "Each document is scored alone behind the prefix token, which counts in no mean. A score is the mean over documents "
            + "of the document's mean over tokens. Intervals of \(percent) come from drawing whole documents anew "
            + "(studentised bootstrap, \(report.settings.resamples) draws); those of similarities between states from leaving "
            + "each document out (jackknife)."),
        .paragraph(
          "Target and source are compared pair by pair of documents. p-values come from \(report.settings.flips) random flips of "
            + "the pairs' signs, each against the greatest of all layers' statistics (max-T), so that the level "
            + "\(percentage(report.settings.level)) is that of any false alarm among all layers."),
        .paragraph(
          "The choice follows a fixed rule: a set of layers that short trials found better than first and last beyond chance; "
            + "else, without trials, the layers with the highest sum of ranks, if the criteria agree (Kendall's W beyond chance "
            + "and a mean rank correlation of at least \(LayerChoice.agreementNeeded)) and halves of the text make the same "
            + "choice (mean Jaccard index of at least \(LayerChoice.stabilityNeeded)); else first and last. Asked for: "
            + "\(report.settings.budget)."),
        .table(
          criteria,
          caption:
            "The scores; those of attention and MLP alone are in report.json. Variants of a ranking score have no vote "
            + "of their own."),
        .facts(facts), .command(report.command.map(quoted).joined(separator: " ")),
      ])
  }

  private var criteria: Table {
    Table(
      columns: [.init("score"), .init("what it is"), .init("unit"), .init("from"), .init("ranks")],
      rows: report.scores.filter { $0.score.part == .whole }.map { summary in
        [
          .text(name(summary.score)), .text(summary.score.description), .text(summary.score.unit),
          .text(summary.score.source), .text(summary.score.ranks ? "yes" : ""),
        ]
      })
  }

  private var facts: [(name: String, value: String)] {
    let files = report.checkpoint.hashes.sorted { $0.key < $1.key }
    return [
      ("model", report.checkpoint.path), ("layers", String(report.checkpoint.layerCount)),
      ("weights", String(report.checkpoint.parameters)),
    ]
      + report.texts.map {
        (
          "\($0.role) \($0.name)",
          "\($0.documents) documents, \($0.tokens) tokens, \($0.bytes) bytes"
            + ($0.emptyDocuments > 0 ? ", \($0.emptyDocuments) empty ones left out" : "")
        )
      } + [("documents cut at", "\(report.settings.maximumTokens) tokens"), ("seed", String(report.seed))]
      + files.map { ("SHA-256 of \($0.key)", $0.value) }
  }

  /// A word as a shell takes it.
  private func quoted(_ word: String) -> String {
    let isPlain = !word.isEmpty && word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:,@+%".contains($0) }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
