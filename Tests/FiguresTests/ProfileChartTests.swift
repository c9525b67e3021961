import Figures
import Testing

@Suite struct ProfileChartTests {
  private func chart(
    _ values: [Double?], intervals: [ClosedRange<Double>?]? = nil, filled: [Bool]? = nil
  ) -> ProfileChart {
    ProfileChart(
      title: "t", xLabel: "layer", yLabel: "nats",
      series: [.init("de", values: values, intervals: intervals, filled: filled)], highlighted: [0, 3],
      filling: filled.map { _ in ("differs", "may be chance") })
  }

  @Test func `Marks, intervals and bands stand in proportion to their values`() throws {
    let svg = try parseXML(chart([1, 2, 4, 3], intervals: [0.5...1.5, 1...3, 3...5, nil]).svg(id: "f"))
    let curve = try svg.polylines(ofCurve: 0)[0]
    let unit = (curve[0].y - curve[2].y) / 3
    #expect(abs(curve[0].y - curve[1].y - unit) < 0.02 && abs(curve[0].y - curve[3].y - 2 * unit) < 0.02)
    #expect(abs(curve[1].x - curve[0].x - (curve[3].x - curve[2].x)) < 0.02)
    let bars = svg.all(class: "interval")
    #expect(bars.count == 3)
    for (bar, (point, (low, high))) in zip(bars, zip(curve, [(0.5, 1.5), (1, 3), (3, 5)])) {
      #expect(abs(bar.number("y1")! - (curve[0].y + (1 - low) * unit)) < 0.03)
      #expect(abs(bar.number("y2")! - (curve[0].y + (1 - high) * unit)) < 0.03)
      #expect(abs(bar.number("x1")! - point.x) < 0.02)
    }
    #expect(svg.all(class: "band").count == 1)
  }

  @Test func `A value that towers over the others stands at the edge with its number, and the others stay readable`()
    throws
  {
    let values: [Double] = [90, 1, 2, 3, 2, 1, 2, 3, 2, 1]
    let towering = chart(values)
    #expect(towering.shownRange == 1...3.6)
    let svg = try parseXML(towering.svg(id: "f"))
    let curve = try svg.polylines(ofCurve: 0)[0]
    #expect(curve[0].y < curve[3].y && curve[1].y - curve[3].y > 100)
    #expect(svg.all(class: "value").map(\.text) == ["↑ 90"])
    #expect(chart(values.map { -$0 }).shownRange == -3.6 ... -1)
    #expect(try parseXML(chart(values.map { -$0 }).svg(id: "f")).all(class: "value").map(\.text) == ["↓ −90"])
    // Many large values are no exceptions.
    #expect(chart([9, 8, 9, 8, 1, 1, 1, 1, 1, 1]).shownRange == 1...9)
  }

  @Test func `Filled marks, highlights and their legend say what they mean, in the picture and in words`() throws {
    let profile = chart([1, 2, 3, 4], filled: [true, false, true, false])
    let svg = try parseXML(profile.svg(id: "f"))
    // The legend has one mark of each kind.
    #expect(svg.all(class: "mark").count == 4 + 2 && svg.all(class: "empty").count == 2 + 1)
    #expect(svg.all(class: "highlight").count == 2 + 1)
    let texts = svg.all("text")
    for name in ["selected", "differs", "may be chance"] {
      let label = try #require(texts.first { $0.text == name })
      #expect(label.number("x")! + Double(name.count) * 7 < 760, "\(name) stays in the picture")
    }
    #expect(profile.summary.contains("highest 4 at 3, lowest 1 at 0. differs: 0, 2."))
    #expect(profile.summary.contains("selected: 0, 3."))
    #expect(profile.table.columns.map(\.name) == ["layer", "de", "de: differs"])
    #expect(profile.table.rows[1] == [.text("1"), .number(2), .text("no")])
  }

  @Test func `Missing values interrupt curve and band, and none at all is said`() throws {
    let svg = try parseXML(chart([1, 2, nil, 3, 2], intervals: [0...2, 1...3, nil, 2...4, 1...3]).svg(id: "f"))
    #expect(try svg.polylines(ofCurve: 0).map(\.count) == [2, 2])
    #expect(svg.all(class: "band").count == 2)
    #expect(try parseXML(chart([nil, .nan]).svg(id: "f")).all("text").map(\.text) == ["no values"])
  }
}

@Suite struct ForestChartTests {
  private let chart = ForestChart(
    title: "t", xLabel: "gain", series: ["de", "en"],
    rows: [
      .init("first and last", values: [.init(0.5, interval: 0.25...0.75), .init(-0.5)], isHighlighted: true),
      .init("random", values: [nil, .init(0, interval: -0.5...0.5)]),
    ], reference: 0, decimals: 2)

  @Test func `Every estimate has a mark, an interval and its numbers`() throws {
    let svg = try parseXML(chart.svg(id: "f"))
    // Two marks are the legend's.
    #expect(svg.all(class: "mark").count == 3 + 2)
    let bars = svg.all(class: "interval").compactMap { $0.attributes["d"] }.map { path in
      path.split { "MHvm ".contains($0) }.compactMap { Double($0) }
    }
    let reference = try #require(svg.all(class: "reference").first?.number("x1"))
    #expect(bars.count == 2)
    // M low y v8 m0 -4 H high: 0.25...0.75, then -0.5...0.5 around the reference.
    #expect(abs((bars[0][5] - reference) / (bars[0][0] - reference) - 3) < 0.01)
    #expect(abs(bars[1][5] - reference - (reference - bars[1][0])) < 0.03)
    let numbers = svg.all("text").map(\.text)
    for text in ["0.50 (0.25 to 0.75)", "−0.50", "0.00 (−0.50 to 0.50)"] { #expect(numbers.contains(text)) }
    #expect(svg.all(class: "highlight").count == 1)
  }

  @Test func `It reads as text and as a table`() {
    #expect(chart.summary.contains("first and last: de 0.50 (0.25 to 0.75), en −0.50."))
    #expect(chart.summary.contains("random: de not measured"))
    #expect(chart.table.rows[1].dropFirst().prefix(4) == [.missing, .missing, .missing, .number(0)])
  }

  @Test func `Long names leave room for the plot`() throws {
    let long = ForestChart(
      title: "t", xLabel: "x", series: ["a"],
      rows: [.init(String(repeating: "long name ", count: 5), values: [.init(1, interval: 0...2)])])
    let svg = try parseXML(long.svg(id: "f"))
    let axis = try #require(svg.all(class: "axis").first)
    #expect(axis.number("x1")! >= 340 && axis.number("x2")! - axis.number("x1")! > 200)
  }
}
