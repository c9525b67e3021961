/// Turns the pieces of a SentencePiece model back into text as SentencePiece does.
///
/// Special tokens stand as they are spelled and count as nothing: the text begins behind them.
struct SentencePieceDecoder: TokenDecoder {
  private let bytes: [[UInt8]: UInt8]
  private let controls: Set<[UInt8]>
  private let unknown: [UInt8]
  private let unknownSurface: [UInt8]
  private let dropsFirstSpace: Bool
  private let removesExtraWhiteSpace: Bool

  init(_ file: SentencePieceFile) {
    var bytes: [[UInt8]: UInt8] = [:]
    for piece in file.pieces where piece.kind == .byte {
      bytes[Array(piece.spelling.utf8)] = UInt8(piece.spelling.dropFirst(3).prefix(2), radix: 16)
    }
    self.bytes = bytes
    controls = Set(file.pieces.filter { $0.kind == .control }.map { Array($0.spelling.utf8) })
    unknown = Array(file.pieces[Int(file.unknownToken)].spelling.utf8)
    unknownSurface = Array(file.unknownSurface.utf8)
    dropsFirstSpace = file.addsDummyPrefix || file.removesExtraWhiteSpace
    removesExtraWhiteSpace = file.removesExtraWhiteSpace
  }

  func decode(_ spellings: [[UInt8]]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var run: [UInt8] = []
    var isAtStart = true
    var droppedSpace = false
    func flush() {
      guard !run.isEmpty else { return }
      result.append(Self.repaired(run))
      isAtStart = false
      run.removeAll()
    }
    for spelling in spellings {
      if let byte = bytes[spelling] {
        run.append(byte)
        continue
      }
      flush()
      if controls.contains(spelling) {
        result.append(spelling)
        continue
      }
      if droppedSpace { isAtStart = false }
      if spelling == unknown {
        result.append(unknownSurface)
        isAtStart = false
        continue
      }
      var text = spelling[...]
      droppedSpace = false
      if isAtStart, dropsFirstSpace, text.starts(with: SentencePieceNormalizer.sign) {
        text = text.dropFirst(SentencePieceNormalizer.sign.count)
        droppedSpace = !removesExtraWhiteSpace
      }
      let surface = Self.withSpaces(text)
      if !surface.isEmpty { isAtStart = false }
      result.append(surface)
    }
    flush()
    return result
  }

  private static func withSpaces(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    var rest = text
    while let first = rest.first {
      if rest.starts(with: SentencePieceNormalizer.sign) {
        output.append(0x20)
        rest = rest.dropFirst(3)
      } else {
        output.append(first)
        rest = rest.dropFirst()
      }
    }
    return output
  }

  /// The bytes with U+FFFD for each one that belongs to no scalar.
  private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    var position = 0
    while position < bytes.count {
      let length = bytes.span.scalarLength(at: position)
      let part = Array(bytes[position..<min(position + length, bytes.count)])
      if String(validating: part, as: UTF8.self) != nil {
        output.append(contentsOf: part)
        position += part.count
      } else {
        output.append(contentsOf: "\u{FFFD}".utf8)
        position += 1
      }
    }
    return output
  }
}
