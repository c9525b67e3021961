import Foundation
import Yams

/// The file that a run leaves beside its result, with which it can be run again: every setting with its value, whether it
/// was given or not, and paths that hold from everywhere.
enum ResolvedConfiguration {
  /// The file's name.
  static let fileName = "adapt.yaml"

  /// The file's text.
  static func text(_ settings: [(key: CommandKey, values: [String])]) throws -> String {
    let pairs: [(Node, Node)] = settings.filter { $0.key.name != "resume" }.map { key, values in
      let values = values.map { absolute($0, key.name) }
      let node: Node =
        switch key.kind {
        case .flag: Node(values.isEmpty ? "false" : "true")
        case .option, .positional: key.isRepeating ? Node(values.map { Node($0) }) : Node(values[0])
        }
      return (Node(key.name), node)
    }
    return """
      # What made this checkpoint. To do it again:
      #   elo-surgeon adapt --config \(fileName) --output DIR

      """ + (try Yams.serialize(node: .mapping(Node.Mapping(pairs)), width: -1, allowUnicode: true))
  }

  private static let pathKeys: Set = ["checkpoint", "output", "token-cache", "tensorboard"]
  private static let textKeys: Set = ["target", "source", "held-out"]

  /// A value whose path, if it has one, begins at the root.
  private static func absolute(_ value: String, _ key: String) -> String {
    if pathKeys.contains(key) { return directory(value).path }
    if textKeys.contains(key), let equals = value.firstIndex(of: "=") {
      return value[...equals] + directory(String(value[value.index(after: equals)...])).path
    }
    return value
  }
}
