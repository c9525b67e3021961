import Foundation
import JSONText
import TestSupport
import Testing
import Tokenizers

/// A fixture of this folder as JSON.
func tokenizerFixture(_ name: String) throws -> JSONNode {
  try JSONText(Array(Data(contentsOf: fixture("tokenizers/\(name)")))).root
}

extension JSONNode {
  /// The numbers of an array.
  var ids: [UInt32] { (elements ?? []).compactMap { $0.int.map(UInt32.init) } }
  /// The strings of an array.
  var strings: [String] { (elements ?? []).compactMap(\.string) }
}

/// A string in which every scalar beyond printable ASCII is visible, for failure messages.
func visible(_ text: String) -> String { text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined() }

@Suite("Ids and texts equal those of Python tokenizers 0.23.3")
struct TokenizersTests {
  static let kinds = [
    "gpt2", "prefix_space", "llama3", "smollm", "qwen2", "o200k", "deepseek", "falcon", "added_tokens",
    "missing_bytes", "llama2", "metaspace", "partial_fallback",
  ]

  @Test("Hostile texts have the ids of the library", arguments: kinds)
  func encodes(kind: String) throws {
    let tokenizer = try Tokenizer(directory: fixture("tokenizers/\(kind)"))
    let texts = try tokenizerFixture("texts.json").strings
    let expected = try #require(try tokenizerFixture("\(kind)/expected.json")["ids"]?.elements)
    try #require(texts.count == expected.count)
    for (text, ids) in zip(texts, expected) {
      #expect(tokenizer.encode(text) == ids.ids, "\(visible(text))")
      #expect(tokenizer.encode(utf8: Array(text.utf8)) == ids.ids, "\(visible(text))")
    }
  }

  @Test("Ids decode to the texts of the library", arguments: kinds)
  func decodes(kind: String) throws {
    let tokenizer = try Tokenizer(directory: fixture("tokenizers/\(kind)"))
    let expected = try tokenizerFixture("\(kind)/expected.json")
    #expect(tokenizer.vocabularySize == expected["vocabulary_size"]?.int)
    for (inputs, outputs, skips) in [
      ("ids", "decoded", false), ("random_ids", "random_decoded", false),
      ("random_ids", "random_decoded_without_specials", true),
    ] {
      let inputs = try #require(expected[inputs]?.elements)
      let outputs = try #require(expected[outputs]).strings
      try #require(inputs.count == outputs.count)
      for (ids, text) in zip(inputs, outputs) {
        let decoded = tokenizer.decode(ids.ids, skipSpecialTokens: skips)
        #expect(decoded.utf8.elementsEqual(text.utf8), "\(visible(decoded)) for \(visible(text))")
      }
    }
  }

  @Test(
    "What was encoded byte by byte decodes to itself", arguments: ["gpt2", "llama3", "smollm", "o200k", "deepseek"])
  func roundTrips(kind: String) throws {
    let tokenizer = try Tokenizer(directory: fixture("tokenizers/\(kind)"))
    for text in try tokenizerFixture("texts.json").strings {
      #expect(tokenizer.decode(tokenizer.encode(text)).utf8.elementsEqual(text.utf8), "\(visible(text))")
    }
  }

  @Test("Bytes that are no UTF-8 count as replacement characters")
  func repairs() throws {
    let tokenizer = try Tokenizer(directory: fixture("tokenizers/gpt2"))
    for bytes: [UInt8] in [
      [0x61, 0xFF, 0x62], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF4, 0x90, 0x80, 0x80],
    ] {
      #expect(tokenizer.encode(utf8: bytes) == tokenizer.encode(String(decoding: bytes, as: UTF8.self)))
    }
  }

  @Test("A megabyte of one character is encoded in linear time", arguments: ["gpt2", "llama3", "o200k", "llama2"])
  func longRuns(kind: String) throws {
    let tokenizer = try Tokenizer(directory: fixture("tokenizers/\(kind)"))
    for text in ["a", " ", "\n", "1", "!", "가", "A", "<"] {
      let long = String(repeating: text, count: 300_000) + "x"
      let clock = ContinuousClock()
      var ids: [UInt32] = []
      let time = clock.measure { ids = tokenizer.encode(long) }
      #expect(tokenizer.decode(ids).count == long.count)
      #expect(time < .seconds(20), "\(kind) \(visible(text))")
    }
  }

  @Test("Many threads encode at once and agree")
  func concurrent() async throws {
    let tokenizer = try Tokenizer(directory: fixture("tokenizers/o200k"))
    let texts = try tokenizerFixture("texts.json").strings
    let expected = try #require(try tokenizerFixture("o200k/expected.json")["ids"]?.elements).map(\.ids)
    await withTaskGroup(of: Bool.self) { group in
      for offset in 0..<16 {
        group.addTask {
          texts.indices.allSatisfy { index in
            let place = (index + 9 * offset) % texts.count
            return tokenizer.encode(texts[place]) == expected[place]
          }
        }
      }
      for await agrees in group { #expect(agrees) }
    }
  }

  @Test("More different words than the cache holds change nothing")
  func manyWords() throws {
    let tokenizer = try Tokenizer(directory: fixture("tokenizers/gpt2"))
    let fresh = try Tokenizer(directory: fixture("tokenizers/gpt2"))
    let words = (0..<80_000).map { " w\(String($0, radix: 26, uppercase: $0 % 2 == 0))" }
    let whole = tokenizer.encode(words.joined())
    #expect(whole == tokenizer.encode(words.joined()))
    #expect(whole.suffix(400) == fresh.encode(words.suffix(1000).joined()).suffix(400))
  }

  @Test("Tokens are found by spelling and by id")
  func looksUp() throws {
    let tokenizer = try Tokenizer(directory: fixture("tokenizers/qwen2"))
    let id = try #require(tokenizer.id(of: "<|im_start|>"))
    #expect(tokenizer.token(id) == "<|im_start|>")
    #expect(tokenizer.encode("<|im_start|>") == [id])
    #expect(tokenizer.id(of: "no such token") == nil)
    #expect(tokenizer.token(1_000_000) == nil)
    let space = try #require(tokenizer.id(of: "Ġ"))
    #expect(tokenizer.decode([space]) == " ")
  }
}
