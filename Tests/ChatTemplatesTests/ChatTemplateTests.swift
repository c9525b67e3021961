import ChatTemplates
import Foundation
import JSONText
import TestSupport
import Testing

/// Templates against jinja2 in the environment that `transformers` makes, byte for byte.
///
/// With `ELO_CHAT_CASES=FILE` the cases are those of another file, which `Tests/Fixtures/chat/generate.py` writes from templates of
/// published models.
@Suite struct ChatTemplateTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let template: String
    let variables: [String: TemplateValue]
    /// Nil where jinja2 or the template refuses.
    let expected: String?
  }

  private static let cases: [Case] = {
    let other = ProcessInfo.processInfo.environment["ELO_CHAT_CASES"].map { URL(filePath: $0) }
    guard let data = try? Data(contentsOf: other ?? fixture("chat/cases.json")),
      let root = try? JSONText(Array(data)).root
    else { return [] }
    return root["cases"]!.elements!.map { node in
      let parts = node.elements!
      guard case .object(let members) = TemplateValue(root["variables"]![parts[2].string!]!) else {
        preconditionFailure("variables are an object")
      }
      return Case(
        testDescription: parts[0].string!, template: root["templates"]![parts[1].string!]?.string ?? parts[1].string!,
        variables: Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value) }), expected: parts[3].string)
    }
  }()

  /// The moment that the generator lets it be.
  private static let environment = TemplateEnvironment(
    now: Date(timeIntervalSince1970: 1_795_680_300), timeZone: TimeZone(secondsFromGMT: 0)!)

  @Test func `there are cases`() { #expect(!Self.cases.isEmpty) }

  @Test(arguments: cases)
  func `a template gives what jinja2 gives, or is refused`(_ example: Case) throws {
    guard let expected = example.expected else {
      #expect(throws: TemplateError.self) {
        try ChatTemplate(example.template).render(example.variables, environment: Self.environment)
      }
      return
    }
    let text = try ChatTemplate(example.template).render(example.variables, environment: Self.environment)
    #expect(Array(text.utf8) == Array(expected.utf8), "\(text)\n--- expected:\n\(expected)")
  }

  @Test(arguments: [
    ("{% include 'x' %}", "{% include %}", 1), ("\n{% call f() %}{% endcall %}", "{% call %}", 2),
    ("a\n\n{{ x | pprint }}", "the filter pprint", 3), ("{{ x is filter }}", "the test filter", 1),
    ("{{ '%s' % 1 }}", "texts formatted by %", 1),
  ])
  func `what is not supported is named with its line`(_ template: String, _ construct: String, _ line: Int) {
    #expect(throws: TemplateError.unsupported(construct: construct, line: line)) {
      try ChatTemplate(template).render([:])
    }
  }

  @Test(arguments: [
    ("{{ 'a }}", "a text is not closed", 1), ("\n{{ a", "a tag is not closed by }}", 2),
    ("{# x", "a comment is not closed", 1),
    ("{% if a %}b", "no elif or else or endif follows", 1), ("{{ ? }}", "\"?\" has no meaning there", 1),
    ("{{ }}", "the tag ends where a value is needed", 1),
  ])
  func `what is not written as Jinja is an error with its line`(_ template: String, _ problem: String, _ line: Int) {
    #expect(throws: TemplateError.syntax(problem: problem, line: line)) { try ChatTemplate(template) }
  }

  @Test func `a directory's template is found where transformers looks`() throws {
    try withTemporaryDirectory { directory in
      func write(_ text: String, _ name: String) throws {
        try text.write(to: directory.appending(path: name), atomically: true, encoding: .utf8)
      }
      func render() throws -> String {
        let variables = try ChatTemplate.specialTokens(directory: directory)
        return try ChatTemplate(directory: directory).render([.init(role: "user", content: "x")], variables: variables)
      }
      #expect(throws: TemplateError.noTemplate(directory: directory.path)) { try render() }
      try write(#"{"bos_token": {"content": "<b>"}, "eos_token": "<e>""#, "tokenizer_config.json")
      #expect(throws: TemplateError.self) { try render() }
      try write(#"{"bos_token": {"content": "<b>"}, "eos_token": "<e>"}"#, "tokenizer_config.json")
      #expect(throws: TemplateError.noTemplate(directory: directory.path)) { try render() }
      try write(
        #"{"bos_token": {"content": "<b>"}, "eos_token": "<e>", "chat_template": "{{ bos_token }}{{ eos_token }}"}"#,
        "tokenizer_config.json")
      #expect(try render() == "<b><e>")
      try write(
        #"{"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]}"#,
        "tokenizer_config.json")
      #expect(try render() == "d")
      try write("{{ messages[0].content }}", "chat_template.jinja")
      #expect(try render() == "x")
    }
  }

  @Test func `a template refuses a conversation in its own words`() throws {
    let template = try ChatTemplate(
      "{% if messages[0].role != 'user' %}{{ raise_exception('Users begin.') }}{% endif %}")
    #expect(throws: TemplateError.raised("Users begin.")) {
      try template.render([.init(role: "system", content: "")])
    }
  }
}

extension TemplateValue {
  /// A value of JSON, as Python's `json` reads it.
  fileprivate init(_ node: JSONNode) {
    if let members = node.members {
      self = .object(members.map { ($0.key, TemplateValue($0.value)) })
    } else if let elements = node.elements {
      self = .list(elements.map { TemplateValue($0) })
    } else if let text = node.string {
      self = .string(text)
    } else if let value = node.bool {
      self = .boolean(value)
    } else if node.isNull {
      self = .none
    } else if let whole = node.int {
      self = .integer(whole)
    } else {
      self = .number(node.double!)
    }
  }
}
