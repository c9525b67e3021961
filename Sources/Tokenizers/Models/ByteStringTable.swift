/// A dictionary from byte strings to numbers.
///
/// Keys are bytes because Swift's `String` holds `é` and `e` + accent for equal, and a vocabulary does not.
struct ByteStringTable: Sendable {
  /// The upper half of a key's hash and the lower half one more than its entry; 0 marks a free slot.
  private var slots: [UInt64]
  private var keyBytes: [UInt8] = []
  private var keyEnds: [Int] = []
  private var values: [UInt32] = []

  /// - Parameter minimumCapacity: How many keys to make room for.
  init(minimumCapacity: Int) {
    slots = [UInt64](repeating: 0, count: Self.slotCount(for: minimumCapacity))
    keyEnds.reserveCapacity(minimumCapacity)
    values.reserveCapacity(minimumCapacity)
  }

  var count: Int { values.count }

  private static func slotCount(for capacity: Int) -> Int {
    var count = 16
    while count < 2 * capacity { count *= 2 }
    return count
  }

  /// The value of a key, nil when it is not there.
  func value(of key: Span<UInt8>) -> UInt32? {
    entry(at: slot(of: key, hash: byteHash(key))).map { values[$0] }
  }

  /// Sets the value of a key, in place of the one it had.
  mutating func insert(_ key: Span<UInt8>, value: UInt32) {
    let hash = byteHash(key)
    var slot = slot(of: key, hash: hash)
    if let entry = entry(at: slot) {
      values[entry] = value
      return
    }
    if 2 * (count + 1) > slots.count {
      grow()
      slot = self.slot(of: key, hash: hash)
    }
    slots[slot] = (hash & 0xFFFF_FFFF_0000_0000) | UInt64(count + 1)
    keyBytes.append(contentsOf: key)
    keyEnds.append(keyBytes.count)
    values.append(value)
  }

  private func keyRange(_ entry: Int) -> Range<Int> { (entry == 0 ? 0 : keyEnds[entry - 1])..<keyEnds[entry] }

  private func entry(at slot: Int) -> Int? {
    let entry = Int(UInt32(truncatingIfNeeded: slots[slot]))
    return entry == 0 ? nil : entry - 1
  }

  /// The slot that holds the key, or the free one where it belongs.
  private func slot(of key: Span<UInt8>, hash: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while let entry = entry(at: slot) {
      if slots[slot] >> 32 == hash >> 32, areEqual(keyBytes.span.extracting(keyRange(entry)), key) { return slot }
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private mutating func grow() {
    slots = [UInt64](repeating: 0, count: 2 * slots.count)
    for entry in 0..<count {
      let hash = byteHash(keyBytes.span.extracting(keyRange(entry)))
      var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = (hash & 0xFFFF_FFFF_0000_0000) | UInt64(entry + 1)
    }
  }
}
