import Foundation
import JSONText

extension ChatTemplate {
  /// Reads the template of a checkpoint directory where `transformers` looks for it: `chat_template.jinja`, else `chat_template` in
  /// `tokenizer_config.json`, a text or a list of named ones, of which it takes `default`.
  /// - Throws: `TemplateError.noTemplate`, `.badFile`, and as `init(_:)`.
  public init(directory: URL) throws(TemplateError) {
    let file = directory.appending(path: "chat_template.jinja")
    if FileManager.default.fileExists(atPath: file.path) {
      try self.init(Self.text(file))
      return
    }
    guard let node = try Self.tokenizerConfig(directory)?["chat_template"] else {
      throw .noTemplate(directory: directory.path)
    }
    let named = node.elements?.first { $0["name"]?.string == "default" }
    guard let template = node.string ?? named?["template"]?.string else { throw .noTemplate(directory: directory.path) }
    try self.init(template)
  }

  /// What `transformers` tells a template of the tokenizer: the special tokens that `tokenizer_config.json` names, such as
  /// `bos_token`.
  /// - Throws: `TemplateError.badFile`.
  public static func specialTokens(directory: URL) throws(TemplateError) -> [String: TemplateValue] {
    var tokens: [String: TemplateValue] = [:]
    for member in try tokenizerConfig(directory)?.members ?? [] where member.key.hasSuffix("_token") {
      if let content = member.value.string ?? member.value["content"]?.string { tokens[member.key] = .string(content) }
    }
    return tokens
  }

  private static func tokenizerConfig(_ directory: URL) throws(TemplateError) -> JSONNode? {
    let file = directory.appending(path: "tokenizer_config.json")
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let bytes = Array(try text(file).utf8)
    do { return try JSONText(bytes).root } catch {
      throw .badFile(path: file.path, problem: "\(error.problem) at byte \(error.offset)")
    }
  }

  private static func text(_ file: URL) throws(TemplateError) -> String {
    guard let data = try? Data(contentsOf: file) else { throw .badFile(path: file.path, problem: "it cannot be read") }
    guard let text = String(bytes: data, encoding: .utf8) else {
      throw .badFile(path: file.path, problem: "it is not UTF-8")
    }
    return text
  }
}
