/// Values along a row of places, such as the layers of a model, with how far each can be trusted.
///
/// A few places may tower over all others, as the first layer does under ablation: values far beyond the rest are drawn at
/// the edge with their number, so that the rest can be read.
public struct ProfileChart: Figure {
  /// One row of values.
  public struct Series: Sendable, Hashable {
    /// What the row is called.
    public let name: String
    /// A value for each place, nil where nothing was measured.
    public let values: [Double?]
    /// The interval of each value, nil where it has none.
    public let intervals: [ClosedRange<Double>?]
    /// Which marks are filled, such as those that chance does not explain.
    public let filled: [Bool]

    /// A row of values; all marks are filled unless said otherwise.
    /// - Precondition: There are as many intervals and fillings as values.
    public init(
      _ name: String, values: [Double?], intervals: [ClosedRange<Double>?]? = nil, filled: [Bool]? = nil
    ) {
      self.name = name
      self.values = values
      self.intervals = intervals ?? values.map { _ in nil }
      self.filled = filled ?? values.map { _ in true }
      precondition(
        self.intervals.count == values.count && self.filled.count == values.count,
        "\(name): \(self.intervals.count) intervals and \(self.filled.count) fillings of \(values.count) values")
    }

    /// The value and both ends of its interval at a place.
    func extent(_ place: Int) -> [Double] {
      guard let value = values[place], value.isFinite else { return [] }
      return [value] + (intervals[place].map { [$0.lowerBound, $0.upperBound] } ?? [])
    }
  }

  /// What the picture shows.
  public let title: String
  /// What the places are.
  public let xLabel: String
  /// The name of the value axis with its unit.
  public let yLabel: String
  /// The rows, of as many places each.
  public let series: [Series]
  /// Places to point out, and what they are.
  public let highlighted: (places: [Int], name: String)
  /// What filled and empty marks mean; nil when all are filled.
  public let filling: (filled: String, empty: String)?

  /// A chart of rows of values.
  /// - Precondition: All rows have as many places.
  public init(
    title: String, xLabel: String, yLabel: String, series: [Series], highlighted: [Int] = [],
    highlightName: String = "selected", filling: (filled: String, empty: String)? = nil
  ) {
    for row in series {
      precondition(row.values.count == series[0].values.count, "\(row.name): \(row.values.count) places")
    }
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.highlighted = (highlighted, highlightName)
    self.filling = filling
  }

  /// How many places there are.
  var placeCount: Int { series.first?.values.count ?? 0 }

  /// The values that are drawn to scale; those beyond stand at the edge.
  package var shownRange: ClosedRange<Double> {
    let extents = (0..<placeCount).map { place in series.flatMap { $0.extent(place) } }.filter { !$0.isEmpty }
    let values = series.flatMap { $0.values.compactMap { $0 } }.filter(\.isFinite)
    guard let low = values.min(), let high = values.max() else { return 0...1 }
    let top = Self.edge(ofPeaks: extents.map { $0.max()! }, beyond: low)
    let bottom = Self.edge(ofPeaks: extents.map { -$0.min()! }, beyond: -high).map { -$0 }
    let all = extents.joined()
    let upper = top ?? all.max()!
    let lower = bottom ?? all.min()!
    return lower < upper ? lower...upper : low...high
  }

  /// Where a few peaks are cut off that stand more than three times as far from the other end as the next one; nil when
  /// there are none.
  private static func edge(ofPeaks peaks: [Double], beyond floor: Double) -> Double? {
    let sorted = peaks.sorted(by: >)
    let limit = max(1, peaks.count / 10)
    for count in 1...max(1, min(limit, sorted.count - 1)) where sorted.count > count + 1 {
      let (peak, next) = (sorted[count - 1] - floor, sorted[count] - floor)
      if next > 0, peak > 3 * next { return floor + 1.3 * next }
    }
    return nil
  }

  /// Where each row is highest and lowest, and what is pointed out.
  public var summary: String {
    let rows = series.map { series in
      let shown = series.values.indices.filter { series.values[$0]?.isFinite ?? false }
      guard let high = shown.max(by: { series.values[$0]! < series.values[$1]! }),
        let low = shown.min(by: { series.values[$0]! < series.values[$1]! })
      else { return "\(series.name): no values." }
      var text =
        "\(series.name): highest \(readableText(series.values[high]!)) at \(high), lowest "
        + "\(readableText(series.values[low]!)) at \(low)."
      if let filling {
        let places = shown.filter { series.filled[$0] }.map(String.init)
        text += " \(filling.filled): \(places.isEmpty ? "none" : places.joined(separator: ", "))."
      }
      return text
    }
    let places = highlighted.places.map(String.init).joined(separator: ", ")
    return (["Chart of \(yLabel) by \(xLabel)."] + rows + (places.isEmpty ? [] : ["\(highlighted.name): \(places)."]))
      .joined(separator: " ")
  }

  /// A row for each place: values, intervals where there are any, and fillings in words.
  public var table: Table {
    var columns = [Table.Column(xLabel)]
    for row in series {
      columns.append(.init(row.name))
      if row.intervals.contains(where: { $0 != nil }) {
        columns += [.init("\(row.name), from"), .init("\(row.name), to")]
      }
      if let filling { columns.append(.init("\(row.name): \(filling.filled)")) }
    }
    let rows = (0..<placeCount).map { place in
      var cells = [Table.Cell.text(String(place))]
      for row in series {
        cells.append(row.values[place].map { .number($0) } ?? .missing)
        if row.intervals.contains(where: { $0 != nil }) {
          cells += [row.intervals[place]?.lowerBound, row.intervals[place]?.upperBound].map {
            $0.map { .number($0) } ?? .missing
          }
        }
        if filling != nil { cells.append(.text(row.filled[place] ? "yes" : "no")) }
      }
      return cells
    }
    return Table(columns: columns, rows: rows)
  }

  /// 760 units wide.
  public var size: (width: Double, height: Double) { (760, 330) }
}
