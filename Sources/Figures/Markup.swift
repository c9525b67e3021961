/// A piece of HTML or SVG.
///
/// A tree rather than text, so that every name, title and number from outside is escaped and
/// every element is closed, by construction. What it renders is well-formed XML and valid HTML at once.
indirect enum Markup: Sendable {
  case element(name: String, attributes: [(String, String)], children: [Markup])
  case text(String)
  /// Text that is written as it is, for the style sheet.
  case verbatim(String)

  /// An element with children.
  static func element(_ name: String, _ attributes: [(String, String)] = [], _ children: [Markup] = []) -> Markup {
    .element(name: name, attributes: attributes, children: children)
  }

  /// An element that holds text.
  static func element(_ name: String, _ attributes: [(String, String)] = [], text: String) -> Markup {
    .element(name: name, attributes: attributes, children: [.text(text)])
  }

  /// The document text.
  var rendered: String {
    var output = ""
    render(into: &output)
    return output
  }

  private func render(into output: inout String) {
    switch self {
    case .text(let text): output += escaped(text)
    case .verbatim(let text): output += text
    case .element(let name, let attributes, let children):
      output += "<\(name)"
      for (key, value) in attributes { output += " \(key)=\"\(escaped(value))\"" }
      guard !children.isEmpty || !Self.voidElements.contains(name) else {
        output += "/>"
        return
      }
      output += ">"
      let breaksLines = Self.containers.contains(name)
      for child in children {
        if breaksLines { output += "\n" }
        child.render(into: &output)
      }
      if breaksLines { output += "\n" }
      output += "</\(name)>"
    }
  }

  /// Elements that HTML or SVG allow to close in their start tag.
  private static let voidElements: Set<String> = ["meta", "line", "rect", "path", "circle", "stop"]
  /// Elements in which white space means nothing: their children stand on lines of their own.
  private static let containers: Set<String> = [
    "html", "head", "body", "main", "section", "figure", "svg", "g", "table", "thead", "tbody", "tr", "dl", "details",
  ]
}

/// Text with what HTML and XML give a meaning written as references; characters that XML forbids become U+FFFD.
func escaped(_ text: String) -> String {
  var output = ""
  output.reserveCapacity(text.utf8.count)
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": output += "&amp;"
    case "<": output += "&lt;"
    case ">": output += "&gt;"
    case "\"": output += "&quot;"
    case "'": output += "&#39;"
    case "\t", "\n", "\r": output.unicodeScalars.append(scalar)
    case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": output += "\u{FFFD}"
    default: output.unicodeScalars.append(scalar)
    }
  }
  return output
}
