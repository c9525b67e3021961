extension ProbeText {
  /// The same documents with the tokens of each in a random order: a language's words without its sentences.
  ///
  /// Byte counts stay, whatever a shuffled document decodes to.
  /// - Throws: `ProbeError.statistics` without memory for the generator.
  public func shuffled(seed: UInt64) throws(ProbeError) -> ProbeText {
    var random = try RandomNumbers(seed: seed)
    var documents: [ProbeDocument] = []
    for document in self.documents {
      let order = random.permutation(of: document.tokens.count)
      documents.append(
        ProbeDocument(
          index: document.index, id: document.id, tokens: order.map { document.tokens[$0] },
          byteCount: document.byteCount))
    }
    return try ProbeText(name: name, documents: documents, emptyDocumentCount: emptyDocumentCount)
  }

  /// Two texts of one language with half of the documents each, by chance, named `NAME-a` and `NAME-b`.
  ///
  /// Between them nothing differs but chance: what a contrast calls significant here, it calls significant without cause.
  /// Of an odd number of documents one is left out.
  /// - Throws: `ProbeError.tooFewDocuments` below four, `.statistics`.
  public func halves(seed: UInt64) throws(ProbeError) -> (ProbeText, ProbeText) {
    guard documents.count >= 4 else { throw .tooFewDocuments(text: name, found: documents.count, needed: 4) }
    var random = try RandomNumbers(seed: seed)
    let order = random.permutation(of: documents.count)
    let size = documents.count / 2
    func half(_ suffix: String, _ places: ArraySlice<Int>) throws(ProbeError) -> ProbeText {
      try ProbeText(name: "\(name)-\(suffix)", documents: places.sorted().map { documents[$0] })
    }
    return (try half("a", order.prefix(size)), try half("b", order[size..<2 * size]))
  }
}
