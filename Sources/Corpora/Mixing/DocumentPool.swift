/// Documents as token ids that a mixture draws from, numbered from 0 in the order in which they are read.
///
/// Documents without tokens have no number.
public protocol DocumentPool: Sendable {
  /// What the text is called in every result.
  var name: String { get }
  /// Tells the documents from others: pools that differ have the same one by chance only.
  var fingerprint: UInt64 { get }
  /// Whether there is a document of a number; reads on as far as needed.
  /// - Throws: `CorpusError`.
  func hasDocument(_ number: Int) throws(CorpusError) -> Bool
  /// The ids of a document that there is; no special tokens are added.
  /// - Throws: `CorpusError`.
  func ids(ofDocument number: Int) throws(CorpusError) -> [UInt32]
}

/// The documents of a text in memory.
struct LoadedPool: DocumentPool {
  private let text: TokenizedText
  /// The documents that have tokens.
  private let documents: [Int]

  init(_ text: TokenizedText) {
    self.text = text
    documents = (0..<text.documentCount).filter { text.tokenCount(ofDocument: $0) > 0 }
  }

  var name: String { text.name }
  var fingerprint: UInt64 { text.fingerprint }
  func hasDocument(_ number: Int) -> Bool { number < documents.count }
  func ids(ofDocument number: Int) -> [UInt32] { Array(text.tokens(ofDocument: documents[number])) }
}
