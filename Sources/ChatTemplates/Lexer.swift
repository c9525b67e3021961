/// A piece of a template: text as it stands, or what stands inside `{{ }}` or `{% %}`.
enum TemplatePiece {
  case text(String)
  case output([Token])
  case block([Token])
}

/// A word of an expression or statement, with its line.
struct Token {
  enum Kind: Equatable {
    case name(String)
    case string(String)
    case integer(Int)
    case number(Double)
    case sign(String)
  }
  let kind: Kind
  let line: Int
}

/// Cuts a template into pieces with the white space that `transformers` asks Jinja for: the first newline behind a block goes
/// (`trim_blocks`), and so does what indents a block that begins its line (`lstrip_blocks`); `-` takes all white space,
/// `+` leaves it.
struct Lexer {
  private let source: [Unicode.Scalar]
  private var place = 0
  private var line = 1
  private var pieces: [TemplatePiece] = []
  private var text: [Unicode.Scalar] = []
  /// Where the text began that a `-` or the rule of indentation may shorten.
  private var lineBegins = true

  private init(_ template: String) {
    var source = Array(template.replacing("\r\n", with: "\n").replacing("\r", with: "\n").unicodeScalars)
    if source.last == "\n" { source.removeLast() }
    self.source = source
  }

  /// The pieces of a template.
  /// - Throws: `TemplateError.syntax` where something is not closed.
  static func pieces(of template: String) throws(TemplateError) -> [TemplatePiece] {
    var lexer = Lexer(template)
    return try lexer.run()
  }

  private mutating func run() throws(TemplateError) -> [TemplatePiece] {
    while place < source.count {
      switch (source[place], at(place + 1)) {
      case ("{", "{"):
        openTag(isBlock: false)
        pieces.append(.output(try tokens(until: "}}")))
      case ("{", "%"):
        openTag(isBlock: true)
        let tokens = try tokens(until: "%}")
        if tokens.count == 1, tokens[0].kind == .name("raw") {
          try raw()
        } else {
          pieces.append(.block(tokens))
        }
      case ("{", "#"):
        try comment()
      default:
        take()
      }
    }
    flush()
    return pieces
  }

  private func at(_ place: Int) -> Unicode.Scalar? { place < source.count ? source[place] : nil }

  private mutating func take() {
    text.append(source[place])
    advance()
  }

  private mutating func advance(_ count: Int = 1) {
    for _ in 0..<count where place < source.count {
      if source[place] == "\n" { line += 1 }
      place += 1
    }
  }

  private mutating func flush() {
    if !text.isEmpty { pieces.append(.text(CodePoints(text).text)) }
    text = []
  }

  /// Passes `{{`, `{%` or `{#` and shortens the text before it.
  private mutating func openTag(isBlock: Bool) {
    advance(2)
    switch at(place) {
    case "-":
      while let last = text.last, CodePoints.isSpace(last) { text.removeLast() }
      advance()
    case "+": advance()
    default:
      if isBlock { removeIndentation() }
    }
    flush()
  }

  /// Removes blanks between the last newline and a block, if there is nothing else between.
  private mutating func removeIndentation() {
    let blanks = text.reversed().prefix { $0 != "\n" }
    guard blanks.allSatisfy(CodePoints.isSpace) else { return }
    if blanks.count == text.count && !(lineBegins) { return }
    text.removeLast(blanks.count)
  }

  /// Passes the end of a tag and the white space that goes with it.
  private mutating func closeTag(_ mark: Unicode.Scalar?, trimsNewline: Bool) {
    if mark == "-" {
      while let next = at(place), CodePoints.isSpace(next) { advance() }
      lineBegins = place > 0 && source[place - 1] == "\n"
    } else if trimsNewline && mark != "+" && at(place) == "\n" {
      advance()
      lineBegins = true
    } else {
      lineBegins = false
    }
  }

  private mutating func comment() throws(TemplateError) {
    let start = line
    openTag(isBlock: true)
    while place < source.count, !(source[place] == "#" && at(place + 1) == "}") { advance() }
    guard place < source.count else { throw .syntax(problem: "a comment is not closed", line: start) }
    let mark = source[place - 1]
    advance(2)
    closeTag(mark == "-" || mark == "+" ? mark : nil, trimsNewline: true)
  }

  /// The text between `{% raw %}` and `{% endraw %}`, as it is.
  private mutating func raw() throws(TemplateError) {
    let start = line
    while place < source.count {
      if source[place] == "{", at(place + 1) == "%" {
        let (before, lineBefore) = (place, line)
        var probe = place + 2
        if at(probe) == "-" || at(probe) == "+" { probe += 1 }
        while let next = at(probe), CodePoints.isSpace(next) { probe += 1 }
        if source[probe...].starts(with: "endraw".unicodeScalars) {
          openTag(isBlock: true)
          _ = try tokens(until: "%}")
          return
        }
        (place, line) = (before, lineBefore)
      }
      take()
    }
    throw .syntax(problem: "{% raw %} is not closed", line: start)
  }

  private static let signs = [
    "//", "**", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "|", "(", ")", "[", "]", "{", "}", ".", ",", ":",
    "=",
    "<", ">",
  ].map { Array($0.unicodeScalars) }

  /// The words of a tag whose beginning has been passed, up to its end.
  private mutating func tokens(until end: String) throws(TemplateError) -> [Token] {
    let (start, closing) = (line, Array(end.unicodeScalars))
    var tokens: [Token] = []
    var depth = 0
    while let scalar = at(place) {
      if CodePoints.isSpace(scalar) {
        advance()
      } else if depth == 0, scalar == "-" || scalar == "+", source[(place + 1)...].starts(with: closing) {
        advance(3)
        closeTag(scalar, trimsNewline: end == "%}")
        return tokens
      } else if depth == 0, source[place...].starts(with: closing) {
        advance(2)
        closeTag(nil, trimsNewline: end == "%}")
        return tokens
      } else if scalar == "'" || scalar == "\"" {
        tokens.append(Token(kind: .string(try string(quote: scalar)), line: line))
      } else if ("0"..."9").contains(scalar) {
        tokens.append(Token(kind: number(), line: line))
      } else if scalar == "_" || scalar.properties.isXIDStart {
        let name = source[place...].prefix { $0 == "_" || $0.properties.isXIDContinue }
        tokens.append(Token(kind: .name(CodePoints(name).text), line: line))
        advance(name.count)
      } else if let sign = Self.signs.first(where: source[place...].starts) {
        let word = CodePoints(sign).text
        if ["(", "[", "{"].contains(word) { depth += 1 }
        if [")", "]", "}"].contains(word) { depth -= 1 }
        tokens.append(Token(kind: .sign(word), line: line))
        advance(sign.count)
      } else {
        throw .syntax(problem: "\"\(scalar)\" has no meaning there", line: line)
      }
    }
    throw .syntax(problem: "a tag is not closed by \(end)", line: start)
  }

  private mutating func number() -> Token.Kind {
    func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) || scalar == "_" }
    var digits = Array(source[place...].prefix(while: isDigit))
    var isFloat = false
    if at(place + digits.count) == ".", let next = at(place + digits.count + 1), ("0"..."9").contains(next) {
      isFloat = true
      digits.append(".")
      digits += source[(place + digits.count)...].prefix(while: isDigit)
    }
    if let sign = at(place + digits.count), sign == "e" || sign == "E" {
      var exponent = [sign]
      if let next = at(place + digits.count + 1), next == "-" || next == "+" { exponent.append(next) }
      let power = source[(place + digits.count + exponent.count)...].prefix(while: isDigit)
      if !power.isEmpty {
        isFloat = true
        digits += exponent + power
      }
    }
    advance(digits.count)
    let text = CodePoints(digits.filter { $0 != "_" }).text
    if !isFloat, let value = Int(text) { return .integer(value) }
    return .number(Double(text) ?? .nan)
  }

  private mutating func string(quote: Unicode.Scalar) throws(TemplateError) -> String {
    let start = line
    advance()
    var result: [Unicode.Scalar] = []
    while let scalar = at(place) {
      advance()
      if scalar == quote { return CodePoints(result).text }
      guard scalar == "\\", let escaped = at(place) else {
        result.append(scalar)
        continue
      }
      advance()
      switch escaped {
      case "n": result.append("\n")
      case "t": result.append("\t")
      case "r": result.append("\r")
      case "b": result.append("\u{8}")
      case "f": result.append("\u{c}")
      case "v": result.append("\u{b}")
      case "a": result.append("\u{7}")
      case "0": result.append("\0")
      case "\\", "'", "\"": result.append(escaped)
      case "\n": break
      case "x", "u", "U":
        let count = escaped == "x" ? 2 : escaped == "u" ? 4 : 8
        let digits = CodePoints(source[place...].prefix(count)).text
        guard digits.count == count, let value = UInt32(digits, radix: 16), let character = Unicode.Scalar(value) else {
          throw .syntax(problem: "\\\(escaped)\(digits) is no character", line: line)
        }
        result.append(character)
        advance(count)
      default: result += ["\\", escaped]
      }
    }
    throw .syntax(problem: "a text is not closed", line: start)
  }
}
