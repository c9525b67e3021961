import Foundation

/// Where the tokens of a text are kept: `tokens.bin` (all ids, 2 or 4 bytes each), `documents.bin` (a `StoredDocument`
/// each) and, in a cache, `state.json` (a `StoreState`), which is replaced when what it speaks of is on the disk.
struct StoreFiles: Sendable {
  /// The cache's directory; nil for files that go with the process.
  private let directory: URL?
  private let tokens: StoreFile
  private let documents: StoreFile
  /// The documents themselves, where they are kept.
  private let texts: StoreFile?
  private let isNarrow: Bool

  /// Files that go with the process, in TMPDIR or /var/tmp, which unlike /tmp is on a disk everywhere.
  /// - Parameters:
  ///   - vocabulary: ids are below.
  ///   - keepsTexts: whether the documents themselves are kept too.
  init(vocabulary: Int, keepsTexts: Bool) throws(CorpusError) {
    let place = URL(filePath: ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp")
    directory = nil
    tokens = try StoreFile(namelessIn: place)
    documents = try StoreFile(namelessIn: place)
    texts = keepsTexts ? try StoreFile(namelessIn: place) : nil
    isNarrow = vocabulary <= 1 << 16
  }

  /// Files in a directory, made where they are missing.
  init(in directory: URL, vocabulary: Int) throws(CorpusError) {
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      throw .cannotCache(path: directory.path, reason: error.localizedDescription)
    }
    self.directory = directory
    tokens = try StoreFile(directory.appending(path: "tokens.bin"))
    documents = try StoreFile(directory.appending(path: "documents.bin"))
    texts = nil
    isNarrow = vocabulary <= 1 << 16
  }

  /// How far the text was tokenised; by another process too.
  /// - Throws: `CorpusError.damagedCache`.
  func state() throws(CorpusError) -> StoreState {
    guard let file = stateFile, let bytes = FileManager.default.contents(atPath: file.path) else { return StoreState() }
    guard let state = try? JSONDecoder().decode(StoreState.self, from: bytes), state.schemaVersion == 1 else {
      throw .damagedCache(path: file.path)
    }
    return state
  }

  /// Does something that no other process does with this cache at the same time.
  func exclusively<Result>(_ body: () throws(CorpusError) -> Result) throws(CorpusError) -> Result {
    guard let directory else { return try body() }
    let descriptor = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    var status: Int32
    repeat { status = flock(descriptor, LOCK_EX) } while status < 0 && errno == EINTR
    guard status == 0 else { throw .cannotCache(path: directory.path, reason: String(cString: strerror(errno))) }
    return try body()
  }

  /// Writes documents behind those that `state` counts and returns the state with them.
  /// - Parameter batch: ids and bytes of each document that has tokens.
  func append(_ batch: [(ids: [UInt32], text: [UInt8])], to state: StoreState) throws(CorpusError) -> StoreState {
    var next = state
    var ids: [UInt32] = []
    var words: [UInt64] = []
    for document in batch {
      ids += document.ids
      next.tokens += document.ids.count
      next.bytes += document.text.count
      next.documents += 1
      words += StoredDocument(tokenEnd: next.tokens, byteEnd: next.bytes, hash: documentHash(document.ids)).words
    }
    if isNarrow {
      try tokens.append(ids.map { UInt16($0) }, behind: state.tokens)
    } else {
      try tokens.append(ids, behind: state.tokens)
    }
    try documents.append(words, behind: 3 * state.documents)
    try texts?.append(batch.flatMap(\.text), behind: state.bytes)
    return next
  }

  /// Makes a state the one that later processes go on from.
  func commit(_ state: StoreState) throws(CorpusError) {
    guard let file = stateFile else { return }
    try tokens.flush()
    try documents.flush()
    do {
      try JSONEncoder().encode(state).write(to: file, options: .atomic)
    } catch {
      throw .cannotCache(path: file.path, reason: error.localizedDescription)
    }
  }

  /// The entry of a document and of the one before it.
  func entries(ofDocument number: Int) throws(CorpusError) -> (before: StoredDocument, entry: StoredDocument) {
    let words: [UInt64] = try documents.read(3 * max(0, number - 1)..<3 * (number + 1))
    return (number == 0 ? .beginning : StoredDocument(words: words.prefix(3)), StoredDocument(words: words.suffix(3)))
  }

  /// The hashes of some documents.
  func hashes(_ range: Range<Int>) throws(CorpusError) -> [UInt64] {
    let words: [UInt64] = try documents.read(3 * range.lowerBound..<3 * range.upperBound)
    return stride(from: 2, to: words.count, by: 3).map { words[$0] }
  }

  /// The ids at some places of all ids.
  func ids(_ range: Range<Int>) throws(CorpusError) -> [UInt32] {
    guard isNarrow else { return try tokens.read(range) }
    let narrow: [UInt16] = try tokens.read(range)
    return narrow.map { UInt32($0) }
  }

  /// The bytes at some places of all documents.
  /// - Precondition: the documents are kept.
  func text(_ range: Range<Int>) throws(CorpusError) -> [UInt8] { try texts!.read(range) }

  private var stateFile: URL? { directory?.appending(path: "state.json") }
}
