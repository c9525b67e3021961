extension DocumentReader {
  /// Documents wait in memory for their batch, so a batch is bounded; it is large enough to keep all cores busy.
  private static let batchBytes = 8 << 20
  private static let batchDocuments = 8192

  /// The next few megabytes of documents, and whether nothing is left behind them.
  /// - Parameter limit: at most so many documents.
  /// - Throws: As `next()`.
  mutating func nextBatch(limit: Int = .max) throws(CorpusError) -> (documents: [Document], isAtEnd: Bool) {
    var documents: [Document] = []
    var bytes = 0
    while bytes < Self.batchBytes, documents.count < min(limit, Self.batchDocuments) {
      guard let document = try next() else { return (documents, true) }
      documents.append(document)
      bytes += document.text.count
    }
    return (documents, false)
  }
}
