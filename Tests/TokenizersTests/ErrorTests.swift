import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("A tokenizer that cannot be read says why")
struct ErrorTests {
  private func error(_ json: String) -> TokenizerError? {
    #expect(throws: TokenizerError.self) { try Tokenizer(json: Array(json.utf8)) }
  }

  @Test("A directory without tokenizer.json names the file")
  func missing() throws {
    try withTemporaryDirectory { directory in
      let error = #expect(throws: TokenizerError.self) { try Tokenizer(directory: directory) }
      #expect(error == .missingFile(path: directory.appending(path: "tokenizer.json").path))
      #expect(error?.description.contains("tokenizer.json does not exist") == true)
    }
  }

  @Test("A file that is no JSON names the byte")
  func notJSON() {
    if case .notJSON(let file, let problem) = error("{\"model\":") {
      #expect(file == "tokenizer.json")
      #expect(problem.offset == 9)
    } else {
      Issue.record("another error")
    }
  }

  @Test(
    "A field that is missing or of the wrong kind is named",
    arguments: [
      ("[]", "tokenizer.json"), ("{}", "tokenizer.json.model"),
      (#"{"model":{"type":"BPE","merges":[]}}"#, "tokenizer.json.model.vocab"),
      (#"{"model":{"type":"BPE","vocab":{}}}"#, "tokenizer.json.model.merges"),
      (#"{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}"#, "tokenizer.json.model.vocab.a"),
      (#"{"model":{"type":"BPE","vocab":{"a":0},"merges":["a"]}}"#, "tokenizer.json.model.merges[0]"),
      (#"{"model":{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}}"#, "tokenizer.json.model.merges[0]"),
      (#"{"pre_tokenizer":{"pattern":"a"},"model":{}}"#, "tokenizer.json.pre_tokenizer.type"),
      (
        #"{"pre_tokenizer":{"type":"Split","pattern":{"String":"a"},"behavior":"None","invert":true},"model":{}}"#,
        "tokenizer.json.pre_tokenizer.behavior"
      ),
      (
        #"{"normalizer":{"type":"Sequence","normalizers":[{"type":"Strip"}]},"model":{}}"#,
        "tokenizer.json.normalizer.normalizers[0].strip_left"
      ),
      (
        #"{"added_tokens":[{"id":0}],"model":{"vocab":{},"merges":[]}}"#, "tokenizer.json.added_tokens[0].content"
      ),
    ])
  func malformed(json: String, field: String) {
    if case .malformed(let named, _) = error(json) {
      #expect(named == field)
    } else {
      Issue.record("another error for \(json)")
    }
  }

  @Test(
    "A component or setting that is not supported is named",
    arguments: [
      (#"{"version":"2.0","model":{}}"#, "tokenizer.json.version", "\"2.0\""),
      (#"{"normalizer":{"type":"Nmt"},"model":{}}"#, "tokenizer.json.normalizer.type", "Nmt"),
      (
        #"{"pre_tokenizer":{"type":"UnicodeScripts"},"model":{}}"#, "tokenizer.json.pre_tokenizer.type",
        "UnicodeScripts"
      ),
      (#"{"post_processor":{"type":"New"},"model":{}}"#, "tokenizer.json.post_processor.type", "New"),
      (#"{"decoder":{"type":"CTC"},"model":{}}"#, "tokenizer.json.decoder.type", "CTC"),
      (#"{"model":{"type":"WordPiece"}}"#, "tokenizer.json.model.type", "WordPiece"),
      (
        #"{"model":{"vocab":{},"merges":[],"end_of_word_suffix":"</w>"}}"#, "tokenizer.json.model.end_of_word_suffix",
        "\"</w>\""
      ),
      (
        #"{"model":{"vocab":{},"merges":[],"dropout":0.1}}"#, "tokenizer.json.model.dropout",
        "a dropout of merges, which makes ids random"
      ),
    ])
  func unsupported(json: String, field: String, value: String) {
    #expect(error(json) == .unsupported(field: field, value: value))
  }

  @Test("A merge or unknown token that is not in the vocabulary is named")
  func unknown() {
    #expect(
      error(#"{"model":{"vocab":{"a":0},"merges":["a b"]}}"#)
        == .tokenNotInVocabulary(token: "b", field: "tokenizer.json.model.merges[0]"))
    #expect(
      error(#"{"model":{"vocab":{"a":0},"merges":[],"unk_token":"u"}}"#)
        == .tokenNotInVocabulary(token: "u", field: "tokenizer.json.model.unk_token"))
  }

  @Test("Every message ends in what to do")
  func messages() {
    let errors: [TokenizerError] = [
      .missingFile(path: "x"), .unreadableFile(path: "x", reason: "y"), .malformed(field: "x", expected: "y"),
      .unsupported(field: "x", value: "y"), .unsupportedPattern(pattern: "x", position: 1, problem: "y"),
      .tokenNotInVocabulary(token: "x", field: "y"), .noPrefixToken(directory: "x"),
      .damagedFile(file: "x", problem: "y"), .unknownRanks(file: "x", count: 3),
    ]
    for error in errors {
      let parts = "\(error)".split(separator: ": ")
      #expect(parts.count >= 2 && parts[0].contains("x"), "\(error)")
    }
  }
}

@Suite("Special tokens come from tokenizer_config.json, then from config.json")
struct SpecialTokensTests {
  private func specials(_ files: [String: String]) throws -> SpecialTokens {
    let tokenizer = try makeTokenizer([:], vocabulary: ["a", "<s>", "</s>", "<eot>"])
    return try withTemporaryDirectory { directory in
      for (name, text) in files { try Data(text.utf8).write(to: directory.appending(path: name)) }
      return try SpecialTokens(directory: directory, tokenizer: tokenizer)
    }
  }

  @Test("A token is a string or an object with its content")
  func named() throws {
    let specials = try specials([
      "tokenizer_config.json": #"{"add_bos_token":false,"bos_token":"<s>","eos_token":{"content":"</s>"}}"#,
      "config.json": #"{"bos_token_id":0,"eos_token_id":0}"#,
    ])
    #expect(specials.bos == 1 && specials.eos == 2 && specials.prefix == 1)
  }

  @Test("What tokenizer_config.json leaves open config.json decides, of a list its first")
  func numbered() throws {
    let specials = try specials([
      "tokenizer_config.json": #"{"bos_token":null}"#, "config.json": #"{"bos_token_id":1,"eos_token_id":[3,2]}"#,
    ])
    #expect(specials.bos == 1 && specials.eos == 3 && specials.prefix == 1)
    #expect(specials.stops == [2, 3])
  }

  @Test("Without a beginning the end stands before documents")
  func endOnly() throws {
    let specials = try specials(["tokenizer_config.json": #"{"bos_token":null,"eos_token":"<eot>"}"#])
    #expect(specials.bos == nil && specials.eos == 3 && specials.prefix == 3)
  }

  @Test("No token at all, and a token out of the vocabulary, are errors")
  func errors() throws {
    #expect(throws: TokenizerError.self) { try specials([:]) }
    #expect(throws: TokenizerError.tokenNotInVocabulary(token: "<x>", field: "tokenizer_config.json.bos_token")) {
      try specials(["tokenizer_config.json": #"{"bos_token":"<x>"}"#])
    }
    #expect(throws: TokenizerError.malformed(field: "config.json.eos_token_id", expected: "an id")) {
      try specials(["config.json": #"{"eos_token_id":"x"}"#])
    }
  }
}
