/// What a match needs while it runs; kept between matches to save allocations.
struct MatchState: Sendable {
  /// A place to go back to.
  struct Frame: Sendable {
    let instruction: Int
    let position: Int
    /// For a run that can give back: the least it must keep; -1 for a plain alternative.
    let least: Int
  }

  fileprivate var stack: [Frame] = []
  fileprivate var marks: [Int] = []
}

extension RegexProgram {
  /// Finds one match after the other, as the Rust crate `onig` does: an empty match right behind a match is skipped.
  ///
  /// - Parameters:
  ///   - text: A part of the classified text, whose ends are the ends of the text for assertions and look-aheads.
  ///   - classes: See `RegexAlphabet.classify`; changed while matching, and as before afterwards.
  @inline(__always)
  func forEachMatch(
    in text: Range<Int>, classes: inout [UInt8], state: inout MatchState, _ body: (Range<Int>) -> Void
  ) {
    let behind = classes[text.upperBound]
    classes[text.upperBound] = RegexAlphabet.end
    defer { classes[text.upperBound] = behind }
    var position = text.lowerBound
    var lastEnd = -1
    while let match = firstMatch(from: position, in: text, classes: classes.span, state: &state) {
      if match.isEmpty, match.lowerBound == lastEnd {
        // The search goes on one scalar later.
        if position == text.upperBound { return }
        position = Self.successor(of: position, in: classes.span)
        continue
      }
      body(match)
      position = match.upperBound
      lastEnd = match.upperBound
    }
  }

  /// The first match at or behind `start`, as Oniguruma finds it: leftmost, then by the order of alternatives.
  ///
  /// - Parameters:
  ///   - text: Where the text lies in `classes`; `RegexAlphabet.end` stands at its upper bound.
  ///   - classes: See `RegexAlphabet`.
  /// - Note: Linear in the text for patterns whose alternatives begin differently; backtracking has its worst cases.
  func firstMatch(
    from start: Int, in text: Range<Int>, classes: Span<UInt8>, state: inout MatchState
  ) -> Range<Int>? {
    let starts = starts.span
    var position = start
    while true {
      if !isNullable {
        while starts[unchecked: Int(classes[unchecked: position])] == 0 { position += 1 }
        if position == text.upperBound { return nil }
      }
      if let end = end(ofMatchAt: position, in: text, classes: classes, state: &state) { return position..<end }
      if position == text.upperBound { return nil }
      position = Self.successor(of: position, in: classes)
    }
  }

  @inline(__always)
  private static func successor(of position: Int, in classes: Span<UInt8>) -> Int {
    var next = position + 1
    while classes[unchecked: next] == RegexAlphabet.continuation { next += 1 }
    return next
  }

  @inline(__always)
  private static func predecessor(of position: Int, in classes: Span<UInt8>) -> Int {
    var previous = position - 1
    while classes[unchecked: previous] == RegexAlphabet.continuation { previous -= 1 }
    return previous
  }

  /// Where the match that begins at `start` ends, nil when there is none.
  private func end(
    ofMatchAt start: Int, in text: Range<Int>, classes: Span<UInt8>, state: inout MatchState
  ) -> Int? {
    let instructions = instructions.span
    let members = members.span
    let choices = choices.span
    if !state.stack.isEmpty { state.stack.removeAll(keepingCapacity: true) }
    if state.marks.count < markCount { state.marks = [Int](repeating: 0, count: markCount) }
    var counter = 0
    var position = start
    while true {
      let instruction = instructions[unchecked: counter]
      var holds = false
      switch instruction.operation {
      case .match: return position
      case .jump:
        counter = instruction.target
        continue
      case .scalar:
        if members[unchecked: instruction.table + Int(classes[unchecked: position])] == 1 {
          position = Self.successor(of: position, in: classes)
          holds = true
        }
      case .nextIs: holds = members[unchecked: instruction.table + Int(classes[unchecked: position])] == 1
      case .nextIsNot: holds = members[unchecked: instruction.table + Int(classes[unchecked: position])] == 0
      case .possessiveRun, .run:
        if let (least, end) = run(instruction, from: position, classes: classes, members: members) {
          if instruction.operation == .run, end > least {
            state.stack.append(.init(instruction: counter + 1, position: end, least: least))
          }
          position = end
          holds = true
        }
      case .choice:
        let distance = Int(choices[unchecked: instruction.table + Int(classes[unchecked: position])])
        if distance > 0 {
          counter += distance
          continue
        }
      case .alternative:
        let distance = Int(choices[unchecked: instruction.table + Int(classes[unchecked: position])])
        if distance > 0 {
          state.stack.append(.init(instruction: instruction.min + distance, position: position, least: -1))
        }
        counter = instruction.target
        continue
      case .atomicStart:
        state.marks[instruction.mark] = state.stack.count
        holds = true
      case .atomicEnd:
        state.stack.removeLast(state.stack.count - state.marks[instruction.mark])
        holds = true
      case .lookStart:
        state.marks[instruction.mark] = state.stack.count
        state.marks[instruction.mark + 1] = position
        holds = true
      case .lookEnd:
        state.stack.removeLast(state.stack.count - state.marks[instruction.mark])
        position = state.marks[instruction.mark + 1]
        holds = true
      case .lookNotStart:
        state.marks[instruction.mark] = state.stack.count
        state.stack.append(.init(instruction: instruction.target, position: position, least: -1))
        holds = true
      case .lookNotEnd: state.stack.removeLast(state.stack.count - state.marks[instruction.mark])
      case .textStart: holds = position == text.lowerBound
      case .textEnd: holds = position == text.upperBound
      case .textEndOrLastLine:
        holds =
          position == text.upperBound
          || position + 1 == text.upperBound && isMember(position, of: lineFeedTable, classes: classes)
      case .lineStart:
        holds =
          position == text.lowerBound
          || position < text.upperBound
            && isMember(Self.predecessor(of: position, in: classes), of: lineFeedTable, classes: classes)
      case .lineEnd: holds = position == text.upperBound || isMember(position, of: lineFeedTable, classes: classes)
      case .wordBoundary: holds = isWordBoundary(position, in: text, classes: classes)
      case .notWordBoundary: holds = !isWordBoundary(position, in: text, classes: classes)
      }
      if holds {
        counter += 1
        continue
      }
      guard let frame = state.stack.popLast() else { return nil }
      counter = frame.instruction
      position = frame.position
      if frame.least >= 0 {
        position = Self.predecessor(of: position, in: classes)
        if position > frame.least {
          state.stack.append(.init(instruction: counter, position: position, least: frame.least))
        }
      }
    }
  }

  /// Where a run ends, and where it would with the fewest scalars; nil when there are not enough.
  @inline(__always)
  private func run(
    _ instruction: Instruction, from start: Int, classes: Span<UInt8>, members: Span<UInt8>
  ) -> (least: Int, end: Int)? {
    var position = start
    var count = 0
    while count < instruction.min {
      guard members[unchecked: instruction.table + Int(classes[unchecked: position])] == 1 else { return nil }
      position = Self.successor(of: position, in: classes)
      count += 1
    }
    let least = position
    if instruction.max == .max {
      // The table holds `continuation`, so the run goes over whole scalars byte by byte.
      while members[unchecked: instruction.table + Int(classes[unchecked: position])] == 1 { position += 1 }
    } else {
      while count < instruction.max, members[unchecked: instruction.table + Int(classes[unchecked: position])] == 1 {
        position = Self.successor(of: position, in: classes)
        count += 1
      }
    }
    return (least, position)
  }

  private func isMember(_ position: Int, of table: Int, classes: Span<UInt8>) -> Bool {
    members[table + Int(classes[unchecked: position])] == 1
  }

  private func isWordBoundary(_ position: Int, in text: Range<Int>, classes: Span<UInt8>) -> Bool {
    let isWordBehind =
      position > text.lowerBound
      && isMember(Self.predecessor(of: position, in: classes), of: wordTable, classes: classes)
    let isWordAhead = position < text.upperBound && isMember(position, of: wordTable, classes: classes)
    return isWordBehind != isWordAhead
  }
}
