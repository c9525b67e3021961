/// Turns the tree of a pattern into instructions.
struct RegexCompiler {
  /// A choice: the instruction it starts at, and the set that each alternative can begin with, nil for any.
  struct Choice {
    let start: Int
    let firsts: [Int?]
  }

  private(set) var instructions: [RegexProgram.Instruction] = []
  private(set) var sets: [ScalarSet] = []
  private(set) var choices: [Choice] = []
  private(set) var markCount = 0
  private(set) var wordSet: Int?
  private(set) var lineFeedSet: Int?
  private var indices: [ScalarSet: Int] = [:]

  mutating func index(of set: ScalarSet) -> Int {
    if let index = indices[set] { return index }
    indices[set] = sets.count
    sets.append(set)
    return sets.count - 1
  }

  mutating func emit(_ instruction: RegexProgram.Instruction) { instructions.append(instruction) }

  /// Emits the instructions of `node`.
  /// - Parameter rest: What follows up to the end of the pattern, nil where that is not one fixed sequence.
  mutating func emit(_ node: RegexNode, rest: [RegexNode]?) {
    switch node {
    case .scalar(let set): emit(.init(operation: .scalar, table: 256 * index(of: set)))
    case .sequence(let nodes):
      for (place, node) in nodes.enumerated() { emit(node, rest: rest.map { nodes[(place + 1)...] + $0 }) }
    case .alternatives(let nodes): emitChoice(nodes) { compiler, index in compiler.emit(nodes[index], rest: rest) }
    case .repeated(let node, let min, let max, let mode): emitRepeat(node, min: min, max: max, mode: mode, rest: rest)
    case .lookAhead(let node, let isNegative): emitLookAhead(node, isNegative: isNegative)
    case .atomic(let node):
      let mark = makeMark()
      emit(.init(operation: .atomicStart, mark: mark))
      emit(node, rest: nil)
      emit(.init(operation: .atomicEnd, mark: mark))
    case .assertion(let assertion): emit(assertion)
    }
  }

  private mutating func makeMark() -> Int {
    // A mark holds a height of the stack and a place.
    defer { markCount += 2 }
    return markCount
  }

  private mutating func emit(_ assertion: RegexNode.Assertion) {
    lineFeedSet = index(of: ScalarSet("\n"))
    switch assertion {
    case .textStart: emit(.init(operation: .textStart))
    case .textEnd: emit(.init(operation: .textEnd))
    case .textEndOrLastLine: emit(.init(operation: .textEndOrLastLine))
    case .lineStart: emit(.init(operation: .lineStart))
    case .lineEnd: emit(.init(operation: .lineEnd))
    case .wordBoundary, .notWordBoundary:
      wordSet = index(of: UnicodeSets.wordOutsideClass)
      emit(.init(operation: assertion == .wordBoundary ? .wordBoundary : .notWordBoundary))
    }
  }

  private mutating func emitLookAhead(_ node: RegexNode, isNegative: Bool) {
    if case .scalar(let set) = node {
      emit(.init(operation: isNegative ? .nextIsNot : .nextIs, table: 256 * index(of: set)))
      return
    }
    let mark = makeMark()
    let start = instructions.count
    emit(.init(operation: isNegative ? .lookNotStart : .lookStart, mark: mark))
    emit(node, rest: nil)
    emit(.init(operation: isNegative ? .lookNotEnd : .lookEnd, mark: mark))
    instructions[start].target = instructions.count
  }

  /// Emits alternatives whose bodies all go on behind the last one.
  private mutating func emitChoice(
    _ nodes: [RegexNode], body: (inout RegexCompiler, Int) -> Void
  ) {
    let start = openChoice(nodes)
    var jumps: [Int] = []
    for index in nodes.indices {
      instructions[start + 1 + index].target = instructions.count
      body(&self, index)
      if index + 1 < nodes.count {
        jumps.append(instructions.count)
        emit(.init(operation: .jump))
      }
    }
    for jump in jumps { instructions[jump].target = instructions.count }
  }

  private mutating func openChoice(_ nodes: [RegexNode]) -> Int {
    let start = instructions.count
    let firsts = nodes.map { node -> Int? in
      let first = node.first
      return first.isNullable ? nil : index(of: first.set)
    }
    choices.append(Choice(start: start, firsts: firsts))
    emit(.init(operation: .choice))
    for _ in nodes { emit(.init(operation: .alternative)) }
    return start
  }

  private mutating func emitRepeat(
    _ node: RegexNode, min: Int, max: Int?, mode: RegexNode.RepeatMode, rest: [RegexNode]?
  ) {
    if case .scalar(let set) = node, mode != .lazy {
      let givesNothingBack = mode == .possessive || Self.neverNeedsLess(of: set, before: rest)
      emit(
        .init(
          operation: givesNothingBack ? .possessiveRun : .run, table: 256 * index(of: set), min: min, max: max ?? .max))
      return
    }
    if mode == .possessive {
      return emit(.atomic(.repeated(node, min: min, max: max, mode: .greedy)), rest: rest)
    }
    for _ in 0..<min { emit(node, rest: nil) }
    let order: [RegexNode] = mode == .lazy ? [.empty, node] : [node, .empty]
    let bodyIndex = mode == .lazy ? 1 : 0
    if let max {
      var starts: [Int] = []
      for _ in min..<Swift.max(min, max) {
        let start = openChoice(order)
        starts.append(start)
        instructions[start + 1 + bodyIndex].target = instructions.count
        emit(node, rest: nil)
      }
      for start in starts { instructions[start + 2 - bodyIndex].target = instructions.count }
    } else {
      let start = openChoice(order)
      instructions[start + 1 + bodyIndex].target = instructions.count
      emit(node, rest: nil)
      emit(.init(operation: .jump, target: start))
      instructions[start + 2 - bodyIndex].target = instructions.count
    }
  }

  /// Whether a run of `set` can keep all it took: what follows always matches, or cannot begin with what is given back.
  private static func neverNeedsLess(of set: ScalarSet, before rest: [RegexNode]?) -> Bool {
    guard let rest else { return false }
    let sequence = RegexNode.sequence(rest)
    if sequence.alwaysMatches { return true }
    let first = sequence.first
    return !first.isNullable && first.set.isDisjoint(with: set)
  }
}
