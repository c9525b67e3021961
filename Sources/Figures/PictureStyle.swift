import Foundation

extension Figure {
  /// The picture as an SVG file of its own: for papers and slides, and for pages that have no style for it.
  ///
  /// Colours stand in it as numbers, since many programs know no variables of style sheets; browsers turn them over for
  /// readers who prefer a dark page.
  public var svgFile: String {
    var markup = svgMarkup(id: "figure")
    if case .element(let name, let attributes, let children) = markup {
      let extent = [("width", coordinate(size.width)), ("height", coordinate(size.height))]
      markup = .element(name, attributes + extent, [.element("style", [], [.verbatim(pictureStylesheet)])] + children)
    }
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + markup.rendered + "\n"
  }
}

/// The style of a picture in a file of its own.
private let pictureStylesheet =
  "\nsvg { font-family: \(fontFamily); }\n" + resolvedRules(lightColors)
  + "@media screen and (prefers-color-scheme: dark) {\n\(resolvedRules(darkColors))}\n"

/// The rules of pictures with colours in place of variables.
private func resolvedRules(_ colors: [(String, String)]) -> String {
  let series = (0..<Palette.hues).map { (name: "s\($0)", color: "var(--s\($0))") } + [("neutral", "var(--muted)")]
  let rules = pictureRules.split(separator: "}").map { $0.split(separator: "{").map(trimmed) }.filter { $0.count == 2 }
  let resolved = rules.flatMap { rule -> [String] in
    let (selectors, style) = (rule[0], rule[1])
    if style.contains("--c:") { return [] }
    guard style.contains("var(--c)") else { return ["\(selectors) { \(style) }"] }
    // A variable that the series' class sets becomes a rule for each series.
    return series.map { name, color in
      let selectors = selectors.split(separator: ",").map { selector in
        let bare = trimmed(selector).replacing(#"[class*=" s"]"#, with: "")
        return "\(bare).\(name)"
      }
      return "\(selectors.joined(separator: ", ")) { \(style.replacing("var(--c)", with: color)) }"
    }
  }
  return resolved.joined(separator: "\n").replacing(/var\(--([a-z0-9-]+)\)/) { match in
    colors.first { $0.0 == String(match.1) }?.1 ?? "currentColor"
  } + "\n"
}

private func trimmed(_ text: some StringProtocol) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }
