import Corpora
import Foundation
import Tokenizers

/// Texts to score, tokenised for one model and held in memory.
public struct TextSet: Sendable {
  /// The tokenised texts, in the order given.
  public let texts: [TokenizedText]
  /// The model's special tokens.
  public let specialTokens: SpecialTokens

  /// Reads and tokenises texts with a checkpoint's tokenizer, on all cores.
  /// - Parameters:
  ///   - sources: the texts.
  ///   - checkpoint: a directory with tokenizer.json.
  ///   - vocabulary: rows of the model's embedding.
  ///   - textField: the field of jsonl files that holds the text.
  ///   - maximumDocuments: documents to take from the front of each text, nil for all.
  /// - Throws: `CorpusError`, `TokenizerError`.
  public init(
    _ sources: [TextSource], checkpoint: URL, vocabulary: Int, textField: String = "text", maximumDocuments: Int? = nil
  ) throws {
    let tokenizer = try Tokenizer(directory: checkpoint)
    specialTokens = try SpecialTokens(directory: checkpoint, tokenizer: tokenizer)
    texts = try sources.map {
      try TokenizedText(
        source: $0, tokenizer: tokenizer, textField: textField, maximumDocuments: maximumDocuments)
    }
    for text in texts {
      for document in 0..<text.documentCount {
        if let id = text.tokens(ofDocument: document).first(where: { Int($0) >= vocabulary }) {
          throw CorpusError.tokenOutsideVocabulary(text: text.name, id: id, vocabulary: vocabulary)
        }
      }
    }
  }

  /// Texts that are at hand.
  init(_ texts: [TokenizedText], specialTokens: SpecialTokens) {
    self.texts = texts
    self.specialTokens = specialTokens
  }

  /// A sample for evaluations that must be quick: of each text whole documents, in order, that together fit in a number
  /// of tokens.
  /// - Throws: `TrainingError.missingText` when not one document of a text fits.
  public func sample(tokensPerText: Int) throws -> TextSet {
    let samples = try texts.map { text in
      var left = tokensPerText
      let documents = (0..<text.documentCount).filter { document in
        let count = text.tokenCount(ofDocument: document)
        guard count > 0, count <= left else { return false }
        left -= count
        return true
      }
      guard !documents.isEmpty else {
        throw TrainingError.missingText("no document of text \(text.name) fits in \(tokensPerText) tokens")
      }
      return try text.selecting(documents)
    }
    return TextSet(samples, specialTokens: specialTokens)
  }
}

extension TokenizedText {
  /// Some documents of a text, in the given order.
  package func selecting(_ documents: [Int]) throws -> TokenizedText {
    try TokenizedText(
      name: name, documents: documents.map { (Array(tokens(ofDocument: $0)), byteCount(ofDocument: $0)) })
  }
}
