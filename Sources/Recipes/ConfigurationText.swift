import Foundation
import Yams

/// A value of a trainer's configuration.
enum Setting {
  case text(String)
  case integer(Int)
  case number(Double)
  case flag(Bool)
  case list([Setting])
  case map([(key: String, value: Setting)])

  /// The YAML node.
  var node: Node {
    switch self {
    // Quoted: a path may look like anything.
    case .text(let text): .scalar(Node.Scalar(text, Tag(.str), .doubleQuoted))
    case .integer(let number): Node(String(number), Tag(.int))
    case .number(let number): Node(decimal(number), Tag(.float))
    case .flag(let flag): Node(flag ? "true" : "false", Tag(.bool))
    case .list(let values): .sequence(Node.Sequence(values.map(\.node)))
    case .map(let pairs): .mapping(Node.Mapping(pairs.map { (Node($0.key), $0.value.node) }))
    }
  }
}

/// A YAML file of settings in the order given, under a comment.
func configuration(_ comment: String, _ settings: [(key: String, value: Setting)]) throws -> String {
  "# \(comment)\n"
    + (try Yams.serialize(node: Setting.map(settings).node, width: -1, allowUnicode: true, sortKeys: false))
}
