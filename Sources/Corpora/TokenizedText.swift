import Tokenizers

/// The documents of a text as token ids, in the order in which they were read.
public struct TokenizedText: Sendable {
  /// What the text is called in every result.
  public let name: String
  /// The ids of all documents, one behind the other.
  private let ids: [UInt32]
  /// Where each document starts in `ids`, and behind the last its end: `documentCount + 1` entries.
  private let starts: [Int]
  /// Where each document's bytes would start if they stood one behind the other: `documentCount + 1` entries.
  private let byteStarts: [Int]
  /// What each document is called, where its file says so.
  private let documentIDs: [String?]
  /// A 64-bit hash of all ids and of where documents end: two texts that differ have the same one by chance only.
  public let fingerprint: UInt64

  /// How many documents there are, empty ones included.
  public var documentCount: Int { starts.count - 1 }
  /// How many tokens all documents have together; no special tokens are added.
  public var tokenCount: Int { ids.count }
  /// How many UTF-8 bytes all documents have together.
  public var byteCount: Int { byteStarts[documentCount] }
  /// How many documents have no token.
  public var emptyDocumentCount: Int { (0..<documentCount).count { starts[$0] == starts[$0 + 1] } }

  /// The ids of document `i`, counted from 0.
  public func tokens(ofDocument i: Int) -> ArraySlice<UInt32> { ids[starts[i]..<starts[i + 1]] }

  /// How many ids document `i` has.
  public func tokenCount(ofDocument i: Int) -> Int { starts[i + 1] - starts[i] }

  /// How many UTF-8 bytes document `i` has.
  public func byteCount(ofDocument i: Int) -> Int { byteStarts[i + 1] - byteStarts[i] }

  /// What document `i` is called in its file's field `id`; nil where there is none.
  public func id(ofDocument i: Int) -> String? { documentIDs[i] }

  /// Reads a text and tokenises it on all cores.
  ///
  /// The order of documents and every id are as on one core.
  /// - Parameters:
  ///   - textField: The field of a `.jsonl` that holds the text.
  ///   - maximumDocuments: Reading stops behind so many documents; nil reads them all.
  /// - Throws: As `TextSource.files()` and `DocumentReader.next()`; `CorpusError.noDocuments` and `.noTokens`.
  public init(source: TextSource, tokenizer: Tokenizer, textField: String = "text", maximumDocuments: Int? = nil)
    throws(CorpusError)
  {
    var builder = Builder()
    var reader = try DocumentReader(files: source.files(), textField: textField)
    var isAtEnd = false
    while !isAtEnd, builder.documentCount < maximumDocuments ?? .max {
      let batch = try reader.nextBatch(limit: (maximumDocuments ?? .max) - builder.documentCount)
      isAtEnd = batch.isAtEnd
      for (document, ids) in zip(batch.documents, tokenizeInParallel(batch.documents.map(\.text), tokenizer)) {
        builder.append(ids: ids, byteCount: document.text.count, id: document.id)
      }
    }
    guard builder.documentCount > 0 else { throw .noDocuments(name: source.name, path: source.path) }
    guard !builder.ids.isEmpty else { throw .noTokens(name: source.name, documents: builder.documentCount) }
    self.init(name: source.name, builder)
  }

  /// A text of ids that are at hand.
  /// - Parameter documents: The ids and the number of UTF-8 bytes of each document.
  /// - Throws: `CorpusError.noDocuments` and `.noTokens`.
  public init(name: String, documents: [(ids: [UInt32], byteCount: Int)]) throws(CorpusError) {
    guard !documents.isEmpty else { throw .noDocuments(name: name, path: name) }
    var builder = Builder()
    for document in documents { builder.append(ids: document.ids, byteCount: document.byteCount, id: nil) }
    guard !builder.ids.isEmpty else { throw .noTokens(name: name, documents: documents.count) }
    self.init(name: name, builder)
  }

  private init(name: String, _ builder: Builder) {
    self.name = name
    self.ids = builder.ids
    self.starts = builder.starts
    self.byteStarts = builder.byteStarts
    self.documentIDs = builder.documentIDs
    self.fingerprint = builder.fingerprint
  }
}

/// Collects documents.
private struct Builder {
  var ids: [UInt32] = []
  var starts = [0]
  var byteStarts = [0]
  var documentIDs: [String?] = []
  var fingerprint: UInt64 = 0
  var documentCount: Int { starts.count - 1 }

  mutating func append(ids document: [UInt32], byteCount: Int, id: String?) {
    for id in document { fingerprint = (fingerprint ^ UInt64(id)) &* 0x0000_0100_0000_01B3 }
    fingerprint = SplitMix64.mix(fingerprint &+ UInt64(document.count) &+ 1)
    ids += document
    starts.append(ids.count)
    documentIDs.append(id)
    byteStarts.append(byteStarts[byteStarts.count - 1] + byteCount)
  }
}
