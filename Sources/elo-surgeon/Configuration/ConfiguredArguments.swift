import ArgumentParser
import Foundation

/// A command's arguments together with those of the file that `--config` names.
struct ConfiguredArguments {
  /// What the parser is to read: the file's arguments, then those of the command line, each key from one of the two only.
  let expanded: [String]
  private let file: ConfigurationFile?
  /// What was given by key: the command line's, else the file's.
  private let given: [String: [String]]
  private let keys: [CommandKey]

  /// Takes a command line apart and reads the file that it names, if any.
  /// - Parameter arguments: with the command's name in front.
  /// - Throws: `ConfigurationError`.
  init(_ arguments: [String], of command: any ParsableCommand.Type) throws(ConfigurationError) {
    keys = CommandKey.all(of: command)
    var given: [String: [String]] = [:]
    var words = arguments.dropFirst()
    var config: String?
    while let word = words.popFirst() {
      guard word.hasPrefix("--"), word.count > 2 else {
        if word.hasPrefix("-") { continue }
        if let positional = keys.first(where: { $0.kind == .positional })?.name { given[positional] = [word] }
        continue
      }
      let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      let isFlag = keys.first { $0.name == name }.map { $0.kind == .flag } ?? (name != "config")
      let value = isFlag ? "true" : parts.count > 1 ? String(parts[1]) : words.popFirst() ?? ""
      if name == "config" { config = value } else { given[name, default: []].append(value) }
    }
    guard let config else {
      (expanded, file, self.given) = (arguments, nil, given)
      return
    }
    let file = try ConfigurationFile(config, keys: keys)
    let taken = file.entries.filter { given[$0.key.name] == nil }
    expanded = arguments.prefix(1) + taken.flatMap(\.arguments) + arguments.dropFirst()
    self.file = file
    self.given = given.merging(taken.map { ($0.key.name, $0.values) }) { fromLine, _ in fromLine }
  }

  /// The parser's refusal, naming the lines of the file that it is about, if it is about any.
  func explained(_ error: any Error) -> any Error {
    guard let file, EloSurgeon.exitCode(for: error) == .validationFailure else { return error }
    let problem = EloSurgeon.message(for: error)
    let words = problem.split { !($0.isLetter || $0 == "-") }
    let lines = file.entries.filter { words.contains("--\($0.key.name)") }.map(\.line)
    return lines.isEmpty ? error : ConfigurationError.refused(file: file.path, lines: lines, problem: problem)
  }

  /// All settings with their values: what was given, else what the command found out, else the default.
  /// - Parameter found: values of keys that have no default or another one than help says.
  func resolved(_ found: [String: String]) -> [(key: CommandKey, values: [String])] {
    keys.compactMap { key in
      if let values = given[key.name] { return (key, key.isRepeating ? values : values.suffix(1)) }
      if key.kind == .flag { return (key, []) }
      return (found[key.name] ?? key.defaultValue).map { (key, [$0]) }
    }
  }
}
