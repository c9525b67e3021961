/// How `Device.roundedHeadLoss` rounds.
public struct HeadRounding: Sendable, Hashable {
  /// The probability from about which on a word is scored in f32.
  ///
  /// Lower means more of them and a smaller error.
  public var threshold: Float
  /// What the random roundings are drawn from, the same whenever it is given.
  public var seed: UInt32

  /// A rounding; with the default threshold the bound on the error of SmolLM2's gradient is below 1e-4.
  public init(threshold: Float = 3e-4, seed: UInt32) {
    self.threshold = threshold
    self.seed = seed
  }

  /// What is rounded.
  enum Purpose: UInt32 { case inputs, probabilities, words, wordPairs }

  /// What the roundings of a word, or of a token in a panel of words, are drawn from.
  func seed(_ purpose: Purpose, _ place: Int, panel: Int = 0) -> UInt32 {
    [UInt32(truncatingIfNeeded: place), UInt32(truncatingIfNeeded: panel), purpose.rawValue].reduce(seed) {
      let mixed = ($0 ^ $0 >> 16 ^ $1) &* 0x85eb_ca6b
      return (mixed ^ mixed >> 13) &* 0xc2b2_ae35
    }
  }
}

/// What rounding the head's arithmetic did to a gradient.
public struct HeadRoundingError: Sendable, Hashable {
  /// Over one token in sixteen: the sum of the expected squared norms of their gradients' errors, at most.
  public var squaredBound = 0.0
  /// Over the same tokens: the sum of the squared norms of their gradients.
  public var squaredNorm = 0.0
  /// Words that were scored in f32, summed over all tokens.
  public var exactWords = 0
  /// Words that were scored, summed over all tokens.
  public var words = 0

  /// Nothing yet.
  public init() {}

  /// A bound on the root mean square of the gradient's relative error; nil when nothing was measured or it is no number.
  public var bound: Double? {
    let bound = (squaredBound / squaredNorm).squareRoot()
    return bound.isFinite ? bound : nil
  }
  /// The share of words that were scored in integers alone.
  public var roundedShare: Double { 1 - Double(exactWords) / Double(max(words, 1)) }

  /// What two parts of a step did.
  public static func + (one: HeadRoundingError, other: HeadRoundingError) -> HeadRoundingError {
    var sum = one
    sum.squaredBound += other.squaredBound
    sum.squaredNorm += other.squaredNorm
    sum.exactWords += other.exactWords
    sum.words += other.words
    return sum
  }
}
