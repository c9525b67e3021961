import ArgumentParser
import Foundation

/// Something that a command can be told, by the parser's own description of the command: so every flag has a key.
struct CommandKey: Decodable {
  enum Kind: String, Decodable {
    case positional, option, flag
  }

  private struct Name: Decodable {
    let kind: String
    let name: String
  }

  /// Whether it stands alone, takes a value, or is the value.
  let kind: Kind
  /// Whether it may be given more than once.
  let isRepeating: Bool
  /// What holds when it is not given, nil for what the command finds out itself.
  let defaultValue: String?
  private let valueName: String?
  private let names: [Name]?

  /// The flag without its dashes; of an argument without one, what help calls it.
  var name: String { names?.first { $0.kind == "long" }?.name ?? valueName ?? "" }

  /// The keys of a command, in the order of its help.
  static func all(of command: any ParsableCommand.Type) -> [CommandKey] {
    struct Help: Decodable {
      struct Command: Decodable {
        let arguments: [CommandKey]
      }
      let command: Command
    }
    do {
      let keys = try JSONDecoder().decode(Help.self, from: Data(command._dumpHelp().utf8)).command.arguments
      return keys.filter { !["config", "help", "version"].contains($0.name) }
    } catch {
      preconditionFailure("the parser describes \(command) in a way that is not known: \(error)")
    }
  }
}
