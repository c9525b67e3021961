/// The merge rules of a byte-pair encoding: for a pair of tokens the rank of the rule and the token that it makes.
struct MergeTable: Sendable {
  /// What becomes of a pair.
  struct Merge: Sendable {
    /// The rule's place in the list: the lowest is applied first.
    let rank: UInt32
    let token: UInt32
  }

  private static let free = UInt64.max
  private var keys: [UInt64]
  private var merges: [Merge]

  /// - Parameter count: How many rules to make room for.
  init(count: Int) {
    var slotCount = 16
    while slotCount < 2 * count { slotCount *= 2 }
    keys = [UInt64](repeating: Self.free, count: slotCount)
    merges = [Merge](repeating: Merge(rank: .max, token: 0), count: slotCount)
  }

  /// Adds a rule; of two rules for one pair the later one holds, as in `tokenizers`.
  mutating func insert(_ left: UInt32, _ right: UInt32, merge: Merge) {
    let slot = slot(of: Self.key(left, right))
    keys[slot] = Self.key(left, right)
    merges[slot] = merge
  }

  /// The rule for a pair; a rank of `UInt32.max` means none.
  @inline(__always)
  func merge(_ left: UInt32, _ right: UInt32) -> Merge { merges[slot(of: Self.key(left, right))] }

  @inline(__always)
  private static func key(_ left: UInt32, _ right: UInt32) -> UInt64 { UInt64(left) << 32 | UInt64(right) }

  @inline(__always)
  private func slot(of key: UInt64) -> Int {
    let mask = keys.count - 1
    var slot = Int(truncatingIfNeeded: mixed(key)) & mask
    while keys[slot] != key, keys[slot] != Self.free { slot = (slot + 1) & mask }
    return slot
  }
}
