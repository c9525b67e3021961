import Corpora
import Tokenizers

/// One document as it is scored: cut, and without its prefix token.
public struct ProbeDocument: Sendable, Hashable {
  /// Its place in the text, counted from 0; empty documents count.
  public let index: Int
  /// What its file calls it: documents of two texts with one id say the same.
  public let id: String?
  /// Its first tokens, at least one.
  public let tokens: [Int32]
  /// UTF-8 bytes that the tokens stand for.
  public let byteCount: Int

  /// A document of at least one token and one byte.
  public init(index: Int, id: String? = nil, tokens: [Int32], byteCount: Int) {
    precondition(!tokens.isEmpty && byteCount > 0, "document \(index): \(tokens.count) tokens, \(byteCount) bytes")
    self.index = index
    self.id = id
    self.tokens = tokens
    self.byteCount = byteCount
  }
}

/// The documents of one language that layers are scored on.
public struct ProbeText: Sendable, Hashable {
  /// What the text is called in every result.
  public let name: String
  /// Documents with at least one token, in the order in which they were read.
  public let documents: [ProbeDocument]
  /// How many documents had no token.
  public let emptyDocumentCount: Int

  /// Documents under a name.
  /// - Throws: `ProbeError.badTextName` when the name cannot stand in an archive, `.tooFewDocuments` below two.
  public init(name: String, documents: [ProbeDocument], emptyDocumentCount: Int = 0) throws(ProbeError) {
    guard !name.isEmpty, name != ".", name != "..", !name.contains("/"), !name.contains("\0") else {
      throw .badTextName(name, .notAName)
    }
    guard documents.count >= 2 else { throw .tooFewDocuments(text: name, found: documents.count, needed: 2) }
    self.name = name
    self.documents = documents
    self.emptyDocumentCount = emptyDocumentCount
  }

  /// A tokenised text with each document cut.
  ///
  /// The bytes of a cut document are those of its tokens decoded; a character that the cut splits counts as one byte.
  /// - Throws: As `init(name:documents:emptyDocumentCount:)`.
  public init(_ text: TokenizedText, tokenizer: Tokenizer, maximumTokens: Int) throws(ProbeError) {
    precondition(maximumTokens > 0, "documents cut at \(maximumTokens) tokens")
    let documents = (0..<text.documentCount).compactMap { index -> ProbeDocument? in
      let tokens = text.tokens(ofDocument: index)
      guard !tokens.isEmpty else { return nil }
      let kept = tokens.prefix(maximumTokens)
      let byteCount =
        kept.count == tokens.count ? text.byteCount(ofDocument: index) : Self.byteCount(tokenizer.decode(kept))
      return ProbeDocument(
        index: index, id: text.id(ofDocument: index), tokens: kept.map(Int32.init(bitPattern:)),
        byteCount: max(1, byteCount))
    }
    try self.init(name: text.name, documents: documents, emptyDocumentCount: text.emptyDocumentCount)
  }

  /// How many tokens the first so many documents have; nil for all.
  func tokenCount(ofFirst documents: Int?) -> Int {
    self.documents.prefix(documents ?? .max).reduce(0) { $0 + $1.tokens.count }
  }

  private static func byteCount(_ decoded: String) -> Int {
    decoded.unicodeScalars.last == "\u{FFFD}" ? decoded.utf8.count - 2 : decoded.utf8.count
  }
}
