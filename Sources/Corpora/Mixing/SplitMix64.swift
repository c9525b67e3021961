/// The SplitMix64 generator: a counter behind a bijective mixing function.
///
/// `state += 0x9E3779B97F4A7C15`, then David Stafford's 13th variant of MurmurHash3's finaliser over the state. Written
/// here, with `below(_:)`, so that a seed means the same order on every platform and with every version of the standard
/// library.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// A generator whose whole sequence the seed fixes.
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// A bijection of 64-bit words in which every bit of the result depends on every bit of `word`.
  static func mix(_ word: UInt64) -> UInt64 {
    var z = word
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number of 0..<`bound`, all equally likely.
  ///
  /// The high half of a 128-bit product, drawn again where the low half shows the few words that would favour some
  /// numbers (Lemire, "Fast random integer generation in an interval", 2019).
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "no number is below \(bound)")
    let bound = UInt64(bound)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }
}
