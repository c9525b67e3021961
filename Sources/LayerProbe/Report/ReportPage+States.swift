import Figures

extension ReportPage {
  /// The residual stream between layers: how alike states are, to each other and between languages.
  var states: Page.Section? {
    let blocks =
      [similarityMap] + [
        contrastProfile(
          "cka_languages", "Similarity of \(report.target) and the source, state by state",
          "High where the model works on what is said, low where it reads and writes a language."),
        contrastProfile(
          "retrieval", "Parallel documents that find each other",
          "1: every document is nearer to its translation than to any other document of that language."),
        contrastProfile(
          "gradient_conflict", "Gradients of \(report.target) and the source",
          "Below 0 a step that helps one hurts the other."),
        lens,
      ]
    let shown = blocks.compactMap { $0 }
    guard !shown.isEmpty else { return nil }
    return Page.Section(
      "Inside the model",
      [
        .paragraph(
          "State 0 is what the embedding gives, state l what layer l reads, and the last state what the last layer leaves, "
            + "before the final norm.")
      ] + shown)
  }

  private var similarityMap: Page.Block? {
    guard let summary = report.criteria["cka_states"], let numbers = summary.subjects[report.target] else { return nil }
    let states = report.checkpoint.layerCount + 1
    let names = (0..<states).map(String.init)
    let rows = (0..<states).map { row in (0..<states).map { numbers.values[row * states + $0] as Double? } }
    return .figure(
      HeatMap(
        title: "Similarity of the states to each other, \(report.target)", valueLabel: "debiased linear CKA",
        rows: ("state", names), columns: ("state", names), values: rows, decimals: 2),
      caption:
        "\(capitalized(summary.score.description)) (\(summary.score.source)). Blocks of one colour are runs of layers "
        + "that change little.\(widest(numbers))")
  }

  /// How far the intervals of a matrix reach, where a picture cannot show them.
  private func widest(_ numbers: ScoreSummary.Numbers) -> String {
    guard let lower = numbers.lower, let upper = numbers.upper else { return "" }
    let reaches = zip(lower, upper).map { ($1 - $0) / 2 }.sorted()
    return " Half the width of the \(percent) intervals (jackknife over documents): median "
      + "\(rounded(reaches[reaches.count / 2])), at most \(rounded(reaches[reaches.count - 1])); report.json has each."
  }

  /// A contrast's own values, by source text.
  private func contrastProfile(_ key: String, _ title: String, _ meaning: String) -> Page.Block? {
    guard let summary = report.criteria[key], summary.score.subject == .contrast else { return nil }
    let rows = report.texts.dropFirst().compactMap { text in
      summary.subjects[text.name].map { series(text.name, $0) }
    }
    guard !rows.isEmpty else { return nil }
    return .figure(
      ProfileChart(
        title: title, xLabel: summary.score.axis == .states ? "state" : "layer", yLabel: name(summary.score),
        series: rows, highlighted: summary.score.axis == .layers ? report.selectedLayers : []),
      caption: "\(capitalized(summary.score.description)). \(meaning) Bands: \(percent) intervals.")
  }

  private var lens: Page.Block? {
    guard let summary = report.criteria["logit_lens_kl"] else { return nil }
    return .figure(
      ProfileChart(
        title: "Where the prediction is made", xLabel: "state", yLabel: "divergence (nats)",
        series: report.texts.compactMap { text in summary.subjects[text.name].map { series(text.name, $0) } }),
      caption: "\(capitalized(summary.score.description)) (logit lens). Large early values say only that early states "
        + "are in a basis of their own. Bands: \(percent) intervals.")
  }

  func rounded(_ value: Double) -> String { String(format: "%.2f", value) }
}
