/// The tokens of words met before.
///
/// Grows with what it learns up to a bound; when it is full it forgets everything, which in running text costs less
/// than keeping track of age.
struct WordCache: Sendable {
  private struct Entry: Sendable {
    var hash: UInt64 = 0
    var keyStart: UInt32 = 0
    var tokenStart: UInt32 = 0
    var keyCount: UInt16 = 0
    /// 0 marks a free entry; words without tokens are not kept.
    var tokenCount: UInt16 = 0
  }

  /// Longer words rarely come back.
  static let maximumWordLength = 256
  private static let minimumSlots = 1 << 10
  private static let maximumSlots = 1 << 17

  private var entries = [Entry](repeating: Entry(), count: minimumSlots)
  private var keyBytes: [UInt8] = []
  private var tokens: [UInt32] = []
  private var count = 0

  /// Appends the tokens of `word` to `output` and says whether it knew them.
  func append(tokensOf word: Span<UInt8>, hash: UInt64, to output: inout [UInt32]) -> Bool {
    let entry = entries[slot(of: word, hash: hash)]
    if entry.tokenCount == 0 { return false }
    let start = Int(entry.tokenStart)
    for index in start..<start + Int(entry.tokenCount) { output.append(tokens[index]) }
    return true
  }

  /// Keeps the tokens of a word that it does not know.
  mutating func insert(_ word: Span<UInt8>, hash: UInt64, tokens wordTokens: ArraySlice<UInt32>) {
    guard word.count <= Self.maximumWordLength, !wordTokens.isEmpty else { return }
    if 2 * count >= entries.count { if entries.count < Self.maximumSlots { grow() } else { forget() } }
    entries[slot(of: word, hash: hash)] = Entry(
      hash: hash, keyStart: UInt32(keyBytes.count), tokenStart: UInt32(tokens.count), keyCount: UInt16(word.count),
      tokenCount: UInt16(wordTokens.count))
    keyBytes.append(contentsOf: word)
    tokens.append(contentsOf: wordTokens)
    count += 1
  }

  private mutating func grow() {
    let known = entries
    entries = [Entry](repeating: Entry(), count: 2 * known.count)
    for entry in known where entry.tokenCount != 0 {
      var slot = firstSlot(of: entry.hash)
      while entries[slot].tokenCount != 0 { slot = (slot + 1) & (entries.count - 1) }
      entries[slot] = entry
    }
  }

  private mutating func forget() {
    entries = [Entry](repeating: Entry(), count: entries.count)
    keyBytes.removeAll(keepingCapacity: true)
    tokens.removeAll(keepingCapacity: true)
    count = 0
  }

  @inline(__always)
  private func firstSlot(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (entries.count - 1) }

  /// The slot that holds the word, or the free one where it belongs.
  @inline(__always)
  private func slot(of word: Span<UInt8>, hash: UInt64) -> Int {
    let entries = entries.span
    var slot = firstSlot(of: hash)
    while entries[unchecked: slot].tokenCount != 0 {
      let entry = entries[unchecked: slot]
      if entry.hash == hash {
        let start = Int(entry.keyStart)
        if areEqual(keyBytes.span.extracting(start..<start + Int(entry.keyCount)), word) { return slot }
      }
      slot = (slot + 1) & (entries.count - 1)
    }
    return slot
  }
}
