/// The normalizer that is part of a SentencePiece model.
///
/// It replaces what its table knows, writes spaces as `▁`, puts one in front, and drops those that are too many.
/// User-defined pieces are left as they are.
struct SentencePieceNormalizer: Normalizer {
  /// U+2581, which stands for a space.
  static let sign: [UInt8] = [0xE2, 0x96, 0x81]

  private let charsMap: PrecompiledCharsMap?
  private let userDefined: ByteTrie?
  private let addsDummyPrefix: Bool
  private let removesExtraWhiteSpace: Bool
  private let space: [UInt8]
  private let treatsWhiteSpaceAsSuffix: Bool

  init(_ file: SentencePieceFile) {
    charsMap = file.charsMap
    userDefined = file.userDefinedTrie
    addsDummyPrefix = file.addsDummyPrefix
    removesExtraWhiteSpace = file.removesExtraWhiteSpace
    space = file.escapesWhiteSpace ? Self.sign : [0x20]
    treatsWhiteSpaceAsSuffix = file.treatsWhiteSpaceAsSuffix
  }

  func normalize(_ text: inout [UInt8]) {
    let bytes = text
    let span = bytes.span
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count + bytes.count / 4)
    var position = 0
    if removesExtraWhiteSpace {
      while position < span.count {
        let next = step(span, at: position)
        guard next.isReplaced ? next.text.elementsEqual([0x20]) : isSpace(span, position..<next.end) else { break }
        position = next.end
      }
    }
    if position == span.count {
      text = []
      return
    }
    if addsDummyPrefix, !treatsWhiteSpaceAsSuffix { output.append(contentsOf: space) }
    var isAfterSpace = removesExtraWhiteSpace
    while position < span.count {
      let next = step(span, at: position)
      if next.isReplaced {
        append(next.text, isAfterSpace: &isAfterSpace, to: &output)
      } else {
        append(bytes[position..<next.end], isAfterSpace: &isAfterSpace, to: &output)
      }
      if !removesExtraWhiteSpace { isAfterSpace = false }
      position = next.end
    }
    if removesExtraWhiteSpace {
      while output.count >= space.count, output[(output.count - space.count)...].elementsEqual(space) {
        output.removeLast(space.count)
      }
    }
    if addsDummyPrefix, treatsWhiteSpaceAsSuffix { output.append(contentsOf: space) }
    text = output
  }

  private func isSpace(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    range.count == 1 && text[range.lowerBound] == 0x20
  }

  /// What the text goes on with: a user-defined piece, a string of the table or one scalar.
  private func step(_ text: Span<UInt8>, at position: Int) -> (end: Int, text: ArraySlice<UInt8>, isReplaced: Bool) {
    if let length = userDefined?.longestMatch(in: text, at: position) { return (position + length, [], false) }
    if let charsMap, let found = charsMap.longest(in: text, at: position) {
      return (found.end, charsMap.replacement(at: found.place), true)
    }
    return (min(text.count, position + text.scalarLength(at: position)), [], false)
  }

  private func append(_ part: ArraySlice<UInt8>, isAfterSpace: inout Bool, to output: inout [UInt8]) {
    let part = isAfterSpace ? part.drop { $0 == 0x20 } : part
    guard let last = part.last else { return }
    for byte in part {
      if byte == 0x20 { output.append(contentsOf: space) } else { output.append(byte) }
    }
    isAfterSpace = last == 0x20
  }
}

extension SentencePieceFile {
  /// The user-defined pieces, nil when there are none.
  var userDefinedTrie: ByteTrie? {
    let pieces = pieces.filter { $0.kind == .userDefined && !$0.spelling.isEmpty }
    guard !pieces.isEmpty else { return nil }
    var trie = ByteTrie()
    for piece in pieces { _ = trie.insert(piece.spelling.utf8.span, value: 0) }
    return trie
  }
}
