/// The hashes of the last documents, to see which come again.
///
/// Two generations of a set: when the younger is full it becomes the older, and the older is forgotten. So between
/// `window` and twice as many hashes are held, whatever the length of the text.
package struct RecentHashes {
  /// How many documents back a duplicate is certainly seen.
  package static let window = 1 << 20

  private let window: Int
  private var younger: Set<UInt64> = []
  private var older: Set<UInt64> = []

  package init(window: Int = window) { self.window = window }

  /// Adds a hash.
  /// - Returns: whether it was there.
  package mutating func insert(_ hash: UInt64) -> Bool {
    if younger.contains(hash) { return true }
    let isOld = older.contains(hash)
    if younger.count == window {
      older = younger
      younger = []
    }
    younger.insert(hash)
    return isOld
  }
}

/// FNV-1a over a document's ids: the same on every machine, as Swift's own hashes are not.
package func documentHash(_ ids: some Sequence<UInt32>) -> UInt64 {
  ids.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}
