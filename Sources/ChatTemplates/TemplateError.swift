/// Why a chat template cannot be rendered.
public enum TemplateError: Error, Sendable, Equatable {
  /// The text is not written as Jinja is.
  case syntax(problem: String, line: Int)
  /// A construct of Jinja that this subset lacks.
  case unsupported(construct: String, line: Int)
  /// A value is asked for something that it has not, as Jinja would refuse too.
  case evaluation(problem: String, line: Int)
  /// A checkpoint directory has no template.
  case noTemplate(directory: String)
  /// A file that should hold the template cannot be read.
  case badFile(path: String, problem: String)
  /// The template itself refuses the conversation, with `raise_exception`.
  case raised(String)
}

extension TemplateError: CustomStringConvertible {
  /// What is wrong, and where.
  public var description: String {
    switch self {
    case .syntax(let problem, let line): "the chat template's line \(line): \(problem)"
    case .unsupported(let construct, let line):
      "the chat template's line \(line) uses \(construct), which is not supported: render the prompt elsewhere and give it without "
        + "--chat"
    case .evaluation(let problem, let line): "the chat template's line \(line): \(problem)"
    case .noTemplate(let directory):
      "\(directory) has no chat template, neither chat_template.jinja nor \"chat_template\" in tokenizer_config.json: give the whole "
        + "prompt without --chat"
    case .badFile(let path, let problem): "\(path): \(problem)"
    case .raised(let message): "the chat template refuses the conversation: \(message)"
    }
  }
}
