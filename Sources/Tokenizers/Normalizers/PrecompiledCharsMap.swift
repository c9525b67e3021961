/// The table of replacements that SentencePiece compiles from normalization rules: a double-array trie (Darts) from
/// strings to places in a text, where the replacement stands and ends with a zero byte.
struct PrecompiledCharsMap: Sendable {
  private let units: [UInt32]
  private let replacements: [UInt8]

  /// Reads the size of the trie in bytes, the trie, and the replacements; numbers are little-endian.
  /// - Throws: `TokenizerError.malformed` naming `field`.
  init(_ blob: [UInt8], field: String) throws(TokenizerError) {
    func number(at offset: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(blob[offset + $1]) << (8 * UInt32($1)) }
    }
    guard blob.count >= 8 else { throw .malformed(field: field, expected: "a table of replacements") }
    let size = Int(number(at: 0))
    guard size >= 4, size % 4 == 0, 4 + size <= blob.count else {
      throw .malformed(field: field, expected: "a table of replacements")
    }
    units = stride(from: 4, to: 4 + size, by: 4).map(number)
    replacements = Array(blob[(4 + size)...])
  }

  /// The strings in the table that `text` begins with at `start`, the shortest first.
  /// - Parameters:
  ///   - end: where the text to look at ends.
  ///   - body: Takes where the string ends and the place of its replacement.
  private func forEachPrefix(
    of text: Span<UInt8>, at start: Int, end: Int, _ body: (_ end: Int, _ place: Int) -> Bool
  ) {
    let units = units.span
    var node = Self.offset(units[0])
    for position in start..<end {
      node ^= Int(text[position])
      guard node < units.count else { return }
      let unit = units[node]
      guard unit & 0x8000_00FF == UInt32(text[position]) else { return }
      node ^= Self.offset(unit)
      guard node < units.count else { return }
      if unit >> 8 & 1 == 1, !body(position + 1, Int(units[node] & 0x7FFF_FFFF)) { return }
    }
  }

  @inline(__always)
  private static func offset(_ unit: UInt32) -> Int { Int((unit >> 10) << ((unit & (1 << 9)) >> 6)) }

  /// The replacement at a place, without the zero byte behind it.
  func replacement(at place: Int) -> ArraySlice<UInt8> {
    guard place < replacements.count else { return [] }
    return replacements[place...].prefix { $0 != 0 }
  }

  /// The longest string in the table that `text` goes on with at `start`: where it ends and its replacement's place.
  func longest(in text: Span<UInt8>, at start: Int) -> (end: Int, place: Int)? {
    var found: (Int, Int)?
    forEachPrefix(of: text, at: start, end: text.count) { end, place in
      found = (end, place)
      return true
    }
    return found
  }

  /// The place of the replacement of the shortest string that `text[range]` begins with.
  func shortest(in text: Span<UInt8>, range: Range<Int>) -> Int? {
    var found: Int?
    // `tokenizers` ends its search at a zero byte.
    guard text[range.lowerBound] != 0 else { return nil }
    forEachPrefix(of: text, at: range.lowerBound, end: range.upperBound) { _, place in
      found = place
      return false
    }
    return found
  }
}

/// The type Precompiled, as `tokenizers` applies it: by grapheme clusters.
///
/// A cluster of less than six bytes that begins with a string of the table is replaced as a whole by what that string,
/// the shortest, becomes; of other clusters each scalar is looked up by itself. This is not what SentencePiece does,
/// which takes the longest string at each place (`SentencePieceNormalizer`).
struct PrecompiledNormalizer: Normalizer {
  let map: PrecompiledCharsMap

  func normalize(_ text: inout [UInt8]) {
    let bytes = text
    let span = bytes.span
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var start = 0
    for cluster in String(decoding: bytes, as: UTF8.self) {
      let range = start..<start + cluster.utf8.count
      start = range.upperBound
      if range.count < 6, let place = map.shortest(in: span, range: range) {
        output.append(contentsOf: map.replacement(at: place))
        continue
      }
      var position = range.lowerBound
      for scalar in cluster.unicodeScalars {
        let part = position..<position + UTF8.width(scalar)
        position = part.upperBound
        if let place = map.shortest(in: span, range: part) {
          output.append(contentsOf: map.replacement(at: place))
        } else {
          output.append(contentsOf: span.extracting(part))
        }
      }
    }
    text = output
  }
}
