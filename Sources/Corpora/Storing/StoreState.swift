/// How far a text was tokenised: what stands in a store's files counts up to here.
struct StoreState: Codable, Sendable, Hashable {
  /// Version of the layout of all files.
  var schemaVersion = 1
  /// Documents that have tokens.
  var documents = 0
  /// Ids of all documents together.
  var tokens = 0
  /// UTF-8 bytes of all documents together.
  var bytes = 0
  /// What was found wrong.
  var flaws = TextFlaws()
  /// Where reading goes on.
  var position = TextPosition()
  /// Whether nothing is left to read.
  var isComplete = false

  enum CodingKeys: String, CodingKey {
    case documents, tokens, bytes, flaws, position
    case schemaVersion = "schema_version"
    case isComplete = "complete"
  }
}

/// A document's entry in `documents.bin`: 24 bytes, three little-endian words.
struct StoredDocument {
  /// The ids up to the document's end.
  var tokenEnd: Int
  /// The UTF-8 bytes up to the document's end.
  var byteEnd: Int
  /// `documentHash` of its ids.
  var hash: UInt64

  static let beginning = StoredDocument(tokenEnd: 0, byteEnd: 0, hash: 0)

  var words: [UInt64] { [UInt64(tokenEnd), UInt64(byteEnd), hash] }

  init(tokenEnd: Int, byteEnd: Int, hash: UInt64) {
    self.tokenEnd = tokenEnd
    self.byteEnd = byteEnd
    self.hash = hash
  }

  init(words: some Collection<UInt64>) {
    let words = Array(words)
    self.init(tokenEnd: Int(words[0]), byteEnd: Int(words[1]), hash: words[2])
  }
}
