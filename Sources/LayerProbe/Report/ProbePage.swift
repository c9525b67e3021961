import Figures

extension ProbeReport {
  /// The report as a page: the choice, each score by layer with its intervals, how far criteria agree, the settings.
  public var page: Page {
    Page(
      title: "Which layers matter", subtitle: checkpoint.path, verdict: verdict,
      sections: [
        Page.Section("What this rests on", selection.reasons.map { .paragraph($0) }),
        Page.Section("Scores by layer", scores.flatMap(blocks)),
        Page.Section("Agreement of the criteria", agreementBlocks),
        Page.Section(
          "All values",
          texts.map { .table(valuesTable(of: $0.name), caption: "\($0.name), mean over documents") }
        ),
        Page.Section("How this was made", [.facts(facts), .command(command.joined(separator: " "))]),
      ])
  }

  private func blocks(of summary: ScoreSummary) -> [Page.Block] {
    guard summary.score.ranks, summary.score.subject == .text, summary.score.axis == .layers else { return [] }
    let layers = (0..<checkpoint.layerCount).map(Double.init)
    let chart = LineChart(
      title: summary.score.name, xLabel: "layer", yLabel: summary.score.unit,
      series: texts.map { LineChart.Series($0.name, x: layers, y: summary.subjects[$0.name]?.values ?? []) })
    let percent = Int((100 * settings.confidence).rounded())
    return [
      .figure(chart, caption: "\(summary.score.description); mean over documents."),
      .table(
        intervalTable(of: summary),
        caption: "\(percent) % intervals over documents, and the share of draws in which the layer is among the "
          + "\(selectedLayers.count) highest"),
    ]
  }

  private func intervalTable(of summary: ScoreSummary) -> Table {
    let rows = (0..<checkpoint.layerCount).map { layer in
      [Table.Cell.text(String(layer))]
        + texts.flatMap { text -> [Table.Cell] in
          guard let numbers = summary.subjects[text.name] else { return [.missing, .missing, .missing] }
          return [numbers.lower, numbers.upper, numbers.topShares].map { $0.map { .number($0[layer]) } ?? .missing }
        }
    }
    let columns = texts.flatMap { text in
      [Table.Column("\(text.name) from"), Table.Column("to"), Table.Column("among the highest", decimals: 2)]
    }
    return Table(columns: [Table.Column("layer")] + columns, rows: rows)
  }

  private var agreementBlocks: [Page.Block] {
    let rows = zip(agreement.criteria, agreement.spearman).map { name, correlations in
      [Table.Cell.text(name)] + correlations.map { $0.map { .number($0.value) } ?? .missing }
    }
    let columns = [Table.Column("criterion")] + agreement.criteria.map { Table.Column($0, decimals: 2) }
    return [
      .table(
        Table(columns: columns, rows: rows),
        caption:
          "Spearman correlation between the layers' means on \(agreement.text). 1: the same order of layers, -1: "
          + "the reverse.")
    ]
  }

  private func valuesTable(of text: String) -> Table {
    let shown = scores.filter { $0.score.subject == .text && $0.score.axis == .layers }
    let rows = (0..<checkpoint.layerCount).map { layer -> [Table.Cell] in
      let values = shown.map { $0.subjects[text].map { Table.Cell.number($0.values[layer]) } ?? .missing }
      return [.text(String(layer)), .text(selectedLayers.contains(layer) ? "yes" : "")] + values
    }
    return Table(
      columns: [Table.Column("layer"), Table.Column("selected")]
        + shown.map { Table.Column($0.score.name, decimals: 5) },
      rows: rows)
  }

  private var facts: [(name: String, value: String)] {
    let files = checkpoint.hashes.sorted { $0.key < $1.key }
    return texts.map {
      ("\($0.role) \($0.name)", "\($0.documents) documents, \($0.tokens) tokens, \($0.bytes) bytes")
    } + [
      ("documents cut at", "\(settings.maximumTokens) tokens"),
      ("resampling", "\(settings.resamples) draws, seed \(seed)"),
    ] + files.map { ("SHA-256 of \($0.key)", $0.value) }
  }
}
