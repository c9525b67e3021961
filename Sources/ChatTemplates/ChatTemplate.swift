import Foundation

/// A chat template: a subset of Jinja that makes a prompt of a conversation, byte for byte as `apply_chat_template` of
/// `transformers` does.
///
/// Statements: `if`, `for` (with `if` and `else`), `set`, `macro`, `break`, `continue`, `generation`, `raw`. What is not supported,
/// such as `include`, `call` or a filter that no chat template uses, is refused by its name and line.
public struct ChatTemplate: Sendable {
  private let statements: [Statement]

  /// Reads a template.
  /// - Throws: `TemplateError.syntax`, `.unsupported`.
  public init(_ template: String) throws(TemplateError) {
    statements = try Parser.statements(of: template)
  }

  /// One message of a conversation.
  public struct Message: Sendable, Hashable {
    /// Who speaks: `system`, `user` or `assistant`.
    public let role: String
    /// What is said.
    public let content: String

    /// A message.
    public init(role: String, content: String) {
      self.role = role
      self.content = content
    }
  }

  /// The prompt of a conversation.
  /// - Parameters:
  ///   - addsGenerationPrompt: whether it ends where the assistant's answer begins.
  ///   - variables: what else the template may ask for, such as `bos_token`.
  /// - Throws: `TemplateError`; `.raised` when the template itself refuses the conversation.
  public func render(
    _ messages: [Message], addsGenerationPrompt: Bool = true, variables: [String: TemplateValue] = [:],
    environment: TemplateEnvironment = TemplateEnvironment()
  ) throws(TemplateError) -> String {
    let conversation = TemplateValue.list(
      messages.map { .object([("role", .string($0.role)), ("content", .string($0.content))]) })
    let own: [String: TemplateValue] = [
      "messages": conversation, "add_generation_prompt": .boolean(addsGenerationPrompt), "tools": .none,
      "documents": .none,
    ]
    return try render(own.merging(variables) { $1 }, environment: environment)
  }

  /// The text that the template makes with some variables.
  /// - Throws: `TemplateError`.
  public func render(
    _ variables: [String: TemplateValue], environment: TemplateEnvironment = TemplateEnvironment()
  ) throws(TemplateError) -> String {
    let functions = Renderer.functions.map { ($0, TemplateValue.function($0)) }
    let global = Scope(Dictionary(uniqueKeysWithValues: functions).merging(variables) { $1 })
    var renderer = Renderer(environment: environment)
    try renderer.run(statements, in: global)
    return renderer.output
  }
}

/// What a template sees of the world.
public struct TemplateEnvironment: Sendable {
  private let now: Date
  private let timeZone: TimeZone

  /// An environment at a moment, by default now, in the time zone of the machine.
  public init(now: Date = Date(), timeZone: TimeZone = .current) {
    self.now = now
    self.timeZone = timeZone
  }

  /// The moment as C's `strftime` writes it.
  func date(in format: String) -> String {
    let seconds = now.timeIntervalSince1970 + Double(timeZone.secondsFromGMT(for: now))
    var time = time_t(seconds.rounded(.down))
    var parts = tm()
    gmtime_r(&time, &parts)
    // strftime cannot tell an empty result from one that does not fit.
    guard !format.isEmpty else { return "" }
    var buffer = [CChar](repeating: 0, count: 64 + 16 * format.utf8.count)
    let count = strftime(&buffer, buffer.count, format, &parts)
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
