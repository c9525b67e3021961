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
