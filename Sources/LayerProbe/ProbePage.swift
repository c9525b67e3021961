import Figures

extension ProbeReport {
  /// The report as a page: the choice, each score by layer with its intervals, how far criteria agree, the settings.
  /// - Parameters:
  ///   - command: what was typed.
  ///   - scores: the scores in the order to show them; those of this report.
  public func page(command: String, scores: [ScoreDescription]) -> Page {
    Page(
      title: "Which layers matter", subtitle: checkpoint.path, verdict: verdict,
      sections: [
        Page.Section("Scores by layer", scores.flatMap(blocks)),
        Page.Section("Agreement of the criteria", agreementBlocks),
        Page.Section(
          "All means", texts.map { .table(meansTable(of: $0.name, scores), caption: "\($0.name), mean over documents") }
        ),
        Page.Section("How this was made", [.facts(facts), .command(command)]),
      ])
  }

  private func blocks(of description: ScoreDescription) -> [Page.Block] {
    guard let criterion = criteria[description.name], criterion.ranks else { return [] }
    let series = texts.map { text in
      DotChart.Series(
        text.name,
        values: zip(criterion.layers[text.name] ?? [], criterion.intervals[text.name] ?? []).map {
          DotChart.Value($0, interval: $1[0]...$1[1])
        })
    }
    let percent = Int((100 * bootstrap.confidence).rounded())
    return [
      .figure(
        DotChart(
          title: description.name, yLabel: criterion.unit, categories: (0..<checkpoint.layers).map(String.init),
          series: series, decimals: 4),
        caption: "\(criterion.description). Lines: \(percent) % intervals over documents.")
    ]
  }

  private var agreementBlocks: [Page.Block] {
    [
      .figure(
        HeatMap(
          title: "Rank correlation between criteria", valueLabel: "Spearman correlation on \(agreement.text)",
          rows: ("criterion", agreement.criteria), columns: ("criterion", agreement.criteria),
          values: agreement.spearman, colors: .diverging(middle: 0)),
        caption: "1: the same order of layers, -1: the reverse. Below \(LayerChoice.agreementNeeded) on average no "
          + "ranking is used.")
    ]
  }

  private func meansTable(of text: String, _ scores: [ScoreDescription]) -> Table {
    let rows = (0..<checkpoint.layers).map { layer -> [Table.Cell] in
      let values = scores.map { criteria[$0.name]?.layers[text].map { Table.Cell.number($0[layer]) } ?? .missing }
      return [.text(String(layer)), .text(selectedLayers.contains(layer) ? "yes" : "")] + values
    }
    return Table(
      columns: [Table.Column("layer"), Table.Column("selected")] + scores.map { Table.Column($0.name, decimals: 5) },
      rows: rows)
  }

  private var facts: [(name: String, value: String)] {
    let files = checkpoint.hashes.sorted { $0.key < $1.key }
    return texts.map {
      ("\($0.role) \($0.name)", "\($0.documents) documents, \($0.tokens) tokens, \($0.bytes) bytes")
    } + [
      ("documents cut at", "\(maximumTokens) tokens"), ("resampling", "\(bootstrap.resamples) draws, seed \(seed)"),
    ] + files.map { ("SHA-256 of \($0.key)", $0.value) }
  }
}
