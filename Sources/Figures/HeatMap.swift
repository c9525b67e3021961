/// Numbers of a grid as colours, such as the similarity of each layer to each other one.
public struct HeatMap: Figure {
  /// What the colours stand for.
  public enum Colors: Sendable, Hashable {
    /// More of something: dark to light.
    case sequential
    /// Less or more than a middle, which has the palest colour.
    case diverging(middle: Double)
  }

  /// What the picture shows.
  public let title: String
  /// What the numbers are, with their unit.
  public let valueLabel: String
  /// The name of the rows and what each is called.
  public let rows: (label: String, names: [String])
  /// The name of the columns and what each is called.
  public let columns: (label: String, names: [String])
  /// The numbers by row and column, nil where there is none.
  public let values: [[Double?]]
  /// What the colours stand for.
  public let colors: Colors
  /// Digits behind the point of the numbers in the cells.
  public let decimals: Int

  /// A heat map.
  /// - Parameter range: the numbers at the ends of the colours; what the values reach when nil.
  /// - Precondition: There are as many rows and columns of values as names.
  public init(
    title: String, valueLabel: String, rows: (label: String, names: [String]),
    columns: (label: String, names: [String]), values: [[Double?]], colors: Colors = .sequential,
    range: ClosedRange<Double>? = nil, decimals: Int = 2
  ) {
    precondition(values.count == rows.names.count, "\(values.count) rows for \(rows.names.count) names")
    for row in values {
      precondition(row.count == columns.names.count, "\(row.count) for \(columns.names.count) names")
    }
    self.title = title
    self.valueLabel = valueLabel
    self.rows = rows
    self.columns = columns
    self.values = values
    self.colors = colors
    self.decimals = decimals
    let reached = Self.range(of: values.joined().compactMap { $0 }.filter(\.isFinite), colors)
    self.range = range ?? reached
    let longestName = rows.names.map { estimatedWidth($0, fontSize: PlotFrame.fontSize) }.max() ?? 0
    self.rowNameWidth = min(200, longestName + 10)
    let width = min(44, (760 - rowNameWidth - 8) / Double(max(columns.names.count, 1)))
    self.cell = (width, min(30, max(width, 9)))
  }

  /// The numbers that can be shown, with their places.
  private var shown: [(value: Double, row: Int, column: Int)] {
    values.enumerated().flatMap { r, row in
      row.enumerated().compactMap { c, value in
        value.flatMap { $0.isFinite ? (value: $0, row: r, column: c) : nil }
      }
    }
  }

  /// Where the numbers are lowest and highest.
  public var summary: String {
    let grid =
      "Heat map of \(valueLabel), \(rows.names.count) rows (\(rows.label)) by \(columns.names.count) columns "
      + "(\(columns.label))."
    guard let low = shown.min(by: { $0.value < $1.value }), let high = shown.max(by: { $0.value < $1.value }) else {
      return grid + " No values."
    }
    func place(_ cell: (value: Double, row: Int, column: Int)) -> String {
      "\(readableText(cell.value)) at \(rows.names[cell.row]), \(columns.names[cell.column])"
    }
    return grid + " Lowest \(place(low)); highest \(place(high))."
  }

  /// The grid itself.
  public var table: Table {
    Table(
      columns: [.init(rows.label)] + columns.names.map { .init($0, decimals: decimals + 2) },
      rows: values.indices.map { r in
        [.text(rows.names[r])] + values[r].map { $0.map { .number($0) } ?? Table.Cell.missing }
      })
  }

  /// The numbers at the ends of the colours; even around the middle of diverging ones.
  package let range: ClosedRange<Double>
  /// Cells are at most 44 units wide and 30 high.
  let cell: (width: Double, height: Double)
  let rowNameWidth: Double

  private static func range(of values: [Double], _ colors: Colors) -> ClosedRange<Double> {
    guard let low = values.min(), let high = values.max() else { return 0...1 }
    switch colors {
    case .sequential: return low < high ? low...high : low...(low + 1)
    case .diverging(let middle):
      let reach = max(high - middle, middle - low)
      return (middle - (reach > 0 ? reach : 1))...(middle + (reach > 0 ? reach : 1))
    }
  }

  var ramp: ColorRamp { colors == .sequential ? .sequential : .diverging }

  /// The room above the cells: the scale of colours and the name of the rows.
  static let top = 84.0

  /// The width of the columns' longest name.
  var columnNameWidth: Double { columns.names.map { estimatedWidth($0, fontSize: PlotFrame.fontSize) }.max() ?? 0 }

  /// Whether the columns' names stand aslant: those of a few columns that are narrower than their names.
  ///
  /// Of many columns only some are named.
  var namesAreSlanted: Bool { columns.names.count <= 16 && columnNameWidth + 6 > cell.width }

  /// The room that the columns' names take below the cells.
  var columnNameHeight: Double { namesAreSlanted ? 14 + columnNameWidth * 0.66 : 22 }

  /// 760 units wide, as tall as its rows need.
  public var size: (width: Double, height: Double) {
    (760, Self.top + Double(rows.names.count) * cell.height + columnNameHeight + 28)
  }
}
