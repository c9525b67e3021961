/// The classes that a pattern tells apart: two scalars of one class are members of the same sets.
///
/// A pattern knows a few dozen classes at most, so the matcher works on one byte per byte of text: the class at the
/// first byte of a scalar, `continuation` at the others and `end` behind the text. No scalar is decoded while
/// matching, and a run of a set is a loop over a table of 256 entries.
struct RegexAlphabet: Sendable {
  /// The class of every byte of a scalar but the first.
  static let continuation: UInt8 = 0
  /// The class of the place behind the text, in no set.
  static let end: UInt8 = 255

  private var ascii: [UInt8]
  /// For each 256 scalars the index of their block.
  private var pages: [UInt16]
  private var blocks: [UInt8]

  /// Finds the classes that `sets` tell apart.
  /// - Returns: The alphabet, and for each set a table of 256 entries: 1 for the classes in it and `continuation`.
  ///   Nil when there are more than 254 classes.
  static func make(for sets: [ScalarSet]) -> (alphabet: RegexAlphabet, members: [UInt8])? {
    var borders: Set<UInt32> = [0]
    for range in sets.flatMap(\.ranges) {
      borders.insert(range.lowerBound)
      if range.upperBound < ScalarSet.maximum { borders.insert(range.upperBound + 1) }
    }
    let starts = borders.sorted()
    var classes: [[UInt64]: UInt8] = [:]
    var members = [UInt8](repeating: 0, count: 256 * sets.count)
    for index in sets.indices { members[256 * index + Int(continuation)] = 1 }
    var classOfScalar = [UInt8](repeating: 0, count: Int(ScalarSet.maximum) + 1)
    var cursors = [Int](repeating: 0, count: sets.count)
    for (index, start) in starts.enumerated() {
      // Which sets hold the scalars from this border to the next, a bit each.
      var signature = [UInt64](repeating: 0, count: (sets.count + 63) / 64)
      for set in sets.indices {
        let ranges = sets[set].ranges
        while cursors[set] < ranges.count, ranges[cursors[set]].upperBound < start { cursors[set] += 1 }
        if cursors[set] < ranges.count, ranges[cursors[set]].lowerBound <= start {
          signature[set / 64] |= 1 << UInt64(set % 64)
        }
      }
      let known = classes[signature]
      let class_ = known ?? UInt8(classes.count + 1)
      if known == nil {
        guard classes.count < 254 else { return nil }
        classes[signature] = class_
        for set in sets.indices where signature[set / 64] >> UInt64(set % 64) & 1 == 1 {
          members[256 * set + Int(class_)] = 1
        }
      }
      let end = index + 1 < starts.count ? Int(starts[index + 1]) : classOfScalar.count
      for scalar in Int(start)..<end { classOfScalar[scalar] = class_ }
    }
    return (RegexAlphabet(classOfScalar: classOfScalar), members)
  }

  private init(classOfScalar: [UInt8]) {
    ascii = Array(classOfScalar[..<128])
    pages = []
    blocks = []
    var known = ByteStringTable(minimumCapacity: 256)
    for start in stride(from: 0, to: classOfScalar.count, by: 256) {
      let block = classOfScalar.span.extracting(start..<start + 256)
      if let index = known.value(of: block) {
        pages.append(UInt16(index))
      } else {
        pages.append(UInt16(known.count))
        known.insert(block, value: UInt32(known.count))
        blocks.append(contentsOf: block)
      }
    }
  }

  /// Writes the class of each byte of `text`, and one place more for `end`, into `classes`.
  /// - Parameter text: Valid UTF-8.
  func classify(_ text: Span<UInt8>, into classes: inout [UInt8]) {
    classes.removeAll(keepingCapacity: true)
    classes.append(addingCapacity: text.count + 1) { output in
      let ascii = ascii.span
      let pages = pages.span
      let blocks = blocks.span
      var position = 0
      while position < text.count {
        let lead = text[unchecked: position]
        if lead < 0x80 {
          output.append(ascii[unchecked: Int(lead)])
          position += 1
          continue
        }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        var scalar = Int(lead) & (0x7F >> length)
        for offset in 1..<length { scalar = scalar << 6 | Int(text[unchecked: position + offset] & 0x3F) }
        output.append(blocks[unchecked: Int(pages[unchecked: scalar >> 8]) << 8 | scalar & 0xFF])
        for _ in 1..<length { output.append(Self.continuation) }
        position += length
      }
      output.append(Self.end)
    }
  }
}
