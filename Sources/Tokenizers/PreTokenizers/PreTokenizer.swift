/// Cuts the text into pieces that the model tokenizes one by one.
protocol PreTokenizer: Sendable {
  /// Splits each piece further, or rewrites it.
  func apply(to pieces: inout Pieces)
}

/// Reads a pre-tokenizer by its `type`.
/// - Parameter isLast: Whether the model comes next, so that bytes need not be spelled in the byte alphabet.
/// - Throws: `TokenizerError`, naming a type outside the list.
func makePreTokenizer(_ component: Component, isLast: Bool) throws(TokenizerError) -> any PreTokenizer {
  let type = try component.type
  switch type {
  case "Sequence":
    let parts = try component.elements("pretokenizers")
    var members: [any PreTokenizer] = []
    for (index, part) in parts.enumerated() {
      members.append(try makePreTokenizer(part, isLast: isLast && index == parts.count - 1))
    }
    return PreTokenizerSequence(members: members)
  case "ByteLevel": return try ByteLevelPreTokenizer(component, isLast: isLast)
  case "Metaspace": return try MetaspacePreTokenizer(component)
  case "Split":
    return PatternSplit(
      pattern: try component.pattern(), behavior: try splitBehavior(of: component),
      isInverted: try component.bool("invert"))
  case "Digits":
    let isIndividual = try component.bool("individual_digits")
    return try PatternSplit(UnicodeSets.numeric, behavior: isIndividual ? .isolated : .contiguous)
  case "Punctuation":
    let behavior = component.child("behavior") == nil ? .isolated : try splitBehavior(of: component)
    return try PatternSplit(UnicodeSets.punctuation, behavior: behavior)
  case "WhitespaceSplit": return try PatternSplit(UnicodeSets.whiteSpace, behavior: .removed)
  case "Whitespace":
    let word = UnicodeSets.regexCrateWord
    let others = word.union(UnicodeSets.whiteSpace).inverted
    let runs = [word, others].map { RegexNode.repeated(.scalar($0), min: 1, max: nil, mode: .greedy) }
    return PatternSplit(
      pattern: try RegexProgram(.alternatives(runs), pattern: type), behavior: .removed, isInverted: true)
  default: throw component.unsupportedType(type)
  }
}

private func splitBehavior(of component: Component) throws(TokenizerError) -> SplitBehavior {
  guard let behavior = SplitBehavior(rawValue: try component.string("behavior")) else {
    throw component.malformed(
      "behavior", "one of Removed, Isolated, MergedWithPrevious, MergedWithNext and Contiguous")
  }
  return behavior
}

/// One pre-tokenizer after the other.
struct PreTokenizerSequence: PreTokenizer {
  let members: [any PreTokenizer]

  func apply(to pieces: inout Pieces) {
    for member in members { member.apply(to: &pieces) }
  }
}

/// Splits at the matches of a pattern: the types Split, Digits, Punctuation, Whitespace and WhitespaceSplit.
struct PatternSplit: PreTokenizer {
  let pattern: RegexProgram
  let behavior: SplitBehavior
  let isInverted: Bool

  init(pattern: RegexProgram, behavior: SplitBehavior, isInverted: Bool) {
    self.pattern = pattern
    self.behavior = behavior
    self.isInverted = isInverted
  }

  /// Splits at each scalar of a set.
  init(_ set: ScalarSet, behavior: SplitBehavior) throws(TokenizerError) {
    try self.init(pattern: RegexProgram(.scalar(set), pattern: "a set"), behavior: behavior, isInverted: false)
  }

  func apply(to pieces: inout Pieces) {
    pieces.split(by: pattern, behavior: behavior, isInverted: isInverted)
  }
}
