/// Why a text could not be named, found, read or tokenised.
///
/// Lines count from 1, byte offsets from 0. In a compressed file they count in the text, not in what is on disk.
public enum CorpusError: Error, Hashable, Sendable {
  /// An argument is not of the form `NAME=FILE[:WEIGHT]`.
  case malformedSource(argument: String)
  /// A weight is zero, negative or beyond what a number holds.
  case invalidWeight(argument: String, weight: String)
  /// Two texts bear the same name.
  case duplicateName(String)
  /// No file of a readable kind is at a path, below a directory or matched by a pattern.
  case nothingFound(path: String)
  /// A file's name says that it is no text this library reads.
  case unsupportedFile(file: String)
  /// The operating system refused to read a file or a directory.
  case unreadable(file: String, reason: String)
  /// A compressed file is damaged.
  case damaged(file: String, format: CompressionFormat, reason: String)
  /// A compressed file ends too early.
  case truncated(file: String, format: CompressionFormat)
  /// A byte that no UTF-8 text has there. `line` is nil for a `.txt`, which is one document.
  case invalidUTF8(file: String, line: Int?, offset: Int)
  /// A line of a `.jsonl` is longer than a line may be.
  case lineTooLong(file: String, line: Int, offset: Int, length: Int, limit: Int)
  /// A line of a `.jsonl` is no JSON document.
  case invalidJSON(file: String, line: Int, problem: String)
  /// A line of a `.jsonl` is JSON, but no object.
  case notAnObject(file: String, line: Int)
  /// An object of a `.jsonl` lacks the field that holds the text.
  case missingField(file: String, line: Int, field: String, found: [String])
  /// The field that should hold the text holds something else.
  case fieldIsNoString(file: String, line: Int, field: String)
  /// The files of a text hold no document.
  case noDocuments(name: String, path: String)
  /// The documents of a text hold no token.
  case noTokens(name: String, documents: Int)
  /// The tokenizer gives an id that the model has no embedding for.
  case tokenOutsideVocabulary(text: String, id: UInt32, vocabulary: Int)
  /// Token ids could not be written to their cache.
  case cannotCache(path: String, reason: String)
  /// A cache's file is not what was written.
  case damagedCache(path: String)
  /// A text has too few documents to train on some and score others.
  case tooFewDocuments(name: String, documents: Int)
  /// A cursor was saved by a mixture of other texts or settings; `difference` names what changed.
  case cursorDoesNotFit(difference: String)

  /// Whether the user's words are at fault rather than a file.
  public var isWrongUsage: Bool {
    switch self {
    case .malformedSource, .invalidWeight, .duplicateName: true
    default: false
    }
  }
}

/// How a file is compressed.
public enum CompressionFormat: String, Hashable, Sendable {
  /// RFC 1952, one member or several.
  case gzip
  /// RFC 8878, one frame or several.
  case zstd
}
