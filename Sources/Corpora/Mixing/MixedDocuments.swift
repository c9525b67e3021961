import Tokenizers

/// The documents of a mixture one after the other, whole and as they were read: the order and the shares that training
/// with the same seed has.
public struct MixedDocuments: Sendable {
  /// A document of the mixture.
  public struct Drawn: Sendable {
    /// The text it comes from.
    public let text: String
    /// The document, valid UTF-8.
    public let bytes: [UInt8]
    /// Its tokens with the special ones around it.
    public let tokens: Int
  }

  private let stores: [TokenStore]
  private let specialTokens: Int
  private var order: MixtureOrder

  /// The documents of some texts.
  /// - Throws: As `TokenStore.init`.
  public init(
    _ sources: [TextSource], tokenizer: Tokenizer, specialTokens: SpecialTokens, textField: String = "text",
    seed: UInt64, shuffleBuffer: Int = MixtureOptions.defaultShuffleBuffer
  ) throws(CorpusError) {
    var options = TokenStore.Options()
    options.textField = textField
    options.keepsTexts = true
    var stores: [TokenStore] = []
    for source in sources {
      stores.append(
        try TokenStore(
          source, tokenizer: tokenizer, tokenizerHash: "", vocabulary: tokenizer.vocabularySize, options: options))
    }
    self.stores = stores
    self.specialTokens = specialTokens.eos == nil ? 1 : 2
    let sum = sources.reduce(0) { $0 + $1.weight }
    order = MixtureOrder(
      pools: stores, shares: sources.map { $0.weight / sum }, seed: seed, capacity: shuffleBuffer)
  }

  /// How far each text was read and what was found wrong with it.
  public var read: [(name: String, read: TextRead)] { stores.map { ($0.name, $0.read) } }

  /// The next document.
  /// - Throws: `CorpusError` when a text cannot be read on.
  public mutating func next() throws(CorpusError) -> Drawn {
    let (text, document) = try order.next()
    let tokens = try stores[text].ids(ofDocument: document).count + specialTokens
    order.count(tokens: tokens, ofText: text)
    return Drawn(text: stores[text].name, bytes: try stores[text].text(ofDocument: document), tokens: tokens)
  }
}
