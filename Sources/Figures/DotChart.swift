/// Measured values of a few categories, joined by a line per series: the same thing before, between and after.
public struct DotChart: Figure {
  /// A measured value and how far it can be trusted.
  public struct Value: Sendable, Hashable {
    /// The value.
    public let value: Double
    /// The lower and upper end of its interval, nil when there is none.
    public let interval: ClosedRange<Double>?

    /// A value.
    public init(_ value: Double, interval: ClosedRange<Double>? = nil) {
      self.value = value
      self.interval = interval
    }
  }

  /// One series, such as a language.
  public struct Series: Sendable, Hashable {
    /// What the series is called.
    public let name: String
    /// A value per category, nil where nothing was measured.
    public let values: [Value?]

    /// A series.
    public init(_ name: String, values: [Value?]) {
      self.name = name
      self.values = values
    }

    /// A series of plain values.
    public init(_ name: String, _ values: [Double?]) {
      self.init(name, values: values.map { $0.map { Value($0) } })
    }
  }

  /// What the picture shows.
  public let title: String
  /// The name of the value axis with its unit.
  public let yLabel: String
  /// The categories, from left to right.
  public let categories: [String]
  /// The series.
  public let series: [Series]
  /// Digits behind the point of the values written beside the dots.
  public let decimals: Int

  /// A chart of values by category.
  /// - Precondition: Every series has a value, or nil, for each category.
  public init(title: String, yLabel: String, categories: [String], series: [Series], decimals: Int = 3) {
    for series in series {
      precondition(
        series.values.count == categories.count,
        "\(series.name): \(series.values.count) values for \(categories.count) categories")
    }
    self.title = title
    self.yLabel = yLabel
    self.categories = categories
    self.series = series
    self.decimals = decimals
  }

  /// Every value in words.
  public var summary: String {
    let lines = series.map { series in
      let values = zip(categories, series.values).map { category, value in
        "\(category) \(value.map(text) ?? "not measured")"
      }
      return "\(series.name): \(values.joined(separator: ", "))."
    }
    return (["Dot chart of \(yLabel)."] + lines).joined(separator: " ")
  }

  private func text(_ value: Value) -> String {
    let interval = value.interval.map {
      " (\(decimalText($0.lowerBound, decimals: decimals)) to \(decimalText($0.upperBound, decimals: decimals)))"
    }
    return decimalText(value.value, decimals: decimals) + (interval ?? "")
  }

  /// A row per category; intervals, where there are any, in columns of their own.
  public var table: Table {
    let withIntervals = series.map { $0.values.contains { $0?.interval != nil } }
    var columns = [Table.Column("")]
    for (series, hasIntervals) in zip(series, withIntervals) {
      columns.append(.init(series.name, decimals: decimals + 1))
      if hasIntervals {
        columns.append(.init("\(series.name), from", decimals: decimals + 1))
        columns.append(.init("\(series.name), to", decimals: decimals + 1))
      }
    }
    let rows = categories.indices.map { i in
      var row = [Table.Cell.text(categories[i])]
      for (series, hasIntervals) in zip(series, withIntervals) {
        let value = series.values[i]
        row.append(value.map { .number($0.value) } ?? .missing)
        if hasIntervals {
          row.append(value?.interval.map { .number($0.lowerBound) } ?? .missing)
          row.append(value?.interval.map { .number($0.upperBound) } ?? .missing)
        }
      }
      return row
    }
    return Table(columns: columns, rows: rows)
  }

  /// 760 units wide.
  public var size: (width: Double, height: Double) { (760, 340) }
}
