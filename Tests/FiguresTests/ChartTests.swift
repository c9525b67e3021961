import Figures
import Foundation
import Testing

@Suite struct LineChartTests {
  private func svg(_ figure: some Figure) throws -> ParsedElement { try parseXML(figure.svg(id: "f")) }

  @Test func `Points are drawn where the ticks say`() throws {
    let chart = LineChart(
      title: "Loss", xLabel: "tokens", yLabel: "nats", series: [.init("a", x: [0, 50, 100], y: [4, 2, 3])])
    let svg = try svg(chart)
    // Two ticks fix each axis; the points must agree with them.
    func axis(_ coordinate: String, _ labels: [ParsedElement]) throws -> (Double) -> Double {
      let known = labels.compactMap { label in
        Double(label.text).flatMap { value in label.number(coordinate).map { (value, $0) } }
      }
      let (a, b) = (try #require(known.first), try #require(known.last))
      return { a.1 + ($0 - a.0) * (b.1 - a.1) / (b.0 - a.0) }
    }
    let ticks = svg.all(class: "tick")
    let x = try axis("x", ticks.filter { $0.attributes["text-anchor"] == "middle" })
    let y = try axis("y", ticks.filter { $0.attributes["text-anchor"] == "end" })
    let curve = try svg.polylines(ofCurve: 0)[0]
    for (point, (px, py)) in zip(curve, [(0.0, 4.0), (50, 2), (100, 3)]) {
      #expect(abs(point.x - x(px)) < 0.02)
      // A tick's text stands 4.5 units below its line.
      #expect(abs(point.y - (y(py) - 4.5)) < 0.02)
    }
    #expect(curve.count == 3)
  }

  @Test func `A value that is missing interrupts the curve`() throws {
    let chart = LineChart(
      title: "t", xLabel: "x", yLabel: "y",
      series: [.init("a", x: [0, 1, 2, 3, 4, 5], y: [1, 2, .nan, 3, .infinity, 4])])
    let curve = try svg(chart).polylines(ofCurve: 0)
    #expect(curve.map(\.count) == [2, 1, 1])
    #expect(chart.summary.contains("a: from 1 at 0 to 4 at 5, lowest 1, highest 4."))
    #expect(chart.table.rows.count == 4)
  }

  @Test func `Values at and below zero are not shown on a logarithmic axis`() throws {
    let chart = LineChart(
      title: "t", xLabel: "x", yLabel: "y", series: [.init("a", x: [0, 1, 10, 100], y: [5, 1, 0, 2])],
      xScale: .logarithmic, yScale: .logarithmic)
    let curve = try svg(chart).polylines(ofCurve: 0)
    #expect(curve.map(\.count) == [1, 1])
  }

  @Test func `Without values the picture says so`() throws {
    let empty = LineChart(title: "t", xLabel: "x", yLabel: "y", series: [.init("a", points: [])])
    #expect(try svg(empty).all("text").map(\.text) == ["no values"])
    #expect(empty.summary.contains("a: no values."))
    let none = LineChart(title: "t", xLabel: "x", yLabel: "y", series: [])
    #expect(try svg(none).all("text").map(\.text) == ["no values"])
  }

  @Test func `Many points keep their extremes and stay small`() throws {
    let count = 100_000
    var y = (0..<count).map { 2 + sin(Double($0) / 5000) }
    y[31_234] = 9
    y[70_001] = -4
    let chart = LineChart(
      title: "t", xLabel: "step", yLabel: "loss", series: [.init("a", x: (0..<count).map { Double($0) }, y: y)])
    let text = chart.svg(id: "f")
    #expect(text.utf8.count < 100_000)
    let points = try Array(parseXML(text).polylines(ofCurve: 0).joined())
    let top = points.map(\.y).min()!, bottom = points.map(\.y).max()!
    let typical = points.map(\.y).sorted()[points.count / 2]
    // 9 and -4 lie 7 above and 6 below the middle.
    #expect(abs((bottom - typical) / (typical - top) - 6.0 / 7) < 0.1)
    #expect(chart.table.rows.count == 200)
    #expect(chart.table.rows.first?[0] == .number(0) && chart.table.rows.last?[0] == .number(99_999))
    #expect(chart.table.note == "200 of 100,000 rows, evenly chosen.")
  }

  @Test func `A smoothed curve keeps its points behind a running mean`() throws {
    let y = (0..<100).map { $0 % 2 == 0 ? 1.0 : 3 }
    let chart = LineChart(
      title: "t", xLabel: "x", yLabel: "y", series: [.init("a", x: (0..<100).map { Double($0) }, y: y, smoothing: 20)])
    let svg = try svg(chart)
    #expect(svg.all(class: "curve").count == 2)
    let raw = try svg.polylines(ofCurve: 0)[0].map(\.y), mean = try svg.polylines(ofCurve: 1)[0].map(\.y)
    let middle = (raw.min()! + raw.max()!) / 2, reach = raw.max()! - middle
    #expect(mean[30...].allSatisfy { abs($0 - middle) < reach * 0.12 })
  }

  @Test func `Few curves bear their names at their ends, many have a legend`() throws {
    func chart(_ count: Int) -> LineChart {
      LineChart(
        title: "t", xLabel: "x", yLabel: "y",
        series: (0..<count).map { .init("curve \($0)", x: [0, 1], y: [0, Double($0)]) })
    }
    for count in [3, 18] {
      let svg = try svg(chart(count))
      let names = svg.all(class: "label").map(\.text)
      #expect(names == (0..<count).map { "curve \($0)" })
      // No name leaves the picture.
      for label in svg.all(class: "label") {
        #expect(try #require(label.number("x")) + Double(label.text.count) * 6 < 760)
      }
      // Beyond eight hues a dash tells the curves apart.
      let looks = svg.all(class: "curve").filter { !$0.attributes["d"]!.contains("h22") }
        .map { ($0.attributes["class"] ?? "") + ($0.attributes["stroke-dasharray"] ?? "") }
      #expect(Set(looks).count == count)
    }
  }

  @Test func `A reference is a line across the plot with its name`() throws {
    let chart = LineChart(
      title: "t", xLabel: "x", yLabel: "y", series: [.init("a", x: [0, 1], y: [3, 2])],
      references: [.init("base", y: 1)])
    let svg = try svg(chart)
    let line = try #require(svg.all(class: "reference").first)
    let curve = try svg.polylines(ofCurve: 0)[0]
    #expect(abs((line.number("y1")! - curve[1].y) - (curve[1].y - curve[0].y)) < 0.03)
    #expect(svg.all(class: "label").map(\.text) == ["a", "base"])
  }
}

@Suite struct DotChartTests {
  private let chart = DotChart(
    title: "Three points", yLabel: "bits per byte", categories: ["base", "re-attached", "aligned"],
    series: [
      .init("German", values: [.init(1.653, interval: 1.6...1.7), nil, .init(1.471)]),
      .init("English", [0.988, 0.962, 0.921]),
    ])

  @Test func `Every value has a dot with its number, a missing one has none`() throws {
    let svg = try parseXML(chart.svg(id: "f"))
    #expect(svg.all(class: "mark").count == 5)
    #expect(Set(svg.all(class: "value").map(\.text)) == ["1.653", "1.471", "0.988", "0.962", "0.921"])
    #expect(svg.all(class: "interval").count == 1)
    // The missing value interrupts the line of its series.
    #expect(svg.all(class: "join").count == 2)
    #expect(svg.all(class: "category").map(\.text) == ["base", "re-attached", "aligned"])
  }

  @Test func `Lower values are drawn lower, in proportion`() throws {
    let svg = try parseXML(chart.svg(id: "f"))
    let joins = svg.all(class: "join")
    let (y1, y2, y3) = (joins[0].number("y1")!, joins[0].number("y2")!, joins[1].number("y2")!)
    #expect(y1 < y2 && y2 < y3)
    #expect(abs((y2 - y1) / (y3 - y2) - 0.026 / 0.041) < 0.01)
  }

  @Test func `Numbers of close values do not cover each other`() throws {
    let close = DotChart(
      title: "t", yLabel: "y", categories: ["base", "aligned"],
      series: [.init("a", [1.5, 1.2]), .init("b", [1.501, 1.21]), .init("c", [1.502, 0.5])])
    let labels = try parseXML(close.svg(id: "f")).all(class: "value")
    for (i, a) in labels.enumerated() {
      for b in labels[(i + 1)...] {
        let dx = abs(a.number("x")! - b.number("x")!), dy = abs(a.number("y")! - b.number("y")!)
        #expect(dx >= 38 || dy >= 13, "\(a.text) and \(b.text)")
      }
    }
  }

  @Test func `The table holds every number, and a dash for none`() throws {
    let table = try parseXML(
      Page(title: "t", verdict: "v", sections: [.init("s", [.table(chart.table, caption: "c")])]).html
    ).all("table")[0]
    #expect(table.all("th").map(\.text) == ["", "German", "German, from", "German, to", "English"] + chart.categories)
    #expect(table.all("td").map(\.text).prefix(8) == ["1.6530", "1.6000", "1.7000", "0.9880", "–", "–", "–", "0.9620"])
    #expect(chart.summary.contains("German: base 1.653 (1.600 to 1.700), re-attached not measured, aligned 1.471."))
  }
}

@Suite struct StackedBarChartTests {
  @Test func `Parts follow each other in proportion to their values`() throws {
    let chart = StackedBarChart(
      title: "t", xLabel: "minutes", parts: ["a", "b", "c"],
      bars: [.init("one", values: [1, 2, 5]), .init("two", values: [nil, 4, 0])])
    let svg = try parseXML(chart.svg(id: "f"))
    // The first three are the legend.
    let parts = svg.all("rect").dropFirst(3).map { ($0.number("x")!, $0.number("width")! + 1.5) }
    #expect(parts.count == 4)
    let unit = parts[0].1
    #expect(abs(parts[1].1 - 2 * unit) < 0.05 && abs(parts[2].1 - 5 * unit) < 0.05 && abs(parts[3].1 - 4 * unit) < 0.05)
    #expect(abs(parts[1].0 - parts[0].0 - unit) < 0.05 && abs(parts[3].0 - parts[0].0) < 0.05)
    #expect(svg.all(class: "value").map(\.text) == ["8.0", "4.0"])
    #expect(chart.summary.contains("one: a 1.0, b 2.0, c 5.0; together 8.0. two: b 4.0, c 0.0; together 4.0."))
  }

  @Test(arguments: [(90.0, "time (seconds)", "90.0"), (600, "time (minutes)", "10.0"), (9000, "time (hours)", "2.5")])
  func `Durations are shown in the unit that suits them`(seconds: Double, label: String, value: String) throws {
    let chart = StackedBarChart.durations(title: "t", stages: ["a"], runs: [.init("", values: [seconds])])
    #expect(chart.xLabel == label)
    #expect(try parseXML(chart.svg(id: "f")).all(class: "value").map(\.text) == [value])
  }
}

@Suite struct HeatMapTests {
  private func map(_ values: [[Double?]], _ colors: HeatMap.Colors = .sequential) -> HeatMap {
    HeatMap(
      title: "t", valueLabel: "CKA", rows: ("row", values.indices.map { "r\($0)" }),
      columns: ("column", values[0].indices.map { "c\($0)" }), values: values, colors: colors)
  }

  /// The luminance of `#rrggbb`, roughly.
  private func lightness(_ hex: String) -> Int {
    let value = Int(hex.dropFirst(), radix: 16)!
    return 3 * (value >> 16) + 6 * (value >> 8 & 255) + (value & 255)
  }

  @Test func `More is lighter, and what is missing has no colour`() throws {
    let svg = try parseXML(map([[0, 0.25, 0.5], [0.75, 1, nil]]).svg(id: "f"))
    let cells = svg.all(class: "cell").map { lightness($0.attributes["fill"]!) }
    #expect(cells.count == 5 && cells == cells.sorted() && Set(cells).count == 5)
    #expect(svg.all(class: "missing").count == 1)
    #expect(svg.all(class: "in-cell").map(\.text) == ["0.00", "0.25", "0.50", "0.75", "1.00"])
  }

  @Test func `The middle of diverging colours is the palest, whatever the ends`() throws {
    let chart = map([[-1, 0, 4]], .diverging(middle: 0))
    #expect(chart.range == -4...4)
    let cells = try parseXML(chart.svg(id: "f")).all(class: "cell").map { lightness($0.attributes["fill"]!) }
    #expect(cells[1] > cells[0] && cells[1] > cells[2])
  }

  @Test func `Names of few columns that are wider than these stand aslant, within the picture`() throws {
    let names = ["relative gradient norm", "loss without the layer"]
    let chart = HeatMap(
      title: "t", valueLabel: "v", rows: ("r", names), columns: ("c", names), values: [[1, 0.5], [0.5, 1]])
    let svg = try parseXML(chart.svg(id: "f"))
    let slanted = svg.all("text").filter { $0.attributes["transform"]?.contains("rotate(-40)") == true }
    #expect(slanted.map(\.text) == names)
    let lowest = try #require(svg.all(class: "axis-name").last?.number("y"))
    #expect(lowest > 84 + 2 * 30 + 100 && lowest < chart.size.height)
    let numbered = map([Array(repeating: 0.5, count: 30)])
    #expect(try parseXML(numbered.svg(id: "f")).all("text").allSatisfy { $0.attributes["transform"] == nil })
  }

  @Test func `Equal values, no values and large grids are drawn`() throws {
    for values in [[[1, 1]], [[nil, .nan]], Array(repeating: Array(repeating: 0.5, count: 90), count: 90)]
      as [[[Double?]]]
    {
      let chart = map(values)
      let svg = try parseXML(chart.svg(id: "f"))
      #expect(svg.all(class: "cell").count + svg.all(class: "missing").count == values.count * values[0].count)
      #expect(!chart.summary.isEmpty)
      for cell in svg.all(class: "cell") { #expect(cell.number("x")! + cell.number("width")! <= 760.01) }
    }
  }
}
