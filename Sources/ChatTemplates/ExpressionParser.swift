/// Reads expressions with Jinja's order of operators.
struct ExpressionParser {
  private let tokens: [Token]
  private var place = 0
  /// The line of the tag.
  private let lastLine: Int

  init(_ tokens: [Token], line: Int) {
    self.tokens = tokens
    lastLine = tokens.last?.line ?? line
  }

  var line: Int { place < tokens.count ? tokens[place].line : lastLine }
  var isAtEnd: Bool { place == tokens.count }
  private var next: Token.Kind? { place < tokens.count ? tokens[place].kind : nil }
  private func isSign(_ sign: String, ahead: Int = 0) -> Bool {
    place + ahead < tokens.count && tokens[place + ahead].kind == .sign(sign)
  }
  func isName(_ name: String, ahead: Int = 0) -> Bool {
    place + ahead < tokens.count && tokens[place + ahead].kind == .name(name)
  }

  /// Passes a sign if it is next.
  mutating func pass(_ sign: String) -> Bool {
    guard isSign(sign) else { return false }
    place += 1
    return true
  }
  /// Passes a word if it is next.
  mutating func pass(name: String) -> Bool {
    guard isName(name) else { return false }
    place += 1
    return true
  }
  mutating func require(_ sign: String) throws(TemplateError) {
    guard pass(sign) else { throw unexpected("\"\(sign)\"") }
  }
  mutating func requireName() throws(TemplateError) -> String {
    guard case .name(let name)? = next else { throw unexpected("a name") }
    place += 1
    return name
  }
  func requireEnd() throws(TemplateError) {
    guard isAtEnd else { throw unexpected("the end of the tag") }
  }
  func unexpected(_ wanted: String) -> TemplateError {
    let found =
      switch next {
      case nil: "the tag ends"
      case .name(let word)?, .sign(let word)?: "\"\(word)\" stands"
      case .string?: "a text stands"
      case .integer?, .number?: "a number stands"
      }
    return .syntax(problem: "\(found) where \(wanted) is needed", line: line)
  }

  /// Names between commas, perhaps in brackets.
  mutating func targets() throws(TemplateError) -> [String] {
    let isBracketed = pass("(")
    var names = [try requireName()]
    while pass(","), case .name? = next { names.append(try requireName()) }
    if isBracketed { try require(")") }
    return names
  }

  /// A whole expression; without brackets around them, expressions between commas make a list.
  mutating func expressions() throws(TemplateError) -> Expression {
    let first = try expression()
    guard isSign(",") else { return first }
    var items = [first]
    while pass(","), !isAtEnd { items.append(try expression()) }
    return .list(items)
  }

  mutating func expression() throws(TemplateError) -> Expression {
    var value = try disjunction()
    while pass(name: "if") {
      let condition = try disjunction()
      let other: Expression? = pass(name: "else") ? try expression() : nil
      value = .conditional(value, condition: condition, other: other)
    }
    return value
  }

  /// An expression whose `if` belongs to something else: that of a loop.
  mutating func disjunction() throws(TemplateError) -> Expression {
    var value = try conjunction()
    while pass(name: "or") { value = .or(value, try conjunction()) }
    return value
  }

  private mutating func conjunction() throws(TemplateError) -> Expression {
    var value = try negation()
    while pass(name: "and") { value = .and(value, try negation()) }
    return value
  }

  private mutating func negation() throws(TemplateError) -> Expression {
    pass(name: "not") ? .not(try negation()) : try comparison()
  }

  private mutating func comparison() throws(TemplateError) -> Expression {
    let first = try sum()
    var others: [(ComparisonOperator, Expression)] = []
    while let comparison = passComparison() { others.append((comparison, try sum())) }
    return others.isEmpty ? first : .comparison(first, others)
  }

  private mutating func passComparison() -> ComparisonOperator? {
    if case .sign(let sign)? = next, let comparison = ComparisonOperator(rawValue: sign) {
      place += 1
      return comparison
    }
    if pass(name: "in") { return .isIn }
    if isName("not"), isName("in", ahead: 1) {
      place += 2
      return .isNotIn
    }
    return nil
  }

  private mutating func sum() throws(TemplateError) -> Expression {
    try leftToRight(["+", "-"]) { parser throws(TemplateError) in try parser.concatenation() }
  }
  private mutating func concatenation() throws(TemplateError) -> Expression {
    try leftToRight(["~"]) { parser throws(TemplateError) in try parser.product() }
  }
  private mutating func product() throws(TemplateError) -> Expression {
    try leftToRight(["*", "/", "//", "%"]) { parser throws(TemplateError) in try parser.power() }
  }
  private mutating func power() throws(TemplateError) -> Expression {
    try leftToRight(["**"]) { parser throws(TemplateError) in try parser.unary(withFilters: true) }
  }

  private mutating func leftToRight(
    _ signs: [String], _ operand: (inout ExpressionParser) throws(TemplateError) -> Expression
  ) throws(TemplateError) -> Expression {
    var value = try operand(&self)
    while case .sign(let sign)? = next, signs.contains(sign) {
      place += 1
      value = .binary(BinaryOperator(rawValue: sign)!, value, try operand(&self))
    }
    return value
  }

  private mutating func unary(withFilters: Bool) throws(TemplateError) -> Expression {
    var value: Expression
    if pass("-") {
      value = .negative(try unary(withFilters: false))
    } else if pass("+") {
      value = try unary(withFilters: false)
    } else {
      value = try primary()
    }
    value = try postfixes(value)
    return withFilters ? try filters(value) : value
  }

  private mutating func primary() throws(TemplateError) -> Expression {
    switch next {
    case .name(let name)?:
      place += 1
      switch name {
      case "true", "True": return .literal(.boolean(true))
      case "false", "False": return .literal(.boolean(false))
      case "none", "None": return .literal(.none)
      default: return .name(name)
      }
    case .string(let first)?:
      // Texts beside each other are one.
      place += 1
      var text = first
      while case .string(let more)? = next {
        text += more
        place += 1
      }
      return .literal(.string(text))
    case .integer(let value)?:
      place += 1
      return .literal(.integer(value))
    case .number(let value)?:
      place += 1
      return .literal(.number(value))
    case .sign("(")?:
      place += 1
      if pass(")") { return .list([]) }
      let value = try expressionsInBrackets()
      try require(")")
      return value
    case .sign("[")?:
      place += 1
      var items: [Expression] = []
      while !pass("]") {
        items.append(try expression())
        if !isSign("]") { try require(",") }
      }
      return .list(items)
    case .sign("{")?:
      place += 1
      var members: [(key: Expression, value: Expression)] = []
      while !pass("}") {
        let key = try expression()
        try require(":")
        members.append((key, try expression()))
        if !isSign("}") { try require(",") }
      }
      return .dict(members)
    default: throw unexpected("a value")
    }
  }

  private mutating func expressionsInBrackets() throws(TemplateError) -> Expression {
    let first = try expression()
    guard isSign(",") else { return first }
    var items = [first]
    while pass(","), !isSign(")") { items.append(try expression()) }
    return .list(items)
  }

  private mutating func postfixes(_ start: Expression) throws(TemplateError) -> Expression {
    var value = start
    while true {
      if pass(".") {
        if case .integer(let index)? = next {
          place += 1
          value = .item(value, .literal(.integer(index)))
        } else {
          value = .attribute(value, try requireName())
        }
      } else if pass("[") {
        value = try subscripted(value)
      } else if isSign("(") {
        value = .call(value, try arguments())
      } else {
        return value
      }
    }
  }

  private mutating func subscripted(_ value: Expression) throws(TemplateError) -> Expression {
    var parts: [Expression?] = [nil]
    while !pass("]") {
      if pass(":") {
        parts.append(nil)
      } else {
        parts[parts.count - 1] = try expression()
        if !isSign("]") && !isSign(":") { throw unexpected("\"]\"") }
      }
    }
    switch parts.count {
    case 1:
      guard let item = parts[0] else { throw .syntax(problem: "\"[]\" names no item", line: line) }
      return .item(value, item)
    case 2, 3: return .slice(value, start: parts[0], stop: parts[1], step: parts.count == 3 ? parts[2] : nil)
    default: throw .syntax(problem: "a slice has at most two colons", line: line)
    }
  }

  private mutating func arguments() throws(TemplateError) -> Arguments {
    try require("(")
    var arguments = Arguments()
    while !pass(")") {
      if isSign("*") || isSign("**") { throw .unsupported(construct: "arguments with a star", line: line) }
      if case .name(let name)? = next, isSign("=", ahead: 1) {
        place += 2
        arguments.named.append((name, try expression()))
      } else {
        arguments.positional.append(try expression())
      }
      if !isSign(")") { try require(",") }
    }
    return arguments
  }

  /// `| filter`, `is test`, and calls of what these give.
  private mutating func filters(_ start: Expression) throws(TemplateError) -> Expression {
    var value = start
    while true {
      if pass("|") {
        let name = try requireName()
        value = .filter(value, name, isSign("(") ? try arguments() : Arguments())
      } else if pass(name: "is") {
        value = try test(value)
      } else if isSign("(") {
        value = .call(value, try arguments())
      } else {
        return value
      }
    }
  }

  private mutating func test(_ value: Expression) throws(TemplateError) -> Expression {
    let isNegated = pass(name: "not")
    let name = try requireName()
    var arguments = Arguments()
    if isSign("(") {
      arguments = try self.arguments()
    } else if let next, beginsArgument(next) {
      arguments.positional = [try postfixes(primary())]
    }
    let test = Expression.test(value, name, arguments)
    return isNegated ? .not(test) : test
  }

  private func beginsArgument(_ kind: Token.Kind) -> Bool {
    switch kind {
    case .name(let name): !["else", "or", "and", "is", "if", "in", "not"].contains(name)
    case .string, .integer, .number: true
    case .sign(let sign): sign == "[" || sign == "{"
    }
  }
}
