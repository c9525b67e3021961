/// Reads the subset of Oniguruma's syntax that tokenizers use.
///
/// Scalars, `.`, classes (ranges, negation, nested classes, `&&`, POSIX brackets), `\s \S \d \D \w \W \h \H`,
/// `\p{…} \P{…} \p{^…}`, groups (captures are not kept), `(?i:…)` and `(?i)` over ASCII letters, `(?>…)`, `(?=…)`,
/// `(?!…)`, alternation, greedy, lazy and possessive repetition, `^ $ \A \z \Z \b \B`. Anything else is refused.
///
/// As in Oniguruma, `^` and `$` are about lines, `{2,3}+` is a repeated repetition, not a possessive one, and `{,3}`
/// starts at 0.
struct RegexParser {
  private let pattern: String
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var ignoresCase = false
  private var depth = 0

  private static let maximumDepth = 100
  private static let maximumCount = 1000

  /// The tree of `pattern`.
  /// - Throws: `TokenizerError.unsupportedPattern` naming the position.
  static func parse(_ pattern: String) throws(TokenizerError) -> RegexNode {
    var parser = RegexParser(pattern)
    let node = try parser.parseAlternatives()
    guard parser.position == parser.scalars.count else { throw parser.refusal("a closing parenthesis stands alone") }
    return node
  }

  private init(_ pattern: String) {
    self.pattern = pattern
    self.scalars = Array(pattern.unicodeScalars)
  }

  private func refusal(_ problem: String, at place: Int? = nil) -> TokenizerError {
    .unsupportedPattern(pattern: pattern, position: place ?? position, problem: problem)
  }

  private func peek(_ offset: Int = 0) -> Unicode.Scalar? {
    position + offset < scalars.count ? scalars[position + offset] : nil
  }

  private mutating func consume(_ text: String) -> Bool {
    let wanted = text.unicodeScalars
    guard scalars[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  private mutating func next(_ missing: String) throws(TokenizerError) -> Unicode.Scalar {
    guard let scalar = peek() else { throw refusal("\(missing) is missing at the end") }
    position += 1
    return scalar
  }

  // MARK: Structure

  private mutating func parseAlternatives() throws(TokenizerError) -> RegexNode {
    // An option such as (?i) holds to the end of the group it stands in.
    let outerIgnoresCase = ignoresCase
    defer { ignoresCase = outerIgnoresCase }
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw refusal("groups are nested too deeply") }
    var alternatives = [try parseSequence()]
    while consume("|") { alternatives.append(try parseSequence()) }
    return alternatives.count == 1 ? alternatives[0] : .alternatives(alternatives)
  }

  private mutating func parseSequence() throws(TokenizerError) -> RegexNode {
    var nodes: [RegexNode] = []
    while let scalar = peek(), scalar != "|", scalar != ")" {
      let start = position
      guard let atom = try parseAtom() else { continue }
      nodes.append(try parseRepeats(of: atom, from: start))
    }
    try refuseFolding(in: nodes)
    return nodes.count == 1 ? nodes[0] : .sequence(nodes)
  }

  /// Oniguruma lets `(?i:ss)` match `ß`, one scalar for two; nothing here can.
  private func refuseFolding(in nodes: [RegexNode]) throws(TokenizerError) {
    guard ignoresCase else { return }
    for (left, right) in zip(nodes, nodes.dropFirst()) {
      guard case .scalar(let left) = left, case .scalar(let right) = right else { continue }
      for pair in ["ss", "ff", "fi", "fl", "st"] {
        let letters = Array(pair.unicodeScalars)
        if left.contains(letters[0]), right.contains(letters[1]), left.ranges.count <= 3, right.ranges.count <= 3 {
          throw refusal("\(pair) without regard to case also stands for a single letter")
        }
      }
    }
  }

  private mutating func parseAtom() throws(TokenizerError) -> RegexNode? {
    let start = position
    switch try next("an expression") {
    case "(": return try parseGroup()
    case "[": return .scalar(try parseClass())
    case ".": return .scalar(ScalarSet("\n").inverted)
    case "^": return .assertion(.lineStart)
    case "$": return .assertion(.lineEnd)
    case "\\": return try parseEscape()
    case "*", "+", "?": throw refusal("nothing stands before the repetition", at: start)
    case "{" where parseCounts(from: position) != nil:
      throw refusal("nothing stands before the repetition", at: start)
    case let scalar: return .scalar(try folded(ScalarSet(scalar), at: start))
    }
  }

  private mutating func parseGroup() throws(TokenizerError) -> RegexNode? {
    let start = position - 1
    guard consume("?") else { return try closeGroup(from: start) }
    if consume(":") { return try closeGroup(from: start) }
    if consume("=") { return .lookAhead(try closeGroup(from: start), isNegative: false) }
    if consume("!") { return .lookAhead(try closeGroup(from: start), isNegative: true) }
    if consume(">") { return .atomic(try closeGroup(from: start)) }
    let outer = ignoresCase
    if consume("i:") || consume("-i:") {
      ignoresCase = scalars[position - 2] == "i" && scalars[position - 3] != "-"
      defer { ignoresCase = outer }
      return try closeGroup(from: start)
    }
    if consume("i)") || consume("-i)") {
      ignoresCase = scalars[position - 3] != "-"
      // Oniguruma takes everything up to the end of the enclosing group, alternation included, into the option.
      return try parseAlternatives()
    }
    throw refusal("this kind of group is outside the subset", at: start)
  }

  private mutating func closeGroup(from start: Int) throws(TokenizerError) -> RegexNode {
    let node = try parseAlternatives()
    guard consume(")") else { throw refusal("the parenthesis is not closed", at: start) }
    return node
  }

  // MARK: Repetition

  private mutating func parseRepeats(of atom: RegexNode, from start: Int) throws(TokenizerError) -> RegexNode {
    var node = atom
    while let scalar = peek() {
      let counts: (min: Int, max: Int?)
      var isInterval = false
      switch scalar {
      case "*": counts = (0, nil)
      case "+": counts = (1, nil)
      case "?": counts = (0, 1)
      case "{":
        guard let (found, end) = parseCounts(from: position + 1) else { return node }
        guard max(found.min, found.max ?? 0) <= Self.maximumCount, found.min <= found.max ?? .max else {
          throw refusal("the counts are out of bounds")
        }
        counts = found
        isInterval = true
        position = end - 1
      default: return node
      }
      switch atom {
      case .assertion, .lookAhead: throw refusal("something without length is repeated")
      default: break
      }
      position += 1
      var mode = RegexNode.RepeatMode.greedy
      if consume("?") {
        guard !isInterval || counts.min != counts.max else {
          throw refusal("a fixed count cannot be lazy", at: position - 1)
        }
        mode = .lazy
      } else if !isInterval, consume("+") {
        mode = .possessive
      }
      if node.first.isNullable, counts.max == nil {
        throw refusal("something that can be empty is repeated without bound", at: start)
      }
      node = .repeated(node, min: counts.min, max: counts.max, mode: mode)
    }
    return node
  }

  /// Reads `2}`, `2,}`, `,3}` or `2,3}` at `start`; nil where the brace is an ordinary scalar.
  private func parseCounts(from start: Int) -> (counts: (min: Int, max: Int?), end: Int)? {
    guard let close = scalars[start...].firstIndex(of: "}") else { return nil }
    let parts = String(String.UnicodeScalarView(scalars[start..<close])).split(
      separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.map { $0.isEmpty ? nil : Int($0) }
    guard
      zip(parts, numbers).allSatisfy({ part, number in part.allSatisfy(\.isNumber) && (part.isEmpty || number != nil) })
    else { return nil }
    switch numbers.count {
    case 1: return numbers[0].map { (($0, $0), close + 1) }
    case 2 where numbers[0] != nil || numbers[1] != nil: return ((numbers[0] ?? 0, numbers[1]), close + 1)
    default: return nil
    }
  }

  // MARK: Escapes

  private mutating func parseEscape() throws(TokenizerError) -> RegexNode {
    let start = position - 1
    switch try next("what a backslash escapes") {
    case "A": return .assertion(.textStart)
    case "z": return .assertion(.textEnd)
    case "Z": return .assertion(.textEndOrLastLine)
    case "b": return .assertion(.wordBoundary)
    case "B": return .assertion(.notWordBoundary)
    default:
      position = start + 1
      return .scalar(try folded(try parseSetEscape(from: start, word: UnicodeSets.wordOutsideClass), at: start))
    }
  }

  /// The set that an escape stands for, inside a class or outside, which `\w` tells apart.
  private mutating func parseSetEscape(from start: Int, word: ScalarSet) throws(TokenizerError) -> ScalarSet {
    let letter = try next("what a backslash escapes")
    switch letter {
    case "s": return UnicodeSets.whiteSpace
    case "S": return UnicodeSets.whiteSpace.inverted
    case "d": return UnicodeSets.named("Nd")!
    case "D": return UnicodeSets.named("Nd")!.inverted
    case "w": return word
    case "W": return word.inverted
    case "h": return Self.hexadecimal
    case "H": return Self.hexadecimal.inverted
    case "n": return ScalarSet("\n")
    case "r": return ScalarSet("\r")
    case "t": return ScalarSet("\t")
    case "f": return ScalarSet("\u{C}")
    case "v": return ScalarSet("\u{B}")
    case "a": return ScalarSet("\u{7}")
    case "e": return ScalarSet("\u{1B}")
    case "p", "P": return try parseProperty(isInverted: letter == "P", from: start)
    case "x" where peek() == "{":
      guard let close = scalars[position...].firstIndex(of: "}") else { throw refusal("the escape is not closed") }
      return try scalarEscape(scalars[position + 1..<close], end: close + 1, from: start)
    case "x":
      return try scalarEscape(scalars[position...].prefix(2), end: min(position + 2, scalars.count), from: start)
    case "u":
      return try scalarEscape(scalars[position...].prefix(4), end: min(position + 4, scalars.count), from: start)
    case let letter where letter.isASCII && (letter.properties.isAlphabetic || ("0"..."9").contains(letter)):
      throw refusal("the escape \\\(letter) is outside the subset", at: start)
    case let scalar: return ScalarSet(scalar)
    }
  }

  private static let hexadecimal = ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66])

  private mutating func scalarEscape(
    _ digits: ArraySlice<Unicode.Scalar>, end: Int, from start: Int
  ) throws(TokenizerError) -> ScalarSet {
    guard let value = UInt32(String(String.UnicodeScalarView(digits)), radix: 16), let scalar = Unicode.Scalar(value),
      digits.count > 1, end - position >= 3 || value < 0x80
    else { throw refusal("the escape is no scalar", at: start) }
    position = end
    return ScalarSet(scalar)
  }

  private mutating func parseProperty(isInverted: Bool, from start: Int) throws(TokenizerError) -> ScalarSet {
    guard consume("{"), let close = scalars[position...].firstIndex(of: "}") else {
      throw refusal("a property needs braces", at: start)
    }
    var isInverted = isInverted
    if consume("^") { isInverted.toggle() }
    let name = String(String.UnicodeScalarView(scalars[position..<close]))
    guard let set = UnicodeSets.named(name) else {
      throw refusal("the property \(name) is outside the subset", at: start)
    }
    position = close + 1
    return isInverted ? set.inverted : set
  }

  // MARK: Classes

  /// Reads a class behind its opening bracket.
  private mutating func parseClass() throws(TokenizerError) -> ScalarSet {
    let start = position - 1
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw refusal("classes are nested too deeply") }
    let isInverted = consume("^")
    var intersection: ScalarSet?
    var union = ScalarSet([])
    var isEmpty = true
    while !consume("]") {
      guard peek() != nil else { throw refusal("the class is not closed", at: start) }
      if consume("&&") {
        intersection = intersection?.intersection(union) ?? union
        union = ScalarSet([])
      } else {
        union = union.union(try parseClassItem())
      }
      isEmpty = false
    }
    guard !isEmpty else { throw refusal("the class is empty", at: start) }
    let set = intersection?.intersection(union) ?? union
    return isInverted ? set.inverted : set
  }

  private mutating func parseClassItem() throws(TokenizerError) -> ScalarSet {
    let start = position
    if consume("[:") { return try folded(try parsePOSIXBracket(from: start), at: start) }
    if consume("[") { return try parseClass() }
    let (low, lowScalar) = try parseClassAtom()
    // A hyphen makes a range unless it is the last of the class or stands behind a set such as \d.
    guard let lowScalar, peek() == "-", let behind = peek(1), behind != "]" else { return try folded(low, at: start) }
    position += 1
    guard peek() != "[", case (_, let highScalar?) = try parseClassAtom(), lowScalar.value <= highScalar.value else {
      throw refusal("the range of the class is none", at: start)
    }
    return try folded(ScalarSet([lowScalar.value...highScalar.value]), at: start)
  }

  private mutating func parseClassAtom() throws(TokenizerError) -> (ScalarSet, Unicode.Scalar?) {
    let start = position
    let scalar = try next("the end of a class")
    guard scalar == "\\" else { return (ScalarSet(scalar), scalar) }
    if consume("b") { return (ScalarSet("\u{8}"), "\u{8}") }
    let set = try parseSetEscape(from: start, word: UnicodeSets.word)
    guard let range = set.ranges.first, set.ranges.count == 1, range.count == 1 else { return (set, nil) }
    return (set, Unicode.Scalar(range.lowerBound))
  }

  private mutating func parsePOSIXBracket(from start: Int) throws(TokenizerError) -> ScalarSet {
    let isInverted = consume("^")
    let sets: [(String, ScalarSet)] = [
      ("alpha", UnicodeSets.alphabetic), ("digit", UnicodeSets.named("Nd")!), ("space", UnicodeSets.whiteSpace),
      ("xdigit", Self.hexadecimal), ("word", UnicodeSets.word),
    ]
    for (name, set) in sets where consume("\(name):]") { return isInverted ? set.inverted : set }
    throw refusal("this POSIX bracket is outside the subset", at: start)
  }

  // MARK: Case

  /// Adds the other case of ASCII letters, with the two scalars beyond ASCII that fold to one: `ſ` and the Kelvin sign.
  private func folded(_ set: ScalarSet, at place: Int) throws(TokenizerError) -> ScalarSet {
    guard ignoresCase else { return set }
    var folded = set
    for letter in UInt32(0x61)...0x7A {
      var variants = [letter, letter - 0x20]
      if letter == 0x6B { variants.append(0x212A) }
      if letter == 0x73 { variants.append(0x17F) }
      if variants.contains(where: { set.contains(Unicode.Scalar($0)!) }) {
        folded = folded.union(ScalarSet(variants.map { $0...$0 }))
      }
    }
    let caseless = UnicodeSets.whiteSpace.union(ScalarSet([0...0x7F]))
    guard set.subtracting(caseless).isEmpty || set.inverted.subtracting(caseless).isEmpty else {
      throw refusal("letters beyond ASCII without regard to case are outside the subset", at: place)
    }
    return folded
  }
}
