import Corpora
import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite struct TokenizedTextTests {
  private let tokenizer: Tokenizer

  init() throws {
    tokenizer = try byteTokenizer()
  }

  @Test func `Documents keep their order and their bytes`() throws {
    let texts = (0..<20_000).map { i in i % 7 == 0 ? "" : "\(i) äöü 한 😀".prefix(1 + i % 12).description }
    let lines = texts.map { "{\"text\": \"\($0)\"}\n" }.joined()
    try withFile("many.jsonl", lines) { file in
      let source = TextSource(name: "many", path: file.path)
      let text = try TokenizedText(source: source, tokenizer: tokenizer)
      #expect(text.name == "many")
      #expect(text.documentCount == texts.count)
      #expect(text.emptyDocumentCount == texts.count { $0.isEmpty })
      #expect(text.byteCount == texts.reduce(0) { $0 + $1.utf8.count })
      #expect(text.tokenCount == text.byteCount)
      for (i, expected) in texts.enumerated() {
        let expectedIDs = expected.utf8.map { UInt32($0) }
        #expect(Array(text.tokens(ofDocument: i)) == expectedIDs, "document \(i)")
        #expect(
          text.tokenCount(ofDocument: i) == expectedIDs.count && text.byteCount(ofDocument: i) == expectedIDs.count)
      }
      let again = try TokenizedText(source: source, tokenizer: tokenizer)
      #expect(again.fingerprint == text.fingerprint)
    }
  }

  @Test func `Reading stops behind the given number of documents`() throws {
    // The third line would be an error.
    try withFile("x.jsonl", "{\"text\": \"ab\"}\n{\"text\": \"c\"}\nnothing") { file in
      let source = TextSource(name: "x", path: file.path)
      let text = try TokenizedText(source: source, tokenizer: tokenizer, maximumDocuments: 2)
      #expect(text.documentCount == 2 && text.tokenCount == 3)
      #expect(throws: CorpusError.self) { try TokenizedText(source: source, tokenizer: tokenizer) }
    }
  }

  @Test func `A text without documents or without tokens is refused`() throws {
    try withFile("x.jsonl", "\n\n") { file in
      #expect(throws: CorpusError.noDocuments(name: "x", path: file.path)) {
        try TokenizedText(source: TextSource(name: "x", path: file.path), tokenizer: tokenizer)
      }
    }
    try withFile("x.jsonl", "{\"text\": \"\"}\n{\"text\": \"\"}\n") { file in
      #expect(throws: CorpusError.noTokens(name: "x", documents: 2)) {
        try TokenizedText(source: TextSource(name: "x", path: file.path), tokenizer: tokenizer)
      }
    }
  }

  @Test func `The fingerprint tells texts apart that differ in an id, an order or a document's end`() throws {
    let variants: [[[UInt32]]] = [
      [[1, 2], [3]], [[1], [2, 3]], [[1, 2, 3]], [[3], [1, 2]], [[1, 2], [4]], [[1, 2], [3], []], [[], [1, 2], [3]],
    ]
    let fingerprints = try variants.map { documents in
      try TokenizedText(name: "x", documents: documents.map { (ids: $0, byteCount: $0.count) }).fingerprint
    }
    #expect(Set(fingerprints).count == variants.count)
  }
}
