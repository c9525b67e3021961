import Figures

extension ReportPage {
  /// What the analysis finds where there is nothing to find.
  var controls: Page.Section? {
    guard !report.controls.isEmpty else { return nil }
    let rows = report.controls.map { control -> [Table.Cell] in
      [
        .text(control.description), .number(Double(control.pairs)), .number(Double(control.comparisons)),
        .number(Double(control.alarms)), .number(100 * control.share), .number(100 * control.interval[0]),
        .number(100 * control.interval[1]),
      ]
    }
    let level = percentage(report.settings.level)
    return Page.Section(
      "Controls",
      [
        .paragraph(
          "What is found where nothing should be. A comparison is of all layers under one score; an alarm is one in which any "
            + "layer was called different, which should happen in at most \(level) of them."),
        .table(
          Table(
            columns: [
              .init("compared"), .init("pairs", decimals: 0), .init("comparisons", decimals: 0),
              .init("alarms", decimals: 0), .init("alarms, %", decimals: 1), .init("from", decimals: 1),
              .init("to", decimals: 1),
            ], rows: rows),
          caption:
            "\(percent) intervals of Clopper and Pearson, with the comparisons taken as independent: as they share "
            + "documents, the true ones are wider."),
      ])
  }

  /// What the chosen layers cost to train.
  var costs: Page.Section? {
    guard let costs = report.costs else { return nil }
    let rows = costs.stages.map { stage -> [Table.Cell] in
      [
        .text(stage.name), .number(Double(stage.tokens)), .number(stage.flops / 1e12), .number(stage.bytes / 1e9),
        stage.seconds.map { .text(duration($0)) } ?? .missing,
      ]
    }
    let rate = costs.rate.map {
      " Time is at the \(readable($0 / 1e9)) GFLOP/s that this machine reached in the probe's backward passes."
    }
    return Page.Section(
      "What it will cost",
      [
        .table(
          Table(
            columns: [
              .init("stage"), .init("tokens", decimals: 0), .init("TFLOP", decimals: 1),
              .init("memory (GB)", decimals: 2), .init("time"),
            ], rows: rows),
          caption:
            "For \(list(report.selectedLayers)) and a million tokens of training, a tenth of them for the alignment; the "
            + "last row is the same million tokens through the whole model. Operations are of products.\(rate ?? "") Memory: "
            + "16 bytes for each trained weight (value, gradient, two moments), frozen ones as stored, and one part of a "
            + "step's activations. The alignment is the peak.")
      ])
  }

  private func list(_ layers: [Int]) -> String { ChoiceWords(text: report.target, level: 0).list(layers) }

  private func readable(_ value: Double) -> String { String(format: "%.0f", value) }

  private func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<90: "\(Int(seconds.rounded())) s"
    case ..<5400: "\(Int((seconds / 60).rounded())) min"
    default: String(format: "%.1f h", seconds / 3600)
    }
  }
}
