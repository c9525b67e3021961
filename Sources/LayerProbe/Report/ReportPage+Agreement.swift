import Figures

extension ReportPage {
  /// How far the criteria say the same.
  var agreement: Page.Section? {
    let agreement = report.agreement
    guard agreement.criteria.count > 1 else { return nil }
    let names = agreement.criteria.map(name)
    var rows: [ForestChart.Row] = []
    if let w = agreement.w { rows.append(.init("Kendall's W", values: [value(w)])) }
    if let mean = agreement.mean { rows.append(.init("mean rank correlation", values: [value(mean)])) }
    for row in names.indices {
      for column in 0..<row {
        guard let found = agreement.spearman[row][column] else { continue }
        rows.append(.init("\(names[column]) – \(names[row])", values: [value(found)]))
      }
    }
    return Page.Section(
      "Do the criteria agree?",
      [
        .figure(
          HeatMap(
            title: "Rank correlations of the criteria, \(agreement.text)", valueLabel: "Spearman's correlation",
            rows: ("criterion", names), columns: ("criterion", names),
            values: agreement.spearman.map { $0.map { $0?.value } }, colors: .diverging(middle: 0), range: -1...1),
          caption: "1: the same order of layers; 0: nothing in common; −1: the reverse."),
        .figure(
          ForestChart(
            title: "Agreement and how sure it is", xLabel: "agreement", series: ["agreement"], rows: rows,
            reference: 0, decimals: 2),
          caption:
            "\(percent) intervals from drawing documents anew. Draws add noise to every ranking, so the intervals reach "
            + "further down than up. \(chance)"),
      ])
  }

  private var chance: String {
    report.agreement.pValue.map {
      "Unrelated criteria would agree as much with a chance of \(small($0)) (Friedman's test)."
    } ?? ""
  }

  private func value(_ value: CriteriaAgreement.Value) -> DotChart.Value {
    DotChart.Value(value.value, interval: value.interval[0]...value.interval[1])
  }

  func small(_ p: Double) -> String { p < 0.001 ? String(format: "%.0e", p) : String(format: "%.3f", p) }
}
