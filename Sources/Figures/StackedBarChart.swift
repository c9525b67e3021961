/// Horizontal bars cut into parts, such as the time of each stage of a run.
public struct StackedBarChart: Figure {
  /// One bar.
  public struct Bar: Sendable, Hashable {
    /// What the bar is called; empty where there is only one.
    public let name: String
    /// The length of each part, nil where there is none.
    public let values: [Double?]

    /// A bar.
    public init(_ name: String, values: [Double?]) {
      self.name = name
      self.values = values
    }
  }

  /// What the picture shows.
  public let title: String
  /// The name of the axis with its unit.
  public let xLabel: String
  /// What the parts are called, in their order from the left.
  public let parts: [String]
  /// The bars, from the top.
  public let bars: [Bar]
  /// Digits behind the point of the numbers in and behind the bars.
  public let decimals: Int

  /// A chart of bars.
  /// - Precondition: Every bar has a value, or nil, for each part; no value is negative.
  public init(title: String, xLabel: String, parts: [String], bars: [Bar], decimals: Int = 1) {
    for bar in bars {
      precondition(bar.values.count == parts.count, "\(bar.name): \(bar.values.count) values, \(parts.count) parts")
      precondition(bar.values.allSatisfy { $0.map { $0 >= 0 && $0.isFinite } ?? true }, "\(bar.name): \(bar.values)")
    }
    self.title = title
    self.xLabel = xLabel
    self.parts = parts
    self.bars = bars
    self.decimals = decimals
  }

  /// Bars of durations given in seconds, shown in seconds, minutes or hours, whichever suits the longest.
  public static func durations(title: String, stages: [String], runs: [Bar]) -> StackedBarChart {
    let longest = runs.map { $0.values.reduce(0) { $0 + ($1 ?? 0) } }.max() ?? 0
    let (unit, seconds): (String, Double) =
      switch longest {
      case ..<120: ("seconds", 1)
      case ..<7200: ("minutes", 60)
      default: ("hours", 3600)
      }
    return StackedBarChart(
      title: title, xLabel: "time (\(unit))", parts: stages,
      bars: runs.map { Bar($0.name, values: $0.values.map { $0.map { $0 / seconds } }) })
  }

  /// Every part of every bar in words.
  public var summary: String {
    let lines = bars.map { bar in
      let values = zip(parts, bar.values).compactMap { part, value in
        value.map { "\(part) \(decimalText($0, decimals: decimals))" }
      }
      let total = decimalText(total(bar), decimals: decimals)
      return (bar.name.isEmpty ? "" : "\(bar.name): ") + values.joined(separator: ", ") + "; together \(total)."
    }
    return (["Stacked bars of \(xLabel)."] + lines).joined(separator: " ")
  }

  /// A row per part, a column per bar, the sums below.
  public var table: Table {
    let columns = [Table.Column("")] + bars.map { .init($0.name.isEmpty ? xLabel : $0.name, decimals: decimals + 1) }
    let rows = parts.indices.map { part in
      [.text(parts[part])] + bars.map { $0.values[part].map { .number($0) } ?? Table.Cell.missing }
    }
    return Table(columns: columns, rows: rows + [[.text("together")] + bars.map { .number(total($0)) }])
  }

  func total(_ bar: Bar) -> Double { bar.values.reduce(0) { $0 + ($1 ?? 0) } }

  /// 760 units wide, taller with every bar.
  public var size: (width: Double, height: Double) {
    (760, legendHeight + Double(bars.count) * Self.barPitch + 54)
  }

  static let barPitch = 44.0
  static let barHeight = 30.0
  var legendHeight: Double {
    Double(PlotFrame.legendPlaces(parts, width: 760).rows) * (PlotFrame.lineHeight + 3) + 12
  }
}
