extension BPE {
  func encode(_ piece: Span<UInt8>, word: inout BPEWord, into output: inout [UInt32]) {
    if let token = wholePieces?.value(of: piece) {
      output.append(token)
      return
    }
    word.removeAll()
    switch symbols {
    case .bytes: appendBytes(of: piece, to: &word)
    case .scalars: appendScalars(of: piece, to: &word)
    }
    word.merge(by: merges)
    word.append(to: &output)
  }

  private func appendBytes(of piece: Span<UInt8>, to word: inout BPEWord) {
    var unknown: UInt32?
    for index in piece.indices {
      let byte = Int(piece[index])
      let token = byteTokens[byte]
      if token >= 0 {
        append(UInt32(token), after: &unknown, to: &word)
      } else {
        let spelling = ByteAlphabet.spellings[byte]
        appendMissing(spelling.span, after: &unknown, to: &word)
      }
    }
    if let unknown { word.append(unknown) }
  }

  private func appendScalars(of piece: Span<UInt8>, to word: inout BPEWord) {
    var unknown: UInt32?
    var position = 0
    while position < piece.count {
      let lead = piece[position]
      let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
      let scalar = piece.extracting(position..<position + length)
      if let token = vocabulary.ids.value(of: scalar) {
        append(token, after: &unknown, to: &word)
      } else {
        appendMissing(scalar, after: &unknown, to: &word)
      }
      position += length
    }
    if let unknown { word.append(unknown) }
  }

  private func append(_ token: UInt32, after unknown: inout UInt32?, to word: inout BPEWord) {
    if let before = unknown { word.append(before) }
    unknown = nil
    word.append(token)
  }

  /// A symbol without token: bytes where all of them have one, else the unknown token, else nothing.
  ///
  /// As in `tokenizers`, byte tokens do not push out an unknown token that is waiting to be fused.
  private func appendMissing(_ symbol: Span<UInt8>, after unknown: inout UInt32?, to word: inout BPEWord) {
    if let fallbackTokens {
      let tokens = symbol.indices.map { fallbackTokens[Int(symbol[$0])] }
      if tokens.allSatisfy({ $0 >= 0 }) {
        for token in tokens { word.append(UInt32(token)) }
        return
      }
    }
    guard let unknownToken else { return }
    if let before = unknown, !fusesUnknown { word.append(before) }
    unknown = unknownToken
  }
}
