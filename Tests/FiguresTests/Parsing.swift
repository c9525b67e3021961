import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// An element of a parsed document.
final class ParsedElement {
  let name: String
  let attributes: [String: String]
  var children: [ParsedElement] = []
  var text = ""

  init(name: String, attributes: [String: String]) {
    self.name = name
    self.attributes = attributes
  }

  /// This element and all below it, in document order.
  var all: [ParsedElement] { [self] + children.flatMap(\.all) }

  func all(_ name: String) -> [ParsedElement] { all.filter { $0.name == name } }

  /// The elements below this one with a class.
  func all(class name: String) -> [ParsedElement] {
    all.filter { $0.attributes["class"]?.split(separator: " ").contains(Substring(name)) == true }
  }

  /// The points of the `i`-th curve, made of `M` and `L` commands: a list per `M`.
  func polylines(ofCurve i: Int) throws -> [[(x: Double, y: Double)]] {
    let path = try #require(all(class: "curve")[i].attributes["d"])
    return path.split(separator: "M").map { line in
      line.split(separator: "L").map { point in
        let numbers = point.split(separator: " ").map { Double($0)! }
        return (numbers[0], numbers[1])
      }
    }
  }

  func number(_ attribute: String) -> Double? { attributes[attribute].flatMap { Double($0) } }
}

struct NotWellFormed: Error {
  let reason: String
}

/// Parses a document as XML, strictly.
func parseXML(_ text: String) throws -> ParsedElement {
  final class Builder: NSObject, XMLParserDelegate {
    var open = [ParsedElement(name: "", attributes: [:])]
    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      let element = ParsedElement(name: name, attributes: attributes)
      open[open.count - 1].children.append(element)
      open.append(element)
    }
    func parser(_ parser: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?) {
      open.removeLast()
    }
    func parser(_ parser: XMLParser, foundCharacters text: String) { open[open.count - 1].text += text }
  }
  let parser = XMLParser(data: Data(text.utf8))
  let builder = Builder()
  parser.delegate = builder
  guard parser.parse(), let root = builder.open[0].children.first else {
    throw NotWellFormed(reason: "line \(parser.lineNumber): \(String(describing: parser.parserError))")
  }
  return root
}
