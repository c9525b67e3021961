/// A text on its way to the model, cut into pieces; each pre-tokenizer sees the pieces of the one before.
struct Pieces: Sendable {
  /// Valid UTF-8; what lies between the pieces was removed.
  private(set) var text: [UInt8] = []
  /// The pieces in order, none empty, none overlapping.
  var ranges: [Range<Int>] = []
  /// Whether the text begins where the document does.
  private(set) var beginsDocument = false

  // Kept between calls to save allocations.
  private var rewritten: [UInt8] = []
  private var cut: [Range<Int>] = []
  private var classes: [UInt8] = []
  private var matchState = MatchState()

  /// Starts over with a text as one piece.
  mutating func reset(to newText: Span<UInt8>, beginsDocument: Bool) {
    text.removeAll(keepingCapacity: true)
    text.append(contentsOf: newText)
    ranges.removeAll(keepingCapacity: true)
    if !text.isEmpty { ranges.append(0..<text.count) }
    self.beginsDocument = beginsDocument
  }

  /// How much memory the text and its workspaces hold on to, in bytes.
  var capacity: Int {
    text.capacity + rewritten.capacity + classes.capacity
      + (ranges.capacity + cut.capacity) * MemoryLayout<Range<Int>>.stride
  }

  /// Replaces the text of each piece; what was removed between them goes.
  /// - Parameter body: Appends the new text of a piece.
  mutating func rewrite(_ body: (_ piece: ArraySlice<UInt8>, _ output: inout [UInt8]) -> Void) {
    rewritten.removeAll(keepingCapacity: true)
    cut.removeAll(keepingCapacity: true)
    for range in ranges {
      let start = rewritten.count
      body(text[range], &rewritten)
      if rewritten.count > start { cut.append(start..<rewritten.count) }
    }
    swap(&text, &rewritten)
    swap(&ranges, &cut)
  }

  /// Splits each piece at the matches of a pattern.
  mutating func split(by pattern: RegexProgram, behavior: SplitBehavior, isInverted: Bool) {
    // Locals, because no two parts of `self` can be lent at once where one of them is lent as a span.
    var classes: [UInt8] = []
    var parts: [Range<Int>] = []
    swap(&classes, &self.classes)
    swap(&parts, &cut)
    parts.removeAll(keepingCapacity: true)
    pattern.alphabet.classify(text.span, into: &classes)
    for range in ranges {
      var splitter = PieceSplitter(behavior: behavior)
      var covered = range.lowerBound
      pattern.forEachMatch(in: range, classes: &classes, state: &matchState) { match in
        if covered < match.lowerBound { splitter.add(covered..<match.lowerBound, isMatch: isInverted, to: &parts) }
        splitter.add(match, isMatch: !isInverted, to: &parts)
        covered = match.upperBound
      }
      if covered < range.upperBound { splitter.add(covered..<range.upperBound, isMatch: isInverted, to: &parts) }
      splitter.finish(into: &parts)
    }
    swap(&classes, &self.classes)
    cut = ranges
    ranges = parts
  }
}
