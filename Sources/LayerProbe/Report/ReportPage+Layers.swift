import Figures

extension ReportPage {
  /// Every ranking score by layer, target and sources together.
  var layers: Page.Section? {
    let blocks = layerScores(\.ranks).map { summary -> Page.Block in
      let rows = report.texts.compactMap { text in summary.subjects[text.name].map { series(text.name, $0) } }
      return .figure(
        ProfileChart(
          title: capitalized(name(summary.score)), xLabel: "layer", yLabel: axisName(summary.score), series: rows,
          highlighted: report.selectedLayers),
        caption: caption(summary))
    }
    return blocks.isEmpty ? nil : Page.Section("Layer by layer", blocks)
  }

  private func caption(_ summary: ScoreSummary) -> String {
    let documents = summary.subjects[report.target]?.documents?.count ?? 0
    let sensitivity = summary.subjects[report.target]?.sensitivity
    let halves =
      sensitivity.map { sensitivity in
        " Halves of \(report.target) share \(percentage(sensitivity.meanJaccard)) of their highest layers on average"
          + (sensitivity.meanCorrelation.map { ", and order the layers with a rank correlation of \(rounded($0))." }
            ?? ".")
      } ?? ""
    let source = summary.score.source.isEmpty ? "" : " (\(summary.score.source))"
    return "\(capitalized(summary.score.description))\(source). Mean over \(documents) documents of each text; bands: "
      + "\(percent) intervals.\(halves)"
  }

  /// Where target and source differ.
  var contrast: Page.Section? {
    var blocks: [Page.Block] = []
    for source in report.texts.dropFirst().map(\.name) {
      for summary in layerScores(\.ranks) {
        guard let contrast = report.contrasts[source]?[summary.score.name] else { continue }
        blocks.append(figure(contrast, of: summary, source))
      }
    }
    guard !blocks.isEmpty else { return nil }
    let levels = report.texts.dropFirst().map { text in
      let pairing = report.pairings[text.name]
      let basis =
        switch pairing?.basis {
        case .id: "that bear the same id"
        case .order: "at the same place of their texts"
        default: "that have nothing to do with each other: the texts are not parallel"
        }
      return "\(report.target) and \(text.name) have \(pairing?.pairs ?? 0) pairs of documents \(basis)."
    }
    return Page.Section(
      "\(report.target) against \(report.texts.dropFirst().map(\.name).joined(separator: ", "))",
      [
        .paragraph(
          levels.joined(separator: " ")
            + " Shown is which share of a document's scores lies in each layer, target minus source, so that a language "
            + "whose scores are all higher does not differ. Filled marks differ beyond chance: of all layers together, one "
            + "or more are marked by chance in at most \(percentage(report.settings.level)) of cases.")
      ] + blocks)
  }

  private func figure(_ contrast: ContrastSummary, of summary: ScoreSummary, _ source: String) -> Page.Block {
    let shares = contrast.shares
    let different = Set(shares.significant(level: report.settings.level))
    let all = contrast.differences.significant(level: report.settings.level)
    return .figure(
      ProfileChart(
        title: "\(capitalized(name(summary.score))): \(report.target) − \(source)", xLabel: "layer",
        yLabel: "difference of the layer's share",
        series: [
          .init(
            "\(report.target) − \(source)", values: shares.values, intervals: intervals(shares.lower, shares.upper),
            filled: shares.values.indices.map(different.contains))
        ], highlighted: report.selectedLayers, filling: ("differs", "may be chance")),
      caption:
        "\(contrast.pairs) pairs; bands: \(percent) intervals. The scores themselves (\(contrast.unit)) differ in "
        + "\(all.count) of \(shares.values.count) layers.")
  }

  /// Attention and MLP apart.
  var parts: Page.Section? {
    let whole = layerScores { $0.part == .whole }
    let blocks = whole.compactMap { summary -> Page.Block? in
      let parts = partScores(of: summary.score)
      guard parts.count > 1 else { return nil }
      return .figure(
        ProfileChart(
          title: "\(capitalized(name(summary.score))): attention and MLP, \(report.target)", xLabel: "layer",
          yLabel: axisName(summary.score),
          series: parts.compactMap { part in
            part.subjects[report.target].map { series(part.score.part == .mlp ? "MLP" : part.score.part.rawValue, $0) }
          }, highlighted: report.selectedLayers),
        caption: "\(capitalized(parts[0].score.description)); likewise of the MLP. Bands: \(percent) intervals.")
    }
    return blocks.isEmpty ? nil : Page.Section("Attention and MLP", blocks)
  }

  /// A score's variants of a part: the same name but for the part's.
  private func partScores(of score: ScoreDescription) -> [ScoreSummary] {
    let wanted = ["relative_gradient_norm", "taylor", "ablation_nats_per_token"]
    guard wanted.contains(score.name) else { return [] }
    return layerScores { other in
      other.part != .whole && other.unit == score.unit
        && other.name.replacing("_\(other.part.rawValue)", with: "") == score.name
    }
  }
}
