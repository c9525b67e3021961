extension Tokenizer {
  /// Reads a SentencePiece model.
  ///
  /// Control pieces and the unknown one written in the text are recognised, as everywhere in this library; each part
  /// between them is what SentencePiece makes of it by itself, with its own space in front.
  /// - Throws: `TokenizerError` when it is damaged or uses something that is not supported.
  init(sentencePiece bytes: [UInt8], file name: String, declared: DeclaredTokens) throws(TokenizerError) {
    let file = try SentencePieceFile(bytes, file: name)
    var entries: [(id: UInt32, token: AddedTokens.Token)] = []
    for (id, piece) in file.pieces.enumerated()
    where [.control, .unknown].contains(piece.kind) && !piece.spelling.isEmpty {
      entries.append((UInt32(id), .special(piece.spelling)))
    }
    let known = Set(entries.map(\.id))
    let others = declared.tokens.filter { !known.contains($0.id) && Int($0.id) >= file.pieces.count }
    self.init(
      normalizer: SentencePieceNormalizer(file),
      preTokenizer: file.modelType == .bpe ? try SentencePieceWords(file) : nil,
      model: file.modelType == .bpe ? SentencePieceBPE(file) : Unigram(file),
      decoder: SentencePieceDecoder(file),
      addedTokens: try AddedTokens(entries + others, normalizer: nil, field: name))
  }
}
