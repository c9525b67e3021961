/// Makes statements of a template's pieces.
struct Parser {
  private let pieces: [TemplatePiece]
  private var place = 0
  private var line = 1

  /// The statements of a template.
  /// - Throws: `TemplateError.syntax`, and `unsupported` for statements that this subset lacks.
  static func statements(of template: String) throws(TemplateError) -> [Statement] {
    var parser = Parser(pieces: try Lexer.pieces(of: template))
    let (statements, end) = try parser.body(until: [])
    precondition(end == nil, "a body without an end ends with the template")
    return statements
  }

  private init(pieces: [TemplatePiece]) { self.pieces = pieces }

  /// Statements up to a block that begins with one of some words, and that block; all when there are no words.
  private mutating func body(
    until ends: Set<String>
  ) throws(TemplateError) -> (statements: [Statement], end: ExpressionParser?) {
    var statements: [Statement] = []
    let start = line
    while place < pieces.count {
      let piece = pieces[place]
      place += 1
      switch piece {
      case .text(let text): statements.append(Statement(kind: .text(text), line: line))
      case .output(let tokens):
        var parser = ExpressionParser(tokens, line: line)
        line = parser.line
        let value = try parser.expressions()
        try parser.requireEnd()
        statements.append(Statement(kind: .output(value), line: line))
      case .block(let tokens):
        var parser = ExpressionParser(tokens, line: line)
        line = parser.line
        let word = try parser.requireName()
        if ends.contains(word) {
          return (statements, ExpressionParser(tokens, line: line))
        }
        statements.append(Statement(kind: try block(word, &parser), line: line))
      }
    }
    guard ends.isEmpty else {
      throw .syntax(problem: "no \(ends.sorted().joined(separator: " or ")) follows", line: start)
    }
    return (statements, nil)
  }

  /// The statements up to `{% word %}`, which is passed.
  private mutating func body(endedBy word: String) throws(TemplateError) -> [Statement] {
    try body(until: [word]).statements
  }

  private mutating func block(_ word: String, _ parser: inout ExpressionParser) throws(TemplateError) -> Statement.Kind
  {
    switch word {
    case "if": return try conditional(&parser)
    case "for": return try loop(&parser)
    case "set": return try assignment(&parser)
    case "macro": return try macro(&parser)
    case "generation":
      try parser.requireEnd()
      return .group(try body(endedBy: "endgeneration"))
    case "break", "continue":
      try parser.requireEnd()
      return word == "break" ? .leave : .next
    default: throw .unsupported(construct: "{% \(word) %}", line: line)
    }
  }

  private mutating func conditional(_ parser: inout ExpressionParser) throws(TemplateError) -> Statement.Kind {
    var branches: [(condition: Expression, body: [Statement])] = []
    var condition = try parser.expressions()
    try parser.requireEnd()
    while true {
      var (statements, end) = try body(until: ["elif", "else", "endif"])
      branches.append((condition, statements))
      switch try end!.requireName() {
      case "elif":
        condition = try end!.expressions()
        try end!.requireEnd()
      case "else": return .conditional(branches, otherwise: try body(endedBy: "endif"))
      default: return .conditional(branches, otherwise: [])
      }
    }
  }

  private mutating func loop(_ parser: inout ExpressionParser) throws(TemplateError) -> Statement.Kind {
    let targets = try parser.targets()
    guard parser.pass(name: "in") else { throw parser.unexpected("\"in\"") }
    let items = try parser.disjunction()
    let filter = parser.pass(name: "if") ? try parser.expression() : nil
    if parser.isName("recursive") { throw .unsupported(construct: "recursive loops", line: line) }
    try parser.requireEnd()
    var (statements, end) = try body(until: ["else", "endfor"])
    let otherwise = try end!.requireName() == "else" ? try body(endedBy: "endfor") : []
    return .loop(targets: targets, over: items, where: filter, body: statements, otherwise: otherwise)
  }

  private mutating func assignment(_ parser: inout ExpressionParser) throws(TemplateError) -> Statement.Kind {
    let names = try parser.targets()
    if names.count == 1, parser.pass(".") {
      let attribute = try parser.requireName()
      try parser.require("=")
      let value = try parser.expressions()
      try parser.requireEnd()
      return .assignAttribute(names[0], attribute, value)
    }
    if parser.pass("=") {
      let value = try parser.expressions()
      try parser.requireEnd()
      return .assign(names, value)
    }
    guard parser.isAtEnd, names.count == 1 else {
      throw .unsupported(construct: "{% set %} with a filter", line: line)
    }
    return .capture(names[0], try body(endedBy: "endset"))
  }

  private mutating func macro(_ parser: inout ExpressionParser) throws(TemplateError) -> Statement.Kind {
    let name = try parser.requireName()
    try parser.require("(")
    var parameters: [Macro.Parameter] = []
    while !parser.pass(")") {
      let parameter = try parser.requireName()
      parameters.append(.init(name: parameter, fallback: parser.pass("=") ? try parser.expression() : nil))
      if !parser.pass(",") {
        try parser.require(")")
        break
      }
    }
    try parser.requireEnd()
    return .macro(name, parameters, try body(endedBy: "endmacro"))
  }
}
