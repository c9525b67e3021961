import Figures

extension ReportPage {
  /// What short training gave, and which criteria foretold it.
  var trials: Page.Section? {
    guard let trials = report.trials, let verdict = report.trialVerdict else {
      return Page.Section(
        "Short trials",
        [
          .paragraph(
            "None were run. Scores are proxies: whether training these layers helps is known only from training them. "
              + "--trial-minutes MINUTES tries this choice, first and last layers, those of each criterion and random "
              + "ones.")
        ])
    }
    var blocks: [Page.Block] = [
      .paragraph(
        "\(trials.candidates.count) sets of layers were detached, trained, put back and aligned with the same tokens, in "
          + "\(trials.settings.detachedTokens.count) rounds of which each keeps the better half; first and last layers stay "
          + "to the end. Held-out documents: \(trials.base.target.count) of \(report.target), \(trials.base.source.count) of "
          + "the source."),
      .figure(gains(trials, verdict), caption: gainsCaption(trials)),
      .table(table(trials), caption: tableCaption(trials)),
    ]
    if let predictions = report.predictions, !predictions.isEmpty { blocks.append(figure(predictions, trials)) }
    return Page.Section("Short trials", blocks)
  }

  private func label(_ candidate: TrialResults.Candidate) -> String {
    let layers =
      candidate.layers.count > 6
      ? candidate.layers.prefix(5).map(String.init).joined(separator: ",") + ",…"
      : candidate.layers.map(String.init).joined(separator: ", ")
    return "\(layers) (\(origins(candidate)))"
  }

  /// Why a set was tried, with the criteria by their names.
  private func origins(_ candidate: TrialResults.Candidate) -> String {
    let byCriterion = "best by "
    return candidate.origins.map { origin in
      origin.hasPrefix(byCriterion) ? byCriterion + name(String(origin.dropFirst(byCriterion.count))) : origin
    }.joined(separator: ", ")
  }

  private func gains(_ trials: TrialResults, _ verdict: TrialVerdict) -> ForestChart {
    let rows = zip(trials.candidates, verdict.gains).sorted { $0.1.target > $1.1.target }.map { candidate, gain in
      ForestChart.Row(
        shortened(label(candidate)),
        values: [
          DotChart.Value(gain.target, interval: gain.targetInterval[0]...gain.targetInterval[1]),
          DotChart.Value(gain.source, interval: gain.sourceInterval[0]...gain.sourceInterval[1]),
        ], isHighlighted: candidate.layers == report.selectedLayers)
    }
    return ForestChart(
      title: "Gain of the aligned model after the first round", xLabel: "gain (bits per byte)",
      series: [report.target, report.texts.count > 1 ? report.texts[1].name : "source"], rows: rows, reference: 0,
      decimals: 4)
  }

  private func shortened(_ text: String) -> String { text.count > 40 ? text.prefix(39) + "…" : text }

  private func gainsCaption(_ trials: TrialResults) -> String {
    "Bits per byte of held-out documents, the base less the aligned model; more is better. "
      + "\(trials.settings.detachedTokens[0]) tokens detached and \(trials.settings.alignmentTokens[0]) aligned. Bars: "
      + "\(percent) intervals over documents, one training run each: another order of the text would differ too."
  }

  private func table(_ trials: TrialResults) -> Table {
    let rounds = trials.settings.detachedTokens.count
    let columns =
      [Table.Column("layers"), Table.Column("why"), Table.Column("weights", decimals: 0)]
      + (0..<rounds).flatMap { round in
        ["detached", "re-attached", "aligned"].map { Table.Column("\($0), round \(round + 1)", decimals: 4) }
      }
    let rows = trials.candidates.map { candidate -> [Table.Cell] in
      [
        .text(candidate.layers.map(String.init).joined(separator: ", ")),
        .text(origins(candidate)),
        .number(Double(candidate.parameters)),
      ]
        + (0..<rounds).flatMap { round -> [Table.Cell] in
          guard round < candidate.rounds.count else { return [.missing, .missing, .missing] }
          let losses = candidate.rounds[round]
          return [losses.detached, losses.reattached, losses.aligned].map { .number($0.targetMean) }
        }
    }
    return Table(columns: columns, rows: rows)
  }

  private func tableCaption(_ trials: TrialResults) -> String {
    "Bits per byte of \(report.target): the detached stack alone, the whole model with the trained layers back, and aligned. "
      + "The model as it came has \(String(format: "%.4f", trials.base.targetMean))."
  }

  private func figure(_ predictions: [TrialPrediction], _ trials: TrialResults) -> Page.Block {
    let rows = predictions.map { prediction in
      ForestChart.Row(
        name(prediction.criterion),
        values: [prediction.aligned, prediction.reattached].map { correlation in
          correlation.map { DotChart.Value($0.value, interval: $0.interval.map { $0[0]...$0[1] }) }
        })
    }
    return .figure(
      ForestChart(
        title: "Did the criteria foretell the gain?", xLabel: "rank correlation with the gain",
        series: ["aligned", "re-attached"],
        rows: rows, reference: 0, decimals: 2),
      caption:
        "Over the \(trials.candidates.count) sets of the first round: the sum of the criterion's ranks of a set's layers "
        + "against the set's gain on \(report.target). Few sets give wide intervals (Fieller's, sets taken as independent)."
    )
  }
}
