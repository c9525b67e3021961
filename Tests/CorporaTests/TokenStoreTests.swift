import Corpora
import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite struct TokenStoreTests {
  private let tokenizer: Tokenizer

  init() throws { tokenizer = try byteTokenizer() }

  private func open(
    _ file: URL, cache: URL? = nil, tokenizerHash: String = "bytes", vocabulary: Int = 256, field: String = "text"
  ) throws -> TokenStore {
    var options = TokenStore.Options()
    options.cache = cache
    options.textField = field
    return try TokenStore(
      TextSource(name: "x", path: file.path), tokenizer: tokenizer, tokenizerHash: tokenizerHash,
      vocabulary: vocabulary,
      options: options)
  }

  /// All documents of a store, read to its end.
  private func documents(_ store: TokenStore) throws -> [[UInt32]] {
    var documents: [[UInt32]] = []
    while try store.hasDocument(documents.count) { documents.append(try store.ids(ofDocument: documents.count)) }
    return documents
  }

  /// 30,000 documents, more than are tokenised at a time, of which some are empty and some there before.
  private func withManyDocuments(_ body: (URL, [[UInt32]]) throws -> Void) throws {
    let texts = (0..<30_000).map { i in i % 100 == 7 ? "" : i % 1000 == 500 ? "again" : "document \(i)" }
    let lines = texts.map { "{\"text\": \"\($0)\"}\n" }.joined()
    try withFile("many.jsonl", lines) { try body($0, texts.filter { !$0.isEmpty }.map { $0.utf8.map { UInt32($0) } }) }
  }

  /// 65,536 and 65,537 entries are where ids of two bytes end.
  @Test(arguments: [256, 65_536, 65_537])
  func `Documents keep their order and their ids, empty ones left out`(vocabulary: Int) throws {
    try withManyDocuments { file, expected in
      let store = try open(file, vocabulary: vocabulary)
      #expect(try documents(store) == expected)
      #expect(store.read.documents == expected.count && store.read.isComplete)
      #expect(store.read.tokens == expected.reduce(0) { $0 + $1.count } && store.read.bytes == store.read.tokens)
      // Behind the end, and back from there.
      #expect(try !store.hasDocument(expected.count))
      #expect(try store.ids(ofDocument: 17) == expected[17])
    }
  }

  @Test func `A text is tokenised only as far as it is asked for`() throws {
    try withManyDocuments { file, expected in
      let store = try open(file)
      #expect(store.read.documents < 8192 && !store.read.isComplete)
      #expect(try store.hasDocument(20_000))
      #expect(store.read.documents > 20_000 && store.read.documents < expected.count)
    }
  }

  @Test func `Flaws are counted with their first places and end nothing`() throws {
    let lines =
      [#"{"text": "a"}"#, #"{"text": ""}"#, #"{"text": "a"}"#, #"{"text": "b"}"#, #"{"text": ""}"#]
      .map { Array(($0 + "\n").utf8) }
    let broken = Array("{\"text\": \"".utf8) + [0xFF] + Array("\"}\n".utf8)
    try withFile("x.jsonl", bytes: (lines + [broken]).flatMap { $0 }) { file in
      let store = try open(file)
      #expect(try documents(store) == [[0x61], [0x61], [0x62]])
      let flaws = store.read.flaws
      #expect(flaws.empty.count == 2 && flaws.empty.places == ["\(file.path):2", "\(file.path):5"])
      #expect(flaws.duplicated.places == ["\(file.path):3"])
      #expect(flaws.invalidUTF8.count == 1 && flaws.invalidUTF8.places[0].hasPrefix("\(file.path):6, byte "))
      #expect(flaws.found.map(\.finding.count) == [1, 2, 1])
    }
  }

  @Test func `A cache is gone on with where it ends, by one process after another and by two in turns`() throws {
    try withManyDocuments { file, expected in
      try withTemporaryDirectory { cache in
        let first = try open(file, cache: cache)
        #expect(first.read.documents < 8192)
        let second = try open(file, cache: cache)
        // What is there already is not tokenised again.
        #expect(second.read == first.read)
        #expect(try first.hasDocument(10_000) && second.hasDocument(20_000))
        let third = try open(file, cache: cache)
        #expect(third.read == second.read)
        for store in [first, second, third] { #expect(try documents(store) == expected) }
        // As in one go.
        let alone = try open(file)
        _ = try documents(alone)
        #expect(third.read == alone.read && alone.read.flaws.duplicated.count == 29)
        #expect(try open(file, cache: cache).read.isComplete)
      }
    }
  }

  @Test func `A cache belongs to a content, a tokenizer and a field`() throws {
    try withTemporaryDirectory { directory in
      let (file, cache) = (directory.appending(path: "x.jsonl"), directory.appending(path: "cache"))
      func write(_ text: String) throws {
        try Data("{\"text\": \"\(text)\", \"body\": \"ab\"}\n".utf8).write(to: file)
      }
      func folders() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: cache.path).count - 1 }
      try write("one")
      let fingerprint = try open(file, cache: cache).fingerprint
      // The same bytes, written anew under another name.
      let copy = directory.appending(path: "copy.jsonl")
      try Data(contentsOf: file).write(to: copy)
      #expect(try open(copy, cache: cache).fingerprint == fingerprint)
      #expect(try folders() == 1)
      #expect(try open(file, cache: cache, tokenizerHash: "other").fingerprint != fingerprint)
      #expect(try open(file, cache: cache, field: "body").fingerprint != fingerprint)
      try write("two")
      let changed = try open(file, cache: cache)
      #expect(try changed.fingerprint != fingerprint && documents(changed) == ["two".utf8.map { UInt32($0) }])
      #expect(try folders() == 4)
    }
  }

  @Test func `A cache whose state is damaged is refused by its name`() throws {
    try withTemporaryDirectory { directory in
      let (file, cache) = (directory.appending(path: "x.jsonl"), directory.appending(path: "cache"))
      try Data(#"{"text": "a"}"#.utf8).write(to: file)
      _ = try open(file, cache: cache)
      let name = try FileManager.default.contentsOfDirectory(atPath: cache.path).first { $0.count == 64 }
      let state = cache.appending(path: try #require(name)).appending(path: "state.json")
      try Data("{".utf8).write(to: state)
      #expect(throws: CorpusError.damagedCache(path: state.path)) { try open(file, cache: cache) }
    }
  }

  @Test func `A cache that cannot be written is refused by its name`() throws {
    try withFile("x.jsonl", #"{"text": "a"}"#) { file in
      let error = #expect(throws: CorpusError.self) { try open(file, cache: file.appending(path: "cache")) }
      guard case .cannotCache = error else { throw Unexpected() }
    }
  }

  @Test func `A text without documents, without tokens or of another vocabulary is refused`() throws {
    try withFile("x.jsonl", "\n\n") { file in
      #expect(throws: CorpusError.noDocuments(name: "x", path: file.path)) { try open(file) }
    }
    try withFile("x.jsonl", "{\"text\": \"\"}\n{\"text\": \"\"}\n") { file in
      #expect(throws: CorpusError.noTokens(name: "x", documents: 2)) { try open(file) }
    }
    try withFile("x.jsonl", #"{"text": "az"}"#) { file in
      #expect(throws: CorpusError.tokenOutsideVocabulary(text: "x", id: 0x7A, vocabulary: 0x7A)) {
        try open(file, vocabulary: 0x7A)
      }
    }
  }

  @Test func `Held-out documents and the others are all documents, the same ones every time`() throws {
    try withManyDocuments { file, expected in
      let store = try open(file)
      let parts = try HeldOutDocuments(store)
      let held = (0..<parts.heldOut.documentCount).map { Array(parts.heldOut.tokens(ofDocument: $0)) }
      var training: [[UInt32]] = []
      while try parts.training.hasDocument(training.count) {
        training.append(try parts.training.ids(ofDocument: training.count))
      }
      #expect(
        (training + held).sorted { $0.lexicographicallyPrecedes($1) }
          == expected.sorted { $0.lexicographicallyPrecedes($1) })
      #expect(abs(Double(held.count) / Double(HeldOutDocuments.window) - 0.05) < 0.006)
      #expect(held.allSatisfy { expected[..<HeldOutDocuments.window].contains($0) })
      // From all behind the first documents nothing is held out.
      #expect(training.suffix(100) == expected.suffix(100))
      #expect(try HeldOutDocuments(open(file)).heldOut.fingerprint == parts.heldOut.fingerprint)
    }
    try withFile("x.jsonl", #"{"text": "a"}"#) { file in
      #expect(throws: CorpusError.tooFewDocuments(name: "x", documents: 1)) { try HeldOutDocuments(open(file)) }
    }
  }

  @Test func `Mixed documents are those of the mixture, as they were read`() throws {
    try withTemporaryDirectory { directory in
      let sources = try [("a", 3.0), ("b", 1)].map { name, weight in
        let file = directory.appending(path: "\(name).jsonl")
        let lines = (0..<300).map { i in #"{"text": "\#(name)\#(i) \#(String(repeating: "ä", count: i % 40))"}"# }
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        return TextSource(name: name, path: file.path, weight: weight)
      }
      let stores = try sources.map {
        try TokenStore($0, tokenizer: tokenizer, tokenizerHash: "", vocabulary: 256)
      }
      let config = #"{"bos_token_id": 1, "eos_token_id": 2}"#
      try Data(config.utf8).write(to: directory.appending(path: "config.json"))
      let special = try SpecialTokens(directory: directory, tokenizer: tokenizer)
      var mixture = Mixture(
        pools: stores, weights: [3, 1], options: MixtureOptions(sequenceLength: 64, seed: 4, shuffleBuffer: 50),
        specialTokens: special)
      var mixed = try MixedDocuments(
        sources, tokenizer: tokenizer, specialTokens: special, seed: 4, shuffleBuffer: 50)
      var (stream, expected): ([Int32], [Int32]) = ([], [])
      for _ in 0..<400 { stream += try mixture.nextBatch(rows: 1).ids }
      while expected.count < stream.count {
        let document = try mixed.next()
        #expect(document.tokens == document.bytes.count + 2)
        expected += [1] + document.bytes.map { Int32($0) } + [2]
      }
      #expect(stream == Array(expected.prefix(stream.count)))
    }
  }

  @Test func `Hashes are remembered for a window and forgotten after two`() {
    var recent = RecentHashes(window: 10)
    func isKnown(_ hash: UInt64) -> Bool {
      var copy = recent
      return copy.insert(hash)
    }
    for hash in 0..<100 as Range<UInt64> {
      let (before, after) = (recent.insert(hash), recent.insert(hash))
      #expect(!before && after)
      if hash >= 10 { #expect(isKnown(hash - 9)) }
      if hash >= 20 { #expect(!isKnown(hash - 20)) }
    }
  }

  @Test func `The sample of a large text's content has its ends and its length`() throws {
    let count = 5 << 20
    var bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 8) }
    var hashes: [String] = []
    func note() throws {
      try withFile("x.txt", bytes: bytes) { hashes.append("\(try ContentHash.sampled([$0], limit: 3 << 20))") }
    }
    try note()
    try note()
    #expect(hashes[0] == hashes[1])
    for place in [0, count / 2, count - 1] {
      bytes[place] ^= 1
      try note()
    }
    bytes.append(0)
    try note()
    #expect(Set(hashes).count == 5)
  }
}
