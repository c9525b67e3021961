import Figures
import Foundation

extension ProbeReport {
  /// The report as a page that needs nothing else: the verdict, what it rests on, and every picture with its numbers.
  public var page: Page {
    let page = ReportPage(report: self)
    return Page(
      title: "Which layers to train for \(target)", subtitle: page.subtitle, verdict: verdict,
      sections: [
        page.evidence, page.layers, page.contrast, page.parts, page.states, page.agreement, page.trials, page.controls,
        page.costs, page.method,
      ].compactMap { $0 })
  }
}

/// The sections of a report's page.
struct ReportPage {
  let report: ProbeReport

  /// The model, the languages, how much text.
  var subtitle: String {
    let name = URL(filePath: report.checkpoint.path).lastPathComponent
    let sources = report.texts.dropFirst().map(\.name).joined(separator: ", ")
    return "\(name), \(report.checkpoint.layerCount) layers · \(report.target) against \(sources) · "
      + "\(report.texts[0].documents) documents of up to \(report.settings.maximumTokens) tokens"
  }

  // MARK: What the verdict rests on

  var evidence: Page.Section {
    var blocks: [Page.Block] = report.selection.reasons.map { .paragraph($0) }
    let evidence = rankRows
    if !evidence.isEmpty {
      let layers = layerNames
      blocks.append(
        .figure(
          HeatMap(
            title: "Ranks of the layers, \(report.target)", valueLabel: "rank, \(layers.count) for the highest",
            rows: ("score", evidence.map(\.name)), columns: ("layer", layers),
            values: evidence.map { $0.ranks.map { $0 } }, range: 1...Double(max(layers.count, 2)), decimals: 0),
          caption: "How each score that layers are ranked by orders them on \(report.target). The last row is of the "
            + "weights alone, which know no language: it has no vote."))
      blocks.append(
        .figure(
          ProfileChart(
            title: "How sure the choice is", xLabel: "layer", yLabel: "share of draws",
            series: [.init("chosen", values: report.stability.selectedShares)], highlighted: report.selectedLayers),
          caption:
            "In what share of \(report.settings.resamples) draws of documents all criteria together rank a layer "
            + "among the \(report.selectedLayers.count) highest. Near 0 or 1 everywhere: the documents do not matter."))
    }
    return Page.Section("What this rests on", blocks)
  }

  /// The ranks of the layers under every ranking score, turned so that more matters more.
  private var rankRows: [(name: String, ranks: [Double])] {
    report.scores.filter { $0.score.ranks && $0.score.axis == .layers }.sorted {
      ($0.score.subject == .weights ? 1 : 0, $0.position) < ($1.score.subject == .weights ? 1 : 0, $1.position)
    }.compactMap { summary in
      guard let numbers = summary.subjects[summary.score.subject == .weights ? "weights" : report.target] else {
        return nil
      }
      let sign = summary.score.direction == .moreMattersLess ? -1.0 : 1
      return (name(summary.score), meanRanks(numbers.values.map { sign * $0 }))
    }
  }

  // MARK: Words and shapes that sections share

  var layerNames: [String] { (0..<report.checkpoint.layerCount).map(String.init) }

  var percent: String { percentage(report.settings.confidence) }

  /// A share in whole percent; the space does not break.
  func percentage(_ share: Double) -> String { "\(Int((100 * share).rounded()))\u{A0}%" }

  /// A score's name as people read it.
  func name(_ score: ScoreDescription) -> String { name(score.name) }

  /// The same, from its key.
  func name(_ key: String) -> String { Self.names[key] ?? key.replacing("_", with: " ") }

  /// What the scores that a probe brings are called, where their keys do not read well.
  private static let names = [
    "block_influence": "Block Influence", "taylor": "Taylor", "ablation_nats_per_token": "loss without the layer",
    "weight_signal": "weights above noise", "cka_neighbours": "CKA of neighbours", "cka_states": "CKA of states",
    "cka_languages": "CKA of languages", "logit_lens_kl": "logit lens", "fisher": "Fisher",
    "gradient_rms": "gradient, root mean square", "ablation_nats_per_byte": "loss without the layer, per byte",
  ]

  /// The value axis of a score's picture: its unit, of a ratio its name.
  func axisName(_ score: ScoreDescription) -> String { score.unit == "1" ? name(score) : score.unit }

  /// Scores of single texts with one number for each layer.
  func layerScores(_ isWanted: (ScoreDescription) -> Bool) -> [ScoreSummary] {
    report.scores.filter { $0.score.subject == .text && $0.score.axis == .layers && isWanted($0.score) }
  }

  /// The numbers of a subject as a row of a chart.
  func series(_ name: String, _ numbers: ScoreSummary.Numbers) -> ProfileChart.Series {
    ProfileChart.Series(name, values: numbers.values, intervals: intervals(numbers.lower, numbers.upper))
  }

  func intervals(_ lower: [Double]?, _ upper: [Double]?) -> [ClosedRange<Double>?]? {
    guard let lower, let upper else { return nil }
    return zip(lower, upper).map { $0...$1 }
  }

  /// The first letter of a sentence.
  func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}
