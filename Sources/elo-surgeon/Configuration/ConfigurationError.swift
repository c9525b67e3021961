/// Why a configuration file is refused.
enum ConfigurationError: Error, Equatable {
  /// The file is not there or not UTF-8.
  case unreadable(file: String, problem: String)
  /// It is not YAML.
  case notYAML(file: String, problem: String)
  /// A key stands for no flag.
  case unknownKey(file: String, line: Int, key: String, nearest: String?)
  /// A key's value is of a kind that its flag cannot take.
  case wrongShape(file: String, line: Int, problem: String)
  /// The command refuses what some lines say.
  case refused(file: String, lines: [Int], problem: String)
}

extension ConfigurationError: CustomStringConvertible {
  /// What is wrong and what to do.
  var description: String {
    switch self {
    case .unreadable(let file, let problem):
      "\(file): \(problem) Give --config a YAML file"
    case .notYAML(let file, let problem):
      "\(file): it is not YAML: \(problem)"
    case .unknownKey(let file, let line, let key, let nearest):
      "\(file):\(line): there is no key '\(key)'" + (nearest.map { ", did you mean '\($0)'?" } ?? ".")
        + " The keys are the flags of `elo-surgeon help adapt` without their dashes, and checkpoint"
    case .wrongShape(let file, let line, let problem):
      "\(file):\(line): \(problem)"
    case .refused(let file, let lines, let problem):
      "\(file):\(lines.map(String.init).joined(separator: ",")): \(problem)"
    }
  }
}
