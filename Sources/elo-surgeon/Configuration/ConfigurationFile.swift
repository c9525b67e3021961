import Foundation
import Yams

/// A YAML file with a key for each flag of a command: `learning-rate: 2e-4` is `--learning-rate 2e-4`.
///
/// A flag without a value is `true` or `false`, one that may be repeated takes a list, `null` is as good as no key.
struct ConfigurationFile {
  /// One key of the file.
  struct Entry {
    let key: CommandKey
    /// As the flag would take them: several of a list, of a flag without a value one, or none for `false`.
    let values: [String]
    /// From 1.
    let line: Int

    /// The arguments that say the same.
    var arguments: [String] {
      switch key.kind {
      case .positional: values
      case .option: values.map { "--\(key.name)=\($0)" }
      case .flag: values.isEmpty ? [] : ["--\(key.name)"]
      }
    }
  }

  /// The file.
  let path: String
  /// Its keys, in its order.
  let entries: [Entry]

  /// Reads a file.
  /// - Throws: `ConfigurationError`, naming the line.
  init(_ path: String, keys: [CommandKey]) throws(ConfigurationError) {
    self.path = path
    let node: Node?
    do {
      node = try Yams.compose(yaml: String(contentsOfFile: path, encoding: .utf8))
    } catch let error as YamlError {
      throw .notYAML(file: path, problem: error.description)
    } catch {
      throw .unreadable(file: path, problem: error.localizedDescription)
    }
    guard let node else {
      entries = []
      return
    }
    guard case .mapping(let mapping) = node else {
      throw .wrongShape(file: path, line: node.mark?.line ?? 1, problem: "keys with their values are expected")
    }
    var entries: [Entry] = []
    for (keyNode, value) in mapping {
      let line = keyNode.mark?.line ?? 1
      let name = keyNode.scalar?.string ?? ""
      guard let key = keys.first(where: { $0.name == name }) else {
        throw .unknownKey(file: path, line: line, key: name, nearest: nearestWord(to: name, of: keys.map(\.name)))
      }
      if value.null != nil { continue }
      guard let values = Self.values(value, of: key) else {
        throw .wrongShape(file: path, line: line, problem: "\(name) takes \(Self.expectation(key))")
      }
      entries.append(Entry(key: key, values: values, line: line))
    }
    self.entries = entries
  }

  /// What a flag would be given, nil for what it cannot be given.
  private static func values(_ node: Node, of key: CommandKey) -> [String]? {
    switch (key.kind, node) {
    case (.flag, .scalar): node.bool.map { $0 ? ["true"] : [] }
    case (_, .scalar(let scalar)) where key.kind != .flag: [scalar.string]
    case (_, .sequence(let sequence)) where key.isRepeating: Self.scalars(sequence)
    default: nil
    }
  }

  private static func scalars(_ sequence: Node.Sequence) -> [String]? {
    let values = sequence.compactMap(\.scalar?.string)
    return values.count == sequence.count ? values : nil
  }

  private static func expectation(_ key: CommandKey) -> String {
    switch key.kind {
    case .flag: "true or false"
    case .option, .positional: key.isRepeating ? "a value or a list of values" : "one value"
    }
  }
}
