/// A place in the stream of a `Mixture`: small, and enough to go on from there bit for bit.
public struct MixtureCursor: Codable, Sendable, Hashable {
  /// How far a text was read.
  public struct Text: Codable, Sendable, Hashable {
    /// The text's name.
    public let name: String
    /// The pool's fingerprint.
    public let fingerprint: UInt64
    /// The text's share of all tokens; shares sum to 1.
    public let share: Double
    /// How many times the text was gone through.
    public internal(set) var epoch = 0
    /// How many documents of this epoch were taken, the one under way included.
    public internal(set) var nextDocument = 0
    /// How many documents were taken in all epochs.
    public internal(set) var documents = 0
    /// How many tokens the documents taken so far have with their special tokens, those still to be emitted of the
    /// one under way included.
    public internal(set) var tokens = 0
  }

  /// A document of which a part was emitted.
  struct Place: Codable, Sendable, Hashable {
    var text: Int
    var document: Int
    /// The first position that was not emitted; the prefix token is at 0.
    var offset: Int
  }

  /// The seed of the orders.
  public let seed: UInt64
  /// `T`, the ids in a row.
  public let sequenceLength: Int
  /// Documents that wait to be drawn.
  public let shuffleBuffer: Int
  /// Whether attention goes on from one document into the next.
  public let crossesDocuments: Bool
  /// One per text, in the order of the mixture.
  public internal(set) var texts: [Text]
  var place: Place?

  init(_ options: MixtureOptions, texts: [Text]) {
    seed = options.seed
    sequenceLength = options.sequenceLength
    shuffleBuffer = options.shuffleBuffer
    crossesDocuments = options.crossesDocuments
    self.texts = texts
  }

  mutating func note(_ progress: MixtureOrder.Progress, ofText text: Int) {
    texts[text].epoch = progress.epoch
    texts[text].nextDocument = progress.drawn
    texts[text].documents = progress.documents
    texts[text].tokens = progress.tokens
  }

  /// What keeps this from being a place in the stream that `other` is a place in, nil when nothing does.
  func difference(from other: MixtureCursor) -> String? {
    if seed != other.seed { return "its seed is \(seed), not \(other.seed)" }
    if sequenceLength != other.sequenceLength {
      return "its sequence length is \(sequenceLength), not \(other.sequenceLength)"
    }
    if shuffleBuffer != other.shuffleBuffer {
      return "its shuffle buffer is \(shuffleBuffer), not \(other.shuffleBuffer)"
    }
    if crossesDocuments != other.crossesDocuments {
      return "its attention \(crossesDocuments ? "crosses documents" : "stays inside documents")"
    }
    let names = texts.map(\.name), otherNames = other.texts.map(\.name)
    if names != otherNames { return "its texts are \(names), not \(otherNames)" }
    for (text, otherText) in zip(texts, other.texts) {
      if text.share != otherText.share {
        return "its share of '\(text.name)' is \(text.share), not \(otherText.share)"
      }
      if text.fingerprint != otherText.fingerprint {
        return "the documents of '\(text.name)' or the tokenizer have changed since"
      }
    }
    return nil
  }
}
