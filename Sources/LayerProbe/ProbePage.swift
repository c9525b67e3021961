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
    let layers = (0..<checkpoint.layers).map(Double.init)
    let chart = LineChart(
      title: description.name, xLabel: "layer", yLabel: criterion.unit,
      series: texts.map { LineChart.Series($0.name, x: layers, y: criterion.layers[$0.name] ?? []) })
    let percent = Int((100 * bootstrap.confidence).rounded())
    return [
      .figure(chart, caption: "\(criterion.description); mean over documents."),
      .table(
        intervalTable(of: criterion),
        caption: "\(percent) % intervals over documents, and the share of draws in which the layer is among the "
          + "\(selectedLayers.count) highest"),
    ]
  }

  private func intervalTable(of criterion: CriterionSummary) -> Table {
    let rows = (0..<checkpoint.layers).map { layer in
      [Table.Cell.text(String(layer))]
        + texts.flatMap { text -> [Table.Cell] in
          guard let interval = criterion.intervals[text.name]?[layer],
            let share = criterion.topShares[text.name]?[layer]
          else { return [.missing, .missing, .missing] }
          return [.number(interval[0]), .number(interval[1]), .number(share)]
        }
    }
    let columns = texts.flatMap { text in
      [Table.Column("\(text.name) from"), Table.Column("to"), Table.Column("among the highest", decimals: 2)]
    }
    return Table(columns: [Table.Column("layer")] + columns, rows: rows)
  }

  private var agreementBlocks: [Page.Block] {
    let rows = zip(agreement.criteria, agreement.spearman).map { name, correlations in
      [Table.Cell.text(name)] + correlations.map { $0.map { .number($0) } ?? .missing }
    }
    let columns = [Table.Column("criterion")] + agreement.criteria.map { Table.Column($0, decimals: 2) }
    return [
      .table(
        Table(columns: columns, rows: rows),
        caption:
          "Spearman correlation between the layers' means on \(agreement.text). 1: the same order of layers, -1: "
          + "the reverse. Below \(LayerChoice.agreementNeeded) on average no ranking is used.")
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
