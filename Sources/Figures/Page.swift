/// A report as one HTML file: no scripts, nothing loaded from elsewhere, light or dark as the reader likes, printable.
public struct Page: Sendable {
  /// What a section is made of.
  public enum Block: Sendable {
    /// A paragraph of text.
    case paragraph(String)
    /// A picture with a caption, and the numbers behind it to open.
    case figure(any Figure, caption: String)
    /// A table with a caption.
    case table(Table, caption: String)
    /// Lines to be typed into a shell, or any other text that keeps its spaces.
    case command(String)
    /// Names with their values, such as the settings of a run.
    case facts([(name: String, value: String)])
    /// A text that someone or something wrote, such as a model's answer, and who or what it was.
    case quote(String, source: String)
  }

  /// A part of the report under a heading.
  public struct Section: Sendable {
    /// The heading.
    public let heading: String
    /// What stands below it.
    public let blocks: [Block]

    /// A section.
    public init(_ heading: String, _ blocks: [Block]) {
      self.heading = heading
      self.blocks = blocks
    }
  }

  /// The title of the page.
  public let title: String
  /// What came out, in a sentence or two: the first thing to read.
  public let verdict: String
  /// What the report is about, in a line below the title; empty for none.
  public let subtitle: String
  /// The parts of the report.
  public let sections: [Section]

  /// A report.
  public init(title: String, subtitle: String = "", verdict: String, sections: [Section]) {
    self.title = title
    self.subtitle = subtitle
    self.verdict = verdict
    self.sections = sections
  }

  /// The pictures in their order.
  public var figures: [any Figure] {
    sections.flatMap(\.blocks).compactMap { if case .figure(let figure, _) = $0 { figure } else { nil } }
  }

  /// The whole file, well-formed as HTML and as XML.
  public var html: String {
    let head = Markup.element(
      "head", [],
      [
        .element("meta", [("charset", "utf-8")]),
        .element("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")]),
        .element("meta", [("name", "color-scheme"), ("content", "light dark")]),
        .element("title", text: title),
        .element("style", [], [.verbatim(stylesheet)]),
      ])
    var children = [Markup.element("h1", text: title)]
    if !subtitle.isEmpty { children.append(.element("p", [("class", "subtitle")], text: subtitle)) }
    children.append(.element("p", [("class", "verdict")], text: verdict))
    var figureCount = 0
    for section in sections {
      let blocks = section.blocks.map { markup(of: $0, figureCount: &figureCount) }
      children.append(.element("section", [], [.element("h2", text: section.heading)] + blocks))
    }
    let body = Markup.element("body", [], [.element("main", [], children)])
    return "<!DOCTYPE html>\n" + Markup.element("html", [("lang", "en")], [head, body]).rendered + "\n"
  }

  private func markup(of block: Block, figureCount: inout Int) -> Markup {
    switch block {
    case .paragraph(let text): return .element("p", text: text)
    case .command(let text): return .element("pre", [], [.element("code", text: text)])
    case .table(let table, let caption):
      return .element("figure", [], [.element("figcaption", text: caption), table.markup])
    case .facts(let facts):
      let entries = facts.map { fact in
        Markup.element("div", [], [.element("dt", text: fact.name), .element("dd", text: fact.value)])
      }
      return .element("dl", [], entries)
    case .quote(let text, let source):
      return .element("figure", [], [.element("figcaption", text: source), .element("blockquote", text: text)])
    case .figure(let figure, let caption):
      figureCount += 1
      let table = figure.table
      // On paper a small table stays with its picture; a long one would bury the report, a wide one would be cut off.
      let details = Markup.element(
        "details", [("class", table.rows.count > 12 || table.columns.count > 12 ? "long" : "short")],
        [.element("summary", text: "The numbers"), table.markup])
      return .element(
        "figure", [],
        [
          .element("h3", text: figure.title),
          .element("div", [("class", "scroll")], [figure.svgMarkup(id: "figure-\(figureCount)")]),
          .element("figcaption", text: caption), details,
        ])
    }
  }
}
