/// Estimates with their intervals in rows under each other, such as the gain of several candidates.
public struct ForestChart: Figure {
  /// One estimate.
  public struct Row: Sendable, Hashable {
    /// What it is of.
    public let name: String
    /// A value for each series, nil where nothing was measured.
    public let values: [DotChart.Value?]
    /// Whether to point it out.
    public let isHighlighted: Bool

    /// A row of values by series.
    public init(_ name: String, values: [DotChart.Value?], isHighlighted: Bool = false) {
      self.name = name
      self.values = values
      self.isHighlighted = isHighlighted
    }
  }

  /// What the picture shows.
  public let title: String
  /// The name of the axis with its unit.
  public let xLabel: String
  /// What the values of a row are called.
  public let series: [String]
  /// The rows, from the top.
  public let rows: [Row]
  /// A value to compare with, drawn as a line from top to bottom; nil for none.
  public let reference: Double?
  /// Digits behind the point of the values written at the right.
  public let decimals: Int

  /// A chart of estimates.
  /// - Precondition: Every row has a value, or nil, for each series.
  public init(
    title: String, xLabel: String, series: [String], rows: [Row], reference: Double? = nil, decimals: Int = 3
  ) {
    for row in rows { precondition(row.values.count == series.count, "\(row.name): \(row.values.count) values") }
    self.title = title
    self.xLabel = xLabel
    self.series = series
    self.rows = rows
    self.reference = reference
    self.decimals = decimals
  }

  /// Every value in words.
  public var summary: String {
    let lines = rows.map { row in
      let values = zip(series, row.values).map { name, value in
        (series.count > 1 ? "\(name) " : "") + (value.map(text) ?? "not measured")
      }
      return "\(row.name): \(values.joined(separator: ", "))."
    }
    return (["Estimates of \(xLabel) with intervals."] + lines).joined(separator: " ")
  }

  func text(_ value: DotChart.Value) -> String {
    let interval = value.interval.map {
      " (\(decimalText($0.lowerBound, decimals: decimals)) to \(decimalText($0.upperBound, decimals: decimals)))"
    }
    return decimalText(value.value, decimals: decimals) + (interval ?? "")
  }

  /// A row for each estimate; values and intervals of each series.
  public var table: Table {
    let columns =
      [Table.Column("")]
      + series.flatMap { name in
        [name, "\(name), from", "\(name), to"].map { Table.Column($0, decimals: decimals + 1) }
      }
    return Table(
      columns: columns,
      rows: rows.map { row in
        [.text(row.name)]
          + row.values.flatMap { value -> [Table.Cell] in
            [value?.value, value?.interval?.lowerBound, value?.interval?.upperBound].map {
              $0.map { .number($0) } ?? .missing
            }
          }
      })
  }

  /// 760 units wide, taller with every row.
  public var size: (width: Double, height: Double) {
    (760, Self.top(series.count) + Double(rows.count) * pitch + 58)
  }

  /// Room for each row.
  var pitch: Double { series.count > 1 ? 18 * Double(series.count) + 8 : 30 }

  static func top(_ series: Int) -> Double { series > 1 ? 34 : 12 }
}
