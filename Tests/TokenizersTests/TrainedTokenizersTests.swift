import Foundation
import JSONText
import TestSupport
import Testing
import Tokenizers

@Suite(
  "Ids and texts equal those of tokenizers, sentencepiece and tiktoken for models beyond byte-level tokenizer.json")
struct TrainedTokenizersTests {
  static let kinds = [
    "trained_unigram", "trained_bytes", "trained_spm_unigram", "trained_spm_unigram_bytes", "trained_spm_bpe",
    "trained_spm_bpe_unknown", "trained_spm_bpe_unused", "ranks", "tekken",
  ]

  private func tokenizer(_ kind: String) throws -> Tokenizer {
    let directory = fixture("tokenizers/\(kind)")
    guard kind == "ranks" else { return try Tokenizer(directory: directory) }
    let layout = RankLayout(
      pattern: #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"#
        + #"\s*[\r\n]+|\s+(?!\S)|\s+"#,
      composes: false, specialTokens: ["<s>", "</s>", "<unk>"])
    return try Tokenizer(
      ranks: Array(Data(contentsOf: directory.appending(path: "tokenizer.model"))), layout: layout)
  }

  @Test("Texts have the ids of the library, and ids its text", arguments: kinds)
  func encodesAndDecodes(kind: String) throws {
    let tokenizer = try tokenizer(kind)
    let expected = try tokenizerFixture("\(kind)/expected.json")
    let texts = try #require(expected["texts"]?.strings)
    let rows = try #require(expected["ids"]?.elements)
    let decoded = try #require(expected["decoded"]?.elements)
    try #require(texts.count == rows.count && texts.count == decoded.count && texts.count > 50)
    for (index, text) in texts.enumerated() {
      #expect(tokenizer.encode(text) == rows[index].ids, "\(visible(text))")
      guard let whole = decoded[index].string else { continue }
      let found = tokenizer.decode(rows[index].ids)
      #expect(found.utf8.elementsEqual(whole.utf8), "\(visible(found)) for \(visible(whole))")
    }
  }

  @Test("In long texts sums are rounded, and begin anew, where those of sentencepiece are and do")
  func longText() throws {
    let tokenizer = try tokenizer("trained_spm_unigram")
    let runs = try #require(try tokenizerFixture("trained_spm_unigram/long.json").elements)
    let expected = runs.flatMap { run in
      repeatElement(run["word"]?.ids ?? [], count: run["count"]?.int ?? 0).flatMap { $0 }
    }
    #expect(tokenizer.encode(String(repeating: "sie ", count: 12_000)) == expected)
  }

  @Test("Special tokens decode as they are spelled, or not at all", arguments: kinds)
  func specials(kind: String) throws {
    let tokenizer = try tokenizer(kind)
    let id = try #require(tokenizer.id(of: "</s>"))
    #expect(tokenizer.encode("</s>") == [id])
    #expect(tokenizer.decode([id, id]) == "</s></s>")
    #expect(tokenizer.decode([id, id], skipSpecialTokens: true) == "")
  }

  @Test("A broken tokenizer.model is refused, wherever it breaks off")
  func brokenModel() throws {
    let bytes = try Array(Data(contentsOf: fixture("tokenizers/trained_spm_bpe/tokenizer.model")))
    for count in [0, 1, 3, 10, 100, 5000] {
      try withFiles(["tokenizer.model": Array(bytes[..<count])]) { directory in
        #expect(throws: TokenizerError.self) { try Tokenizer(directory: directory) }
      }
    }
  }

  @Test("Ranks that no known layout has are refused with their count, broken ones with their line")
  func brokenRanks() throws {
    let bytes = try Array(Data(contentsOf: fixture("tokenizers/ranks/tokenizer.model")))
    func error(_ bytes: [UInt8]) throws -> TokenizerError? {
      try withFiles(["qwen.tiktoken": bytes]) { directory in
        #expect(throws: TokenizerError.self) { try Tokenizer(directory: directory) }
      }
    }
    let count = bytes.count { $0 == 0x0A }
    #expect(try error(bytes) == .unknownRanks(file: "qwen.tiktoken", count: count))
    #expect(
      try error(bytes + Array("!!! 7\n".utf8))
        == .damagedFile(
          file: "qwen.tiktoken", problem: "line \(count + 1) is not a token in base64 and its rank"))
    let second = try #require(bytes.firstIndex(of: 0x0A)) + 1
    let third = try #require(bytes[second...].firstIndex(of: 0x0A)) + 1
    #expect(
      try error(Array(bytes[..<second] + bytes[third...]))
        == .damagedFile(file: "qwen.tiktoken", problem: "rank 1 is missing"))
  }

  @Test("tokenizer.json is read before tokenizer.model")
  func precedence() throws {
    try withFiles([
      "tokenizer.json": Array(Data(contentsOf: fixture("tokenizers/gpt2/tokenizer.json"))), "tokenizer.model": [1, 2],
    ]) { directory in
      #expect(throws: Never.self) { try Tokenizer(directory: directory) }
    }
  }

  /// Runs `body` on a directory with the files, and removes it.
  private func withFiles<T>(_ files: [String: [UInt8]], _ body: (URL) throws -> T) throws -> T {
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    for (name, bytes) in files { try Data(bytes).write(to: directory.appending(path: name)) }
    return try body(directory)
  }
}
