import Foundation
import Synchronization
import Tokenizers

/// The documents of a text as token ids on disk, tokenised as far as they are asked for.
///
/// Memory does not grow with the text: ids lie in files and are read document by document. Documents that cannot be read
/// are passed over and counted. In a cache the files stay, and whoever opens the same text with the same tokenizer goes on
/// from there, several processes at a time too.
public final class TokenStore: DocumentPool {
  /// What a text is read with.
  public struct Options: Sendable {
    /// The field of a `.jsonl` that holds the text.
    public var textField = "text"
    /// Where caches lie, each in a folder of its own; nil keeps the tokens only while the process lives.
    public var cache: URL?
    /// Whether the documents themselves are kept beside their ids; not in a cache.
    package var keepsTexts = false

    /// No cache.
    public init() {}
  }

  /// What the text is called in every result.
  public let name: String
  /// Tells the text from others, by its files' content, the tokenizer and the field that is read.
  ///
  /// Of texts beyond 1 GiB parts of the content count, evenly spread, so that this takes about a second.
  public let fingerprint: UInt64
  private let files: [URL]
  private let tokenizer: Tokenizer
  private let vocabulary: Int
  private let textField: String
  private let storage: StoreFiles
  private let growth: Mutex<Growth>

  private struct Growth: ~Copyable {
    var state: StoreState
    var reader: DocumentReader?
    var recent: RecentHashes?
  }

  /// Opens a text, of which at least one document has tokens.
  /// - Parameters:
  ///   - tokenizerHash: of the tokenizer's files, from `tokenizerHash(in:)`.
  ///   - vocabulary: rows of the model's embedding.
  /// - Throws: `CorpusError`, `.noDocuments` and `.noTokens` for a text without.
  public init(
    _ source: TextSource, tokenizer: Tokenizer, tokenizerHash: String, vocabulary: Int, options: Options = Options()
  ) throws(CorpusError) {
    name = source.name
    files = try source.files()
    self.tokenizer = tokenizer
    self.vocabulary = vocabulary
    textField = options.textField
    let rest = [tokenizerHash, options.textField]
    fingerprint = try ContentHash.word(of: ContentHash.sampled(files), rest)
    if let cache = options.cache {
      let key = try ContentHash.text(of: HashMemo(in: cache).hash(files), rest)
      storage = try StoreFiles(in: cache.appending(path: key), vocabulary: vocabulary)
    } else {
      storage = try StoreFiles(vocabulary: vocabulary, keepsTexts: options.keepsTexts)
    }
    growth = Mutex(Growth(state: try storage.state()))
    guard try hasDocument(0) else {
      let empty = read.flaws.empty.count
      throw empty > 0
        ? .noTokens(name: name, documents: empty) : .noDocuments(name: name, path: source.path)
    }
  }

  /// How far the text was read, by others in the cache too, and what was found.
  public var read: TextRead { growth.withLock { TextRead($0.state) } }

  /// Whether there is a document of a number; tokenises as far as needed.
  public func hasDocument(_ number: Int) throws(CorpusError) -> Bool {
    try growth.withLock { growth throws(CorpusError) in
      while number >= growth.state.documents, !growth.state.isComplete { try grow(&growth) }
      return number < growth.state.documents
    }
  }

  /// The ids of a document that there is; no special tokens are added.
  public func ids(ofDocument number: Int) throws(CorpusError) -> [UInt32] {
    let (before, entry) = try storage.entries(ofDocument: number)
    return try storage.ids(before.tokenEnd..<entry.tokenEnd)
  }

  /// The UTF-8 bytes of a document that there is.
  package func byteCount(ofDocument number: Int) throws(CorpusError) -> Int {
    let (before, entry) = try storage.entries(ofDocument: number)
    return entry.byteEnd - before.byteEnd
  }

  /// `documentHash` of a document that there is.
  package func hash(ofDocument number: Int) throws(CorpusError) -> UInt64 {
    try storage.entries(ofDocument: number).entry.hash
  }

  /// A document that there is, as it was read.
  /// - Precondition: `Options.keepsTexts`.
  package func text(ofDocument number: Int) throws(CorpusError) -> [UInt8] {
    let (before, entry) = try storage.entries(ofDocument: number)
    return try storage.text(before.byteEnd..<entry.byteEnd)
  }

  /// Tokenises the next few megabytes.
  private func grow(_ growth: inout Growth) throws(CorpusError) {
    let state = growth.state
    var reader = growth.reader.take()
    var recent = growth.recent ?? RecentHashes()
    let isNew = growth.recent == nil
    growth.state = try storage.exclusively { () throws(CorpusError) -> StoreState in
      let saved = try storage.state()
      if saved.documents > state.documents || saved.isComplete {
        // Another process was here.
        reader = nil
        return saved
      }
      if isNew || reader == nil {
        recent = RecentHashes()
        for hash in try storage.hashes(max(0, state.documents - RecentHashes.window)..<state.documents) {
          _ = recent.insert(hash)
        }
      }
      if reader == nil {
        reader = try DocumentReader(
          files: files, textField: textField, flaws: .skip, from: state.position, found: state.flaws)
      }
      let next = try tokenizeBatch(&reader!, &recent, state)
      try storage.commit(next)
      return next
    }
    growth.reader = reader.take()
    growth.recent = growth.reader == nil ? nil : recent
  }

  private func tokenizeBatch(
    _ reader: inout DocumentReader, _ recent: inout RecentHashes, _ state: StoreState
  ) throws(CorpusError) -> StoreState {
    let (batch, isAtEnd) = try reader.nextBatch()
    var kept: [(ids: [UInt32], text: [UInt8])] = []
    var flaws = reader.flaws
    for (document, ids) in zip(batch, tokenizeInParallel(batch.map(\.text), tokenizer)) {
      if let id = ids.first(where: { Int($0) >= vocabulary }) {
        throw .tokenOutsideVocabulary(text: name, id: id, vocabulary: vocabulary)
      }
      guard !ids.isEmpty else {
        flaws.empty.note(document.origin)
        continue
      }
      if recent.insert(documentHash(ids)) { flaws.duplicated.note(document.origin) }
      kept.append((ids, document.text))
    }
    var next = try storage.append(kept, to: state)
    reader.flaws = flaws
    next.flaws = flaws
    next.position = reader.position
    next.isComplete = isAtEnd
    return next
  }
}

/// How far a text was read and what was found.
public struct TextRead: Codable, Sendable, Hashable {
  /// Documents that have tokens.
  public let documents: Int
  /// Their tokens; no special tokens are counted.
  public let tokens: Int
  /// Their UTF-8 bytes.
  public let bytes: Int
  /// Whether that is the whole text.
  public let isComplete: Bool
  /// What was wrong with some documents.
  public let flaws: TextFlaws

  enum CodingKeys: String, CodingKey {
    case documents, tokens, bytes, flaws
    case isComplete = "complete"
  }

  init(_ state: StoreState) {
    documents = state.documents
    tokens = state.tokens
    bytes = state.bytes
    isComplete = state.isComplete
    flaws = state.flaws
  }
}
