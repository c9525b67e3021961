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
      let documents = text.documents(fittingIn: tokensPerText)
      guard !documents.isEmpty else {
        throw TrainingError.missingText("no document of text \(text.name) fits in \(tokensPerText) tokens")
      }
      return try text.selecting(documents)
    }
    return TextSet(samples, specialTokens: specialTokens)
  }

  /// A second sample that has no document of the first, where there are documents enough, else the first.
  /// - Parameters:
  ///   - tokensPerText: the size of this sample.
  ///   - first: that of the first.
  public func sample(tokensPerText: Int, behind first: Int) throws -> TextSet {
    let samples = texts.map { text in
      let taken = Set(text.documents(fittingIn: first))
      return (text, text.documents(fittingIn: tokensPerText, without: taken))
    }
    guard samples.allSatisfy({ !$0.1.isEmpty }) else { return try sample(tokensPerText: first) }
    return TextSet(try samples.map { try $0.selecting($1) }, specialTokens: specialTokens)
  }
}

extension TokenizedText {
  /// Documents, in order, that together fit in a number of tokens.
  fileprivate func documents(fittingIn tokens: Int, without excluded: Set<Int> = []) -> [Int] {
    var left = tokens
    return (0..<documentCount).filter { document in
      let count = tokenCount(ofDocument: document)
      guard count > 0, count <= left, !excluded.contains(document) else { return false }
      left -= count
      return true
    }
  }

  /// Some documents of a text, in the given order.
  package func selecting(_ documents: [Int]) throws -> TokenizedText {
    try TokenizedText(
      name: name, documents: documents.map { (Array(tokens(ofDocument: $0)), byteCount(ofDocument: $0)) })
  }
}
