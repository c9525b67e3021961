/// A regular expression as a tree.
indirect enum RegexNode: Equatable, Sendable {
  /// One scalar of a set.
  case scalar(ScalarSet)
  /// One after the other; the empty sequence matches the empty text.
  case sequence([RegexNode])
  /// The first that lets the rest match.
  case alternatives([RegexNode])
  /// `min` to `max` times (nil: without bound).
  case repeated(RegexNode, min: Int, max: Int?, mode: RepeatMode)
  /// A look ahead that consumes nothing.
  case lookAhead(RegexNode, isNegative: Bool)
  /// What matched once inside is not reconsidered.
  case atomic(RegexNode)
  /// A condition on the place.
  case assertion(Assertion)

  /// How a repetition tries its counts.
  enum RepeatMode: Sendable {
    /// The most first.
    case greedy
    /// The fewest first.
    case lazy
    /// The most only.
    case possessive
  }

  /// A condition on a place in the text.
  enum Assertion: Sendable {
    /// `\A`
    case textStart
    /// `\z`
    case textEnd
    /// `\Z`: the end, or before a line feed at the end.
    case textEndOrLastLine
    /// `^`: the start, or behind a line feed that is not the last scalar.
    case lineStart
    /// `$`: the end, or before a line feed.
    case lineEnd
    /// `\b`
    case wordBoundary
    /// `\B`
    case notWordBoundary
  }

  static let empty = RegexNode.sequence([])

  /// The scalars that a match can begin with, and whether it can consume nothing.
  ///
  /// An upper bound: assertions and look-aheads count as free.
  var first: (set: ScalarSet, isNullable: Bool) {
    switch self {
    case .scalar(let set): return (set, false)
    case .sequence(let nodes):
      var set = ScalarSet([])
      for node in nodes {
        let first = node.first
        set = set.union(first.set)
        if !first.isNullable { return (set, false) }
      }
      return (set, true)
    case .alternatives(let nodes):
      return nodes.map(\.first).reduce((ScalarSet([]), false)) { ($0.0.union($1.set), $0.1 || $1.isNullable) }
    case .repeated(let node, let min, _, _):
      let first = node.first
      return (first.set, first.isNullable || min == 0)
    case .atomic(let node): return node.first
    case .lookAhead, .assertion: return (ScalarSet([]), true)
    }
  }

  /// Whether this matches at every place, whatever stands there.
  var alwaysMatches: Bool {
    switch self {
    case .scalar, .lookAhead, .assertion: false
    case .sequence(let nodes): nodes.allSatisfy(\.alwaysMatches)
    case .alternatives(let nodes): nodes.contains(where: \.alwaysMatches)
    case .repeated(let node, let min, _, _): min == 0 || node.alwaysMatches
    case .atomic(let node): node.alwaysMatches
    }
  }
}
