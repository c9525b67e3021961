/// Curves over a common axis, such as the loss over the tokens seen.
public struct LineChart: Figure {
  /// One curve.
  public struct Series: Sendable, Hashable {
    /// What the curve is called.
    public let name: String
    /// The points from left to right.
    ///
    /// A value that is not finite interrupts the curve.
    public let points: [Point]
    /// When above 1, the running mean over so many points is drawn strongly and the points themselves faintly.
    public let smoothing: Int

    /// A curve.
    public init(_ name: String, points: [Point], smoothing: Int = 1) {
      precondition(smoothing >= 1, "smoothing over \(smoothing) points")
      self.name = name
      self.points = points
      self.smoothing = smoothing
    }

    /// A curve with as many `x` as `y`.
    public init(_ name: String, x: [Double], y: [Double], smoothing: Int = 1) {
      precondition(x.count == y.count, "\(x.count) x, \(y.count) y")
      self.init(name, points: zip(x, y).map { Point(x: $0, y: $1) }, smoothing: smoothing)
    }
  }

  /// A point of a curve.
  public struct Point: Sendable, Hashable {
    /// The place along the horizontal axis.
    public let x: Double
    /// The value.
    public let y: Double

    /// A point.
    public init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// A value to compare the curves with, drawn as a dashed line across the plot.
  public struct Reference: Sendable, Hashable {
    /// What the value is.
    public let name: String
    /// The value.
    public let y: Double

    /// A reference.
    public init(_ name: String, y: Double) {
      self.name = name
      self.y = y
    }
  }

  /// What the picture shows.
  public let title: String
  /// The name of the horizontal axis with its unit.
  public let xLabel: String
  /// The name of the vertical axis with its unit.
  public let yLabel: String
  /// The curves.
  public let series: [Series]
  /// Values to compare with.
  public let references: [Reference]
  /// How values spread along the horizontal axis.
  public let xScale: ScaleKind
  /// How values spread along the vertical axis.
  public let yScale: ScaleKind

  /// A chart of curves.
  public init(
    title: String, xLabel: String, yLabel: String, series: [Series], references: [Reference] = [],
    xScale: ScaleKind = .linear, yScale: ScaleKind = .linear
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.references = references
    self.xScale = xScale
    self.yScale = yScale
  }

  /// Where each curve starts, ends and is lowest and highest.
  public var summary: String {
    let curves = series.map { series in
      let shown = series.points.filter { $0.x.isFinite && $0.y.isFinite }
      guard let first = shown.first, let last = shown.last, let low = shown.min(by: { $0.y < $1.y }),
        let high = shown.max(by: { $0.y < $1.y })
      else { return "\(series.name): no values." }
      return "\(series.name): from \(readableText(first.y)) at \(readableText(first.x)) to \(readableText(last.y)) at "
        + "\(readableText(last.x)), lowest \(readableText(low.y)), highest \(readableText(high.y))."
    }
    let lines = references.map { "For comparison, \($0.name): \(readableText($0.y))." }
    return (["Line chart of \(yLabel) over \(xLabel)."] + curves + lines).joined(separator: " ")
  }

  /// A row per place along the horizontal axis, a column per curve; at most 200 rows, evenly chosen.
  public var table: Table {
    var values: [Double: [Table.Cell]] = [:]
    for (i, series) in series.enumerated() {
      for point in series.points where point.y.isFinite {
        values[point.x, default: Array(repeating: .missing, count: self.series.count)][i] = .number(point.y)
      }
    }
    let places = values.keys.sorted()
    let limit = 200
    var chosen = places
    if places.count > limit {
      chosen = (0..<limit).map { places[$0 * (places.count - 1) / (limit - 1)] }
    }
    let note = places.count > limit ? "\(limit) of \(readableText(Double(places.count))) rows, evenly chosen." : nil
    return Table(
      columns: [.init(xLabel)] + series.map { .init($0.name) }, rows: chosen.map { [.number($0)] + values[$0]! },
      note: note)
  }

  /// 760 units wide.
  public var size: (width: Double, height: Double) { (760, 380 + legendHeight) }

  /// With few curves each bears its name at its end, otherwise a legend stands on top.
  var drawsNamesAtEnds: Bool { series.count <= 5 }
  private var legendHeight: Double {
    drawsNamesAtEnds
      ? 0 : Double(PlotFrame.legendPlaces(series.map(\.name), width: 760).rows) * PlotFrame.lineHeight + 12
  }
}
