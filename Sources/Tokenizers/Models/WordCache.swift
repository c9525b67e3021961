/// The tokens of words met before.
///
/// Bounded: when the table or its storage is full it forgets everything, which in running text costs less than
/// keeping track of age.
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
  static let maximumWordLength = 128
  private static let slotCount = 1 << 16
  private static let maximumKeyBytes = 1 << 20

  private var entries = [Entry](repeating: Entry(), count: slotCount)
  private var keyBytes: [UInt8] = []
  private var tokens: [UInt32] = []
  private var count = 0

  /// Appends the tokens of `word` to `output` and says whether it knew them.
  func append(tokensOf word: Span<UInt8>, hash: UInt64, to output: inout [UInt32]) -> Bool {
    let slot = slot(of: word, hash: hash)
    let entry = entries[slot]
    if entry.tokenCount == 0 { return false }
    let start = Int(entry.tokenStart)
    for index in start..<start + Int(entry.tokenCount) { output.append(tokens[index]) }
    return true
  }

  /// Keeps the tokens of a word.
  mutating func insert(_ word: Span<UInt8>, hash: UInt64, tokens wordTokens: ArraySlice<UInt32>) {
    guard word.count <= Self.maximumWordLength, !wordTokens.isEmpty else { return }
    if 2 * count >= Self.slotCount || keyBytes.count + word.count > Self.maximumKeyBytes { forget() }
    let slot = slot(of: word, hash: hash)
    entries[slot] = Entry(
      hash: hash, keyStart: UInt32(keyBytes.count), tokenStart: UInt32(tokens.count), keyCount: UInt16(word.count),
      tokenCount: UInt16(wordTokens.count))
    keyBytes.append(contentsOf: word)
    tokens.append(contentsOf: wordTokens)
    count += 1
  }

  private mutating func forget() {
    for slot in entries.indices { entries[slot] = Entry() }
    keyBytes.removeAll(keepingCapacity: true)
    tokens.removeAll(keepingCapacity: true)
    count = 0
  }

  @inline(__always)
  private func slot(of word: Span<UInt8>, hash: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: hash) & (Self.slotCount - 1)
    while entries[slot].tokenCount != 0 {
      let entry = entries[slot]
      if entry.hash == hash {
        let start = Int(entry.keyStart)
        if areEqual(keyBytes.span.extracting(start..<start + Int(entry.keyCount)), word) { return slot }
      }
      slot = (slot + 1) & (Self.slotCount - 1)
    }
    return slot
  }
}
