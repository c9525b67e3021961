import Figures
import Testing

@Suite struct PageTests {
  /// Everything that HTML or XML gives a meaning, what XML forbids, and more than one script.
  private let hostile = "</title><script>alert('x')</script> & \"q\" \u{0}\u{8}\u{1B}\u{FFFE} 한국어 😀 ]]>"
  private let readable = "</title><script>alert('x')</script> & \"q\" \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD} 한국어 😀 ]]>"

  private func page(_ text: String) -> Page {
    let figures: [any Figure] = [
      LineChart(
        title: text, xLabel: text, yLabel: text, series: [.init(text, x: [0, 1], y: [1, 2])],
        references: [.init(text, y: 1)]),
      DotChart(title: text, yLabel: text, categories: [text], series: [.init(text, [1])]),
      StackedBarChart(title: text, xLabel: text, parts: [text], bars: [.init(text, values: [1])]),
      HeatMap(title: text, valueLabel: text, rows: (text, [text]), columns: (text, [text]), values: [[1]]),
    ]
    let table = Table(columns: [.init(text)], rows: [[.text(text)], [.missing]], note: text)
    let blocks: [Page.Block] = [
      .paragraph(text), .command(text), .table(table, caption: text), .facts([(text, text)]),
      .quote(text, source: text),
    ]
    return Page(
      title: text, subtitle: text, verdict: text,
      sections: [.init(text, blocks + figures.map { .figure($0, caption: text) })])
  }

  @Test func `Text from outside stays text wherever it stands`() throws {
    let root = try parseXML(page(hostile).html)
    #expect(root.all("script").isEmpty)
    for name in ["title", "h1", "h2", "h3", "p", "code", "figcaption", "dt", "dd", "blockquote", "th", "text"] {
      #expect(root.all(name).contains { $0.text == readable }, "\(name)")
    }
    #expect(root.all("title").count == 5)
  }

  @Test func `The page is whole in itself`() throws {
    let html = page("plain").html
    let root = try parseXML(html)
    let loading: Set<String> = ["script", "link", "img", "iframe", "object", "embed", "image", "use", "base"]
    #expect(root.all.allSatisfy { !loading.contains($0.name) })
    for element in root.all {
      #expect(
        element.attributes.keys.allSatisfy { !["src", "href", "xlink:href"].contains($0) && !$0.hasPrefix("on") })
    }
    #expect(!html.contains("url(") && !html.contains("@import"))
    #expect(html.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
    #expect(root.all("meta").contains { $0.attributes["charset"] == "utf-8" })
  }

  @Test func `Every picture has text alternatives and a table behind it`() throws {
    let root = try parseXML(page("plain").html)
    let pictures = root.all("svg")
    #expect(pictures.count == 4)
    let ids = root.all.compactMap { $0.attributes["id"] }
    #expect(Set(ids).count == ids.count)
    for svg in pictures {
      #expect(svg.attributes["role"] == "img")
      let named = try #require(svg.attributes["aria-labelledby"]).split(separator: " ")
      #expect(named.count == 2)
      for id in named {
        let element = try #require(svg.all.first { $0.attributes["id"] == String(id) })
        #expect(["title", "desc"].contains(element.name) && !element.text.isEmpty)
      }
    }
    #expect(root.all("details").count == 4)
    #expect(root.all("details").allSatisfy { $0.all("table").count == 1 })
  }

  @Test func `The verdict is the first paragraph after the title lines`() throws {
    let main = try #require(try parseXML(page("plain").html).all("main").first)
    #expect(main.children.prefix(3).map { $0.attributes["class"] ?? $0.name } == ["h1", "subtitle", "verdict"])
  }

  @Test func `Every class of a picture has a style, every colour a light and a dark value`() throws {
    let root = try parseXML(page("plain").html)
    let style = try #require(root.all("style").first).text
    for element in root.all("svg").flatMap(\.all) {
      for name in element.attributes["class"]?.split(separator: " ") ?? [] {
        #expect(style.contains(".\(name) ") || style.contains(".\(name),") || style.contains(".\(name)."), "\(name)")
      }
    }
    for property in ["--surface", "--text", "--muted", "--grid", "--s0", "--s7", "--on-part"] {
      #expect(style.components(separatedBy: "\(property):").count == 3, "\(property)")
    }
  }

  @Test func `Numbers behind a picture are left out on paper where they are many or wide`() throws {
    func map(rows: Int, columns: Int) -> HeatMap {
      HeatMap(
        title: "t", valueLabel: "v", rows: ("r", (0..<rows).map(String.init)),
        columns: ("c", (0..<columns).map(String.init)),
        values: Array(repeating: Array(repeating: 0.5, count: columns), count: rows))
    }
    for (rows, columns, name) in [(2, 3, "short"), (13, 3, "long"), (2, 13, "long")] {
      let page = Page(
        title: "t", verdict: "v", sections: [.init("s", [.figure(map(rows: rows, columns: columns), caption: "c")])])
      #expect(try parseXML(page.html).all("details").map { $0.attributes["class"] } == [name])
    }
  }

  @Test func `A picture in a file of its own has its colours as numbers, light and dark`() throws {
    let chart = ProfileChart(
      title: "Ablation, de", xLabel: "layer", yLabel: "nats",
      series: [
        .init("de", values: [1, 2, 3], intervals: [0...2, 1...3, nil], filled: [true, false, true]),
        .init("en", values: [2, 1, 2]),
      ], highlighted: [1], filling: ("differs", "may be chance"))
    let root = try parseXML(chart.svgFile)
    #expect(root.name == "svg" && root.number("width") == 760 && root.number("height") == 330)
    let style = try #require(root.all("style").first).text
    #expect(!style.contains("var(") && !style.contains("--c"))
    let parts = style.components(separatedBy: "@media")
    #expect(parts.count == 2)
    for (part, color) in zip(parts, ["#2f55d4", "#7c8cff"]) {
      #expect(part.contains(".curve.s0 { fill: none; stroke: \(color)"))
      #expect(part.contains(".mark.neutral {") && part.contains("svg text.value.s1 {"))
    }
    for element in root.all {
      for name in element.attributes["class"]?.split(separator: " ") ?? [] {
        #expect(style.contains(".\(name) ") || style.contains(".\(name),") || style.contains(".\(name)."), "\(name)")
      }
    }
    #expect(chart.fileName(number: 7) == "07-ablation-de")
    let page = Page(
      title: "t", verdict: "v",
      sections: [.init("s", [.paragraph("p"), .figure(chart, caption: ""), .command("c")]), .init("e", [])])
    #expect(page.figures.map(\.title) == ["Ablation, de"])
  }

  @Test func `Numbers stand at the right and keep a readable number of digits`() throws {
    let table = Table(
      columns: [.init("name"), .init("n"), .init("bpb", decimals: 3)],
      rows: [
        [.text("a"), .number(1_234_567), .number(1.65321)], [.text("b"), .number(-0.000012345), .number(-0.0001)],
        [.text("c"), .number(12.345678), .number(.nan)], [.text("d"), .number(0), .missing],
      ])
    let root = try parseXML(
      Page(title: "t", verdict: "v", sections: [.init("s", [.table(table, caption: "c")])]).html)
    let cells = root.all("td")
    #expect(cells.map(\.text) == ["1,234,567", "1.653", "−1.234e−05", "0.000", "12.346", "–", "0", "–"])
    #expect(cells.allSatisfy { $0.attributes["class"] == "number" })
    #expect(root.all("th").map { $0.attributes["scope"] ?? "" } == ["col", "col", "col", "row", "row", "row", "row"])
    #expect(root.all("th").map { $0.attributes["class"] ?? "" } == ["", "number", "number", "", "", "", ""])
  }
}
