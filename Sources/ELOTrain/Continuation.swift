import Corpora
import Decoders
import Tokenizers

/// How a model goes on with the beginning of a held-out document, taking the likeliest token each time.
struct Continuation {
  /// Tokens of the document that are given.
  static let promptTokens = 24
  /// Tokens that the model adds.
  static let newTokens = 48

  private let tokenizer: Tokenizer
  private let special: SpecialTokens

  init(_ tokenizer: Tokenizer, _ special: SpecialTokens) {
    self.tokenizer = tokenizer
    self.special = special
  }

  /// The beginning of the text's longest document, nil where it has no more than that.
  func prompt(from text: TokenizedText) -> [UInt32]? {
    let longest = (0..<text.documentCount).max { text.tokenCount(ofDocument: $0) < text.tokenCount(ofDocument: $1) }
    guard let longest, text.tokenCount(ofDocument: longest) > Self.promptTokens else { return nil }
    return Array(text.tokens(ofDocument: longest).prefix(Self.promptTokens))
  }

  /// Token ids as text.
  func text(of ids: [UInt32]) -> String { tokenizer.decode(ids) }

  /// What the model adds to a prompt, up to an end-of-text token.
  func run(_ prompt: [UInt32], with decoder: Decoders.Decoder) -> String {
    let start = [special.prefix] + prompt
    let capacity = min(decoder.configuration.maximumPositions, start.count + Self.newTokens)
    let generation = Generation(decoder, capacity: capacity)
    var sampler = Sampler(temperature: 0, topP: 1, seed: 0)
    var logits = generation.append(start.map(Int32.init))
    var ids: [UInt32] = []
    while ids.count < Self.newTokens {
      let id = UInt32(sampler.sample(logits))
      if special.stops.contains(id) { break }
      ids.append(id)
      guard generation.count < capacity else { break }
      logits = generation.append([Int32(id)])
    }
    return tokenizer.decode(ids)
  }
}
