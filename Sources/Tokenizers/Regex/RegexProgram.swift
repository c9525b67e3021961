/// A compiled pattern: instructions for the backtracking matcher in `RegexProgram+Match.swift`.
struct RegexProgram: Sendable {
  /// One step of the matcher.
  struct Instruction: Sendable {
    var operation: Operation
    /// Where the table of a set begins in `members`, or the table of a choice in `choices`.
    var table = 0
    /// The instruction to go on with, for jumps and choices.
    var target = 0
    /// Bounds of a run; `max` is `Int.max` without bound.
    var min = 0
    var max = 0
    /// Which of `MatchState.marks` this uses.
    var mark = 0
  }

  enum Operation: Sendable {
    case match
    case jump
    /// One scalar of a set.
    case scalar
    /// A run of a set, as long as possible, given back one by one.
    case run
    /// A run of a set, as long as possible.
    case possessiveRun
    /// A look at the next scalar.
    case nextIs, nextIsNot
    /// Goes to the first alternative that the next scalar allows.
    case choice
    /// An alternative: notes the next possible one, if any, and goes to its own body.
    case alternative
    case atomicStart, atomicEnd
    case lookStart, lookEnd
    case lookNotStart, lookNotEnd
    case textStart, textEnd, textEndOrLastLine, lineStart, lineEnd
    case wordBoundary, notWordBoundary
  }

  private(set) var instructions: [Instruction] = []
  /// 256 entries per set, see `RegexAlphabet.make`.
  private(set) var members: [UInt8] = []
  /// 256 entries per alternative and one table more per choice: the first alternative from here on that a class of
  /// scalar allows, as a distance in instructions from the choice; 0 for none.
  private(set) var choices: [UInt8] = []
  /// 1 for the classes that a match can begin with, and for `RegexAlphabet.end`.
  private(set) var starts: [UInt8] = []
  /// Whether a match can be empty.
  let isNullable: Bool
  let alphabet: RegexAlphabet
  /// How many marks the instructions use.
  private(set) var markCount = 0
  /// Where the tables of `\w` and of the line feed begin in `members`.
  private(set) var wordTable = 0
  private(set) var lineFeedTable = 0

  /// Compiles a pattern.
  /// - Throws: `TokenizerError.unsupportedPattern`.
  init(_ pattern: String) throws(TokenizerError) {
    try self.init(RegexParser.parse(pattern), pattern: pattern)
  }

  /// Compiles a tree; `pattern` names it in errors.
  init(_ node: RegexNode, pattern: String) throws(TokenizerError) {
    var compiler = RegexCompiler()
    let first = node.first
    let startSet = compiler.index(of: first.set)
    compiler.emit(node, rest: [])
    compiler.emit(Instruction(operation: .match))
    guard compiler.instructions.count <= 20_000 else {
      throw .unsupportedPattern(pattern: pattern, position: 0, problem: "the pattern is too long")
    }
    guard let (alphabet, members) = RegexAlphabet.make(for: compiler.sets),
      compiler.choices.allSatisfy({ $0.firsts.count < 255 })
    else {
      throw .unsupportedPattern(
        pattern: pattern, position: 0, problem: "it tells too many scalars or alternatives apart")
    }
    self.alphabet = alphabet
    self.members = members
    isNullable = first.isNullable
    instructions = compiler.instructions
    markCount = compiler.markCount
    wordTable = 256 * (compiler.wordSet ?? 0)
    lineFeedTable = 256 * (compiler.lineFeedSet ?? 0)
    starts = Array(members[256 * startSet..<256 * startSet + 256])
    starts[Int(RegexAlphabet.continuation)] = 0
    starts[Int(RegexAlphabet.end)] = 1
    for choice in compiler.choices { fillTables(of: choice) }
  }

  /// Writes the tables of one choice, from its last alternative to its first.
  private mutating func fillTables(of choice: RegexCompiler.Choice) {
    let base = choices.count
    let count = choice.firsts.count
    choices.append(contentsOf: repeatElement(0, count: 256 * (count + 1)))
    for alternative in (0..<count).reversed() {
      for class_ in 0..<256 {
        let allows = choice.firsts[alternative].map { members[256 * $0 + class_] == 1 } ?? true
        choices[base + 256 * alternative + class_] =
          allows ? UInt8(alternative + 1) : choices[base + 256 * (alternative + 1) + class_]
      }
    }
    instructions[choice.start].table = base
    for alternative in 0..<count {
      instructions[choice.start + 1 + alternative].table = base + 256 * (alternative + 1)
      instructions[choice.start + 1 + alternative].min = choice.start
    }
  }
}
