import Corpora
import Foundation
import Tokenizers

/// Texts to train on, tokenised for one model as far as they are needed, whatever their length.
public struct TrainingTexts: Sendable {
  /// What is drawn from, in the order given.
  let pools: [any DocumentPool]
  /// Shares of tokens.
  public let weights: [Double]
  /// The model's special tokens.
  public let specialTokens: SpecialTokens
  private let stores: [TokenStore]

  /// Opens texts with a checkpoint's tokenizer.
  /// - Parameters:
  ///   - sources: the texts.
  ///   - checkpoint: a directory with a tokenizer.
  ///   - vocabulary: rows of the model's embedding.
  /// - Throws: `CorpusError`, `TokenizerError`.
  public init(
    _ sources: [TextSource], checkpoint: URL, vocabulary: Int, options: TokenStore.Options = TokenStore.Options()
  ) throws {
    let tokenizer = try Tokenizer(directory: checkpoint)
    let hash = try tokenizerHash(in: checkpoint)
    let stores = try sources.map {
      try TokenStore($0, tokenizer: tokenizer, tokenizerHash: hash, vocabulary: vocabulary, options: options)
    }
    self.init(
      pools: stores, stores: stores, weights: sources.map(\.weight),
      specialTokens: try SpecialTokens(directory: checkpoint, tokenizer: tokenizer))
  }

  private init(
    pools: [any DocumentPool], stores: [TokenStore], weights: [Double], specialTokens: SpecialTokens
  ) {
    self.pools = pools
    self.stores = stores
    self.weights = weights
    self.specialTokens = specialTokens
  }

  /// Rows of training text.
  public func mixture(_ options: MixtureOptions) -> Mixture {
    Mixture(pools: pools, weights: weights, options: options, specialTokens: specialTokens)
  }

  /// The same texts with other weights.
  public func weighted(_ weights: [Double]) -> TrainingTexts {
    precondition(weights.count == pools.count, "\(weights.count) weights for \(pools.count) texts")
    return TrainingTexts(pools: pools, stores: stores, weights: weights, specialTokens: specialTokens)
  }

  /// Splits off documents to score.
  /// - Throws: `CorpusError.tooFewDocuments`.
  public func holdingOut() throws -> (training: TrainingTexts, heldOut: TextSet) {
    let parts = try stores.map { try HeldOutDocuments($0) }
    let training = TrainingTexts(
      pools: parts.map(\.training), stores: stores, weights: weights, specialTokens: specialTokens)
    return (training, TextSet(parts.map(\.heldOut), specialTokens: specialTokens))
  }

  /// What a run that is at some place has seen.
  func report(_ progress: RunProgress) -> [TextReport] {
    zip(zip(progress.cursor.texts, progress.tokensByText), stores).map {
      TextReport($0.0, tokens: $0.1, of: progress.tokens, read: $1.read)
    }
  }
}
