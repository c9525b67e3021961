/// A dictionary from byte strings to numbers.
///
/// Keys are bytes because Swift's `String` holds `é` and `e` + accent for equal, and a vocabulary does not.
struct ByteStringTable: Sendable {
  private var slots: [Int32]
  private var keyBytes: [UInt8] = []
  private var keyEnds: [Int] = []
  private var values: [UInt32] = []

  /// - Parameter minimumCapacity: How many keys to make room for.
  init(minimumCapacity: Int) {
    slots = [Int32](repeating: -1, count: Self.slotCount(for: minimumCapacity))
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
    let entry = slots[slot(of: key)]
    return entry < 0 ? nil : values[Int(entry)]
  }

  /// Sets the value of a key, in place of the one it had.
  mutating func insert(_ key: Span<UInt8>, value: UInt32) {
    var slot = slot(of: key)
    if slots[slot] >= 0 {
      values[Int(slots[slot])] = value
      return
    }
    if 2 * (count + 1) > slots.count {
      grow()
      slot = self.slot(of: key)
    }
    slots[slot] = Int32(count)
    keyBytes.append(contentsOf: key)
    keyEnds.append(keyBytes.count)
    values.append(value)
  }

  private func keyRange(_ entry: Int) -> Range<Int> { (entry == 0 ? 0 : keyEnds[entry - 1])..<keyEnds[entry] }

  /// The slot that holds the key, or the free one where it belongs.
  private func slot(of key: Span<UInt8>) -> Int {
    var slot = Int(truncatingIfNeeded: byteHash(key)) & (slots.count - 1)
    while slots[slot] >= 0, !areEqual(keyBytes.span.extracting(keyRange(Int(slots[slot]))), key) {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: 2 * slots.count)
    for entry in 0..<count { slots[slot(of: keyBytes.span.extracting(keyRange(entry)))] = Int32(entry) }
  }
}
