import Corpora
import Foundation
import Tokenizers

/// Texts tokenised for one model.
public struct TextSet: Sendable {
  /// The tokenised texts, in the order given.
  public let texts: [TokenizedText]
  /// Their weights: shares of tokens.
  public let weights: [Double]
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
    weights = sources.map(\.weight)
    for text in texts {
      for document in 0..<text.documentCount {
        if let id = text.tokens(ofDocument: document).first(where: { Int($0) >= vocabulary }) {
          throw CorpusError.tokenOutsideVocabulary(text: text.name, id: id, vocabulary: vocabulary)
        }
      }
    }
  }

  private init(texts: [TokenizedText], weights: [Double], specialTokens: SpecialTokens) {
    self.texts = texts
    self.weights = weights
    self.specialTokens = specialTokens
  }

  /// Rows of training text.
  public func mixture(sequenceLength: Int, seed: UInt64) -> Mixture {
    Mixture(
      texts: texts, weights: weights, sequenceLength: sequenceLength, specialTokens: specialTokens, seed: seed)
  }

  /// The same texts with other weights.
  public func weighted(_ weights: [Double]) -> TextSet {
    precondition(weights.count == texts.count, "\(weights.count) weights for \(texts.count) texts")
    return TextSet(texts: texts, weights: weights, specialTokens: specialTokens)
  }

  /// Splits off held-out documents: about one in twenty of each text, chosen by what they hold, so that the same document
  /// is always on the same side.
  /// - Throws: `TrainingError.missingText` when a text has too few documents for both sides.
  public func splitHeldOut() throws -> (training: TextSet, heldOut: TextSet) {
    func part(_ wanted: Bool) throws -> TextSet {
      let parts = try texts.map { text in
        let documents = (0..<text.documentCount).filter { Self.isHeldOut(text.tokens(ofDocument: $0)) == wanted }
        guard documents.contains(where: { text.tokenCount(ofDocument: $0) > 0 }) else {
          throw TrainingError.missingText(
            "text \(text.name) has \(text.documentCount) documents, too few to hold some out for evaluation")
        }
        return try text.selecting(documents)
      }
      return TextSet(texts: parts, weights: weights, specialTokens: specialTokens)
    }
    return (try part(false), try part(true))
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
    return TextSet(texts: samples, weights: weights, specialTokens: specialTokens)
  }

  private static func isHeldOut(_ tokens: ArraySlice<UInt32>) -> Bool {
    // FNV-1a: the split must not change between runs or machines, as Swift's own hashes do.
    let hash = tokens.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return (hash >> 32) % 20 == 0
  }
}

extension TokenizedText {
  /// Some documents of a text, in the given order.
  package func selecting(_ documents: [Int]) throws -> TokenizedText {
    try TokenizedText(
      name: name, documents: documents.map { (Array(tokens(ofDocument: $0)), byteCount(ofDocument: $0)) })
  }
}
