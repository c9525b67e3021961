/// A picture of numbers that can also be read as text and as a table.
public protocol Figure: Sendable {
  /// What the picture shows, in a few words.
  var title: String { get }
  /// What there is to see, in sentences, for readers who do not see the picture.
  var summary: String { get }
  /// The numbers behind the picture.
  var table: Table { get }
  /// The width and height of the picture in its own units.
  var size: (width: Double, height: Double) { get }
  /// What is drawn, as SVG elements.
  func drawing() -> Drawing
}

/// The elements of a picture.
public struct Drawing: Sendable {
  var elements: [Markup] = []

  mutating func add(_ name: String, _ attributes: [(String, String)], text: String? = nil) {
    elements.append(.element(name, attributes, text.map { [.text($0)] } ?? []))
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, class name: String) {
    add(
      "line",
      [
        ("x1", coordinate(x1)), ("y1", coordinate(y1)), ("x2", coordinate(x2)), ("y2", coordinate(y2)),
        ("class", name),
      ])
  }

  /// Text whose baseline is at `y`; `anchor` is `start`, `middle` or `end`.
  mutating func text(_ text: String, _ x: Double, _ y: Double, anchor: String = "start", class name: String) {
    add(
      "text", [("x", coordinate(x)), ("y", coordinate(y)), ("text-anchor", anchor), ("class", name)], text: text)
  }
}

extension Figure {
  /// A name for a file of the picture: its place among others, and of its title the letters and digits of ASCII, such as
  /// `07-ablation-de`.
  public func fileName(number: Int) -> String {
    let words = title.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return ([(number < 10 ? "0" : "") + String(number)] + words).joined(separator: "-")
  }

  /// The picture as one `<svg>` element for a page with this library's style sheet.
  /// - Parameter id: Unique within the page; an XML name.
  public func svg(id: String) -> String { svgMarkup(id: id).rendered }

  func svgMarkup(id: String) -> Markup {
    let attributes = [
      ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 \(coordinate(size.width)) \(coordinate(size.height))"),
      ("role", "img"), ("aria-labelledby", "\(id)-title \(id)-desc"),
    ]
    let alternatives: [Markup] = [
      .element("title", [("id", "\(id)-title")], text: title), .element("desc", [("id", "\(id)-desc")], text: summary),
    ]
    return .element("svg", attributes, alternatives + drawing().elements)
  }
}
