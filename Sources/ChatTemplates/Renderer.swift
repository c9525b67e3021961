/// Runs the statements of a template.
struct Renderer {
  var output = ""
  /// The statement that is run, for errors.
  var line = 1
  /// The functions of the environment.
  let environment: TemplateEnvironment

  /// How a body was left.
  enum Flow {
    case normal
    case leave
    case next
  }

  @discardableResult
  mutating func run(_ statements: [Statement], in scope: Scope) throws(TemplateError) -> Flow {
    for statement in statements {
      line = statement.line
      let flow = try run(statement.kind, in: scope)
      if flow != .normal { return flow }
    }
    return .normal
  }

  private mutating func run(_ statement: Statement.Kind, in scope: Scope) throws(TemplateError) -> Flow {
    switch statement {
    case .text(let text): output += text
    case .output(let expression): output += try evaluate(expression, in: scope).text
    case .conditional(let branches, let otherwise):
      for branch in branches where try evaluate(branch.condition, in: scope).isTrue {
        return try run(branch.body, in: scope)
      }
      return try run(otherwise, in: scope)
    case .loop(let targets, let over, let filter, let body, let otherwise):
      try loop(targets, over, filter, body, otherwise, in: scope)
    case .assign(let names, let expression): try bind(names, to: evaluate(expression, in: scope), in: scope)
    case .assignAttribute(let name, let attribute, let expression):
      guard case .namespace(let namespace)? = scope[name] else {
        throw problem("attributes can be set of a namespace only, and \(name) is none")
      }
      namespace.attributes[attribute] = try evaluate(expression, in: scope)
    case .capture(let name, let body): scope[name] = .string(try captured(body, in: scope))
    case .macro(let name, let parameters, let body):
      scope[name] = .macro(Macro(name: name, parameters: parameters, body: body, scope: scope))
    case .group(let body): return try run(body, in: scope)
    case .leave: return .leave
    case .next: return .next
    }
    return .normal
  }

  /// What a body writes.
  mutating func captured(_ body: [Statement], in scope: Scope) throws(TemplateError) -> String {
    let before = output
    output = ""
    try run(body, in: Scope(in: scope))
    defer { output = before }
    return output
  }

  /// Gives names a value: one all of it, several its items.
  func bind(_ names: [String], to value: TemplateValue, in scope: Scope) throws(TemplateError) {
    guard names.count > 1 else {
      scope[names[0]] = value
      return
    }
    let items = try items(of: value)
    guard items.count == names.count else {
      throw problem("\(items.count) items cannot be given to \(names.count) names")
    }
    for (name, item) in zip(names, items) { scope[name] = item }
  }

  private mutating func loop(
    _ targets: [String], _ over: Expression, _ filter: Expression?, _ body: [Statement], _ otherwise: [Statement],
    in scope: Scope
  ) throws(TemplateError) {
    var items = try items(of: evaluate(over, in: scope))
    if let filter {
      var kept: [TemplateValue] = []
      for item in items {
        let inner = Scope(in: scope)
        try bind(targets, to: item, in: inner)
        if try evaluate(filter, in: inner).isTrue { kept.append(item) }
      }
      items = kept
    }
    guard !items.isEmpty else {
      try run(otherwise, in: Scope(in: scope))
      return
    }
    for (index, item) in items.enumerated() {
      let inner = Scope(["loop": loopValue(index, of: items)], in: scope)
      try bind(targets, to: item, in: inner)
      if try run(body, in: inner) == .leave { return }
    }
  }

  private func loopValue(_ index: Int, of items: [TemplateValue]) -> TemplateValue {
    .object([
      ("index", .integer(index + 1)), ("index0", .integer(index)), ("first", .boolean(index == 0)),
      ("last", .boolean(index == items.count - 1)), ("length", .integer(items.count)),
      ("revindex", .integer(items.count - index)), ("revindex0", .integer(items.count - index - 1)),
      ("previtem", index == 0 ? .undefined("there is no previous item") : items[index - 1]),
      ("nextitem", index == items.count - 1 ? .undefined("there is no next item") : items[index + 1]),
    ])
  }

  /// What a loop goes over: the items of a list, the keys of a dict, the characters of a text.
  func items(of value: TemplateValue) throws(TemplateError) -> [TemplateValue] {
    switch value {
    case .list(let items): return items
    case .object(let members): return members.map { .string($0.key) }
    case .string(let text): return text.unicodeScalars.map { .string(String($0)) }
    case .undefined: return []
    default: throw problem("\(value.kind) has no items")
    }
  }

  func problem(_ text: String) -> TemplateError { .evaluation(problem: text, line: line) }
  func unsupported(_ construct: String) -> TemplateError { .unsupported(construct: construct, line: line) }
}
