import Checkpoints
import Foundation
import JSONText

/// A choice of layers in the words of the command line, independent of a model.
///
/// Comma-separated parts: `first`, `last`, `first:2`, `last:2`, `7`, `4..<9`, `4...8`, or `@report.json` for the
/// `selected_layers` of a probe's report. Layers count from 0.
public struct LayerSelection: Sendable, CustomStringConvertible {
  private enum Item: Sendable {
    case first(Int)
    case last(Int)
    case layers([Int])
  }

  private let parts: [(text: String, item: Item)]

  /// Reads a selection; `@FILE` is read at once.
  /// - Throws: `selection` naming the part.
  public init(_ text: String) throws(SurgeryError) {
    var parts: [(text: String, item: Item)] = []
    for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
      let part = piece.trimmingCharacters(in: .whitespaces)
      parts.append((part, try Self.item(part)))
    }
    self.parts = parts
  }

  /// Selects layers by index.
  public init(_ layers: [Int]) {
    parts = layers.map { (String($0), .layers([$0])) }
  }

  /// The first and the last layer.
  public static let firstAndLast = LayerSelection(parts: [("first", .first(1)), ("last", .last(1))])

  private init(parts: [(text: String, item: Item)]) { self.parts = parts }

  /// The selection as it was written.
  public var description: String { parts.map(\.text).joined(separator: ",") }

  /// The layers as a set, ascending.
  /// - Throws: `selection` when a part is out of range, empty or repeats a layer.
  public func set(layerCount: Int) throws(SurgeryError) -> [Int] {
    var layers: [Int] = []
    for (part, item) in parts {
      for layer in try resolve(item, part, layerCount) {
        guard !layers.contains(layer) else { throw .selection(part: part, .repeated(layer: layer)) }
        layers.append(layer)
      }
    }
    guard !layers.isEmpty else { throw .selection(part: description, .empty) }
    return layers.sorted()
  }

  /// The layers in the order written, repeats allowed.
  /// - Throws: `selection` when a part is out of range or empty.
  public func sequence(layerCount: Int) throws(SurgeryError) -> [Int] {
    var layers: [Int] = []
    for (part, item) in parts { layers += try resolve(item, part, layerCount) }
    guard !layers.isEmpty else { throw .selection(part: description, .empty) }
    return layers
  }

  private func resolve(_ item: Item, _ part: String, _ layerCount: Int) throws(SurgeryError) -> [Int] {
    let layers: [Int]
    switch item {
    case .first(let count) where count <= layerCount: layers = Array(0..<count)
    case .last(let count) where count <= layerCount: layers = Array(layerCount - count..<layerCount)
    case .layers(let given) where given.allSatisfy({ $0 >= 0 && $0 < layerCount }): layers = given
    default: throw .selection(part: part, .outOfRange(layerCount: layerCount))
    }
    guard !layers.isEmpty else { throw .selection(part: part, .empty) }
    return layers
  }

  /// No model has more layers; the bound keeps `0..<9999999999` from taking all memory.
  private static let maximumLayer = 100_000

  private static func item(_ part: String) throws(SurgeryError) -> Item {
    func number(_ text: some StringProtocol) throws(SurgeryError) -> Int {
      guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
        throw .selection(part: part, .malformed)
      }
      return min(Int(text) ?? maximumLayer, maximumLayer)
    }
    guard !part.isEmpty else { throw .selection(part: part, .empty) }
    if part == "first" { return .first(1) }
    if part == "last" { return .last(1) }
    if part.hasPrefix("first:") { return .first(try number(part.dropFirst(6))) }
    if part.hasPrefix("last:") { return .last(try number(part.dropFirst(5))) }
    if part.hasPrefix("@") { return .layers(try reportedLayers(part)) }
    for (sign, isClosed) in [("...", true), ("..<", false)] {
      guard let range = part.range(of: sign) else { continue }
      let lower = try number(part[..<range.lowerBound])
      let upper = try number(part[range.upperBound...])
      guard isClosed ? lower <= upper : lower < upper else { throw .selection(part: part, .empty) }
      return .layers(isClosed ? Array(lower...upper) : Array(lower..<upper))
    }
    return .layers([try number(part)])
  }

  private static func reportedLayers(_ part: String) throws(SurgeryError) -> [Int] {
    let report: ConfigText
    do { report = try ConfigText(contentsOf: URL(filePath: String(part.dropFirst()))) } catch {
      throw .selection(part: part, .report(reason: "\(error)"))
    }
    guard let elements = report["selected_layers"]?.elements else {
      throw .selection(part: part, .report(reason: "it has no list selected_layers"))
    }
    var layers: [Int] = []
    for element in elements {
      guard let layer = element.int else {
        throw .selection(part: part, .report(reason: "selected_layers holds \(report.spelling(of: element))"))
      }
      layers.append(layer)
    }
    return layers
  }
}
