/// What becomes of the matches of a pattern when a piece is split at them.
///
/// The examples split `the-final--countdown` at `-`.
enum SplitBehavior: String, Sendable {
  /// `the`, `final`, `countdown`
  case removed = "Removed"
  /// `the`, `-`, `final`, `-`, `-`, `countdown`
  case isolated = "Isolated"
  /// `the-`, `final-`, `-`, `countdown`
  case mergedWithPrevious = "MergedWithPrevious"
  /// `the`, `-final`, `-`, `-countdown`
  case mergedWithNext = "MergedWithNext"
  /// `the`, `-`, `final`, `--`, `countdown`
  case contiguous = "Contiguous"
}

/// Joins or drops matches and the text between them, one after the other.
struct PieceSplitter {
  let behavior: SplitBehavior
  /// The last part, which the next one may still extend.
  private var open: Range<Int>?
  private var wasMatch = false

  init(behavior: SplitBehavior) { self.behavior = behavior }

  /// Takes the next part of the piece; parts adjoin and cover it.
  @inline(__always)
  mutating func add(_ part: Range<Int>, isMatch: Bool, to pieces: inout [Range<Int>]) {
    let joins: Bool
    switch behavior {
    case .removed:
      if !isMatch, !part.isEmpty { pieces.append(part) }
      return
    case .isolated:
      if !part.isEmpty { pieces.append(part) }
      return
    case .contiguous: joins = isMatch == wasMatch
    case .mergedWithPrevious: joins = isMatch && !wasMatch
    case .mergedWithNext: joins = !isMatch && wasMatch
    }
    if joins, let last = open {
      open = last.lowerBound..<part.upperBound
    } else {
      finish(into: &pieces)
      open = part
    }
    wasMatch = isMatch
  }

  /// Hands out the part that is still open.
  mutating func finish(into pieces: inout [Range<Int>]) {
    if let last = open, !last.isEmpty { pieces.append(last) }
    open = nil
  }
}
