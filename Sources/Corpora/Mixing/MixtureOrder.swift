/// Which document comes next in a mixture of texts.
///
/// **Shares.** Whenever a document ends, the next one comes from the text with the largest deficit: weight share times
/// all tokens so far, less the tokens that came from this text (the first such text on a tie). A text is therefore
/// never ahead of its share by more than its longest document, and never behind by more than the others are ahead:
/// shares become exact as the stream grows, whatever the lengths of documents.
///
/// **Order.** Each text is gone through in epochs; the order of epoch `e` of text `s` is a `ShuffledOrder` seeded by
/// mixing the mixture's seed, `s` and `e`. A place is the number of documents drawn in each text's epoch; to go there
/// the draws are made again, without their documents.
struct MixtureOrder: Sendable {
  /// How far a text is gone through.
  struct Progress: Sendable {
    var epoch = 0
    /// Documents drawn in this epoch.
    var drawn = 0
    /// Documents drawn in all epochs.
    var documents = 0
    /// Tokens of all documents drawn so far, special tokens included.
    var tokens = 0
  }

  private let pools: [any DocumentPool]
  private let shares: [Double]
  private let seed: UInt64
  private let capacity: Int
  private var orders: [ShuffledOrder]
  private(set) var progress: [Progress]

  init(pools: [any DocumentPool], shares: [Double], seed: UInt64, capacity: Int) {
    self.pools = pools
    self.shares = shares
    self.seed = seed
    self.capacity = capacity
    progress = pools.map { _ in Progress() }
    orders = []
    orders = pools.indices.map { order(ofText: $0, epoch: 0) }
  }

  /// Draws the next document, whose tokens are to be counted before the one behind it is drawn.
  /// - Throws: `CorpusError`, `.noTokens` when a text has no document to draw.
  mutating func next() throws(CorpusError) -> (text: Int, document: Int) {
    let total = Double(progress.reduce(0) { $0 + $1.tokens })
    var text = 0
    var largestDeficit = -Double.infinity
    for i in pools.indices {
      let deficit = shares[i] * total - Double(progress[i].tokens)
      if deficit > largestDeficit { (text, largestDeficit) = (i, deficit) }
    }
    let document: Int
    if let number = try orders[text].next(from: pools[text]) {
      document = number
    } else {
      progress[text].epoch += 1
      progress[text].drawn = 0
      orders[text] = order(ofText: text, epoch: progress[text].epoch)
      guard let number = try orders[text].next(from: pools[text]) else {
        throw .noTokens(name: pools[text].name, documents: 0)
      }
      document = number
    }
    progress[text].drawn += 1
    progress[text].documents += 1
    return (text, document)
  }

  /// Counts a drawn document's tokens, special ones included.
  mutating func count(tokens: Int, ofText text: Int) { progress[text].tokens += tokens }

  /// Goes to a place.
  mutating func restore(_ places: [Progress]) throws(CorpusError) {
    for (text, place) in places.enumerated() {
      orders[text] = order(ofText: text, epoch: place.epoch)
      for _ in 0..<place.drawn { _ = try orders[text].next(from: pools[text]) }
    }
    progress = places
  }

  private func order(ofText text: Int, epoch: Int) -> ShuffledOrder {
    let textSeed = SplitMix64.mix(seed &+ UInt64(text) &+ 1)
    return ShuffledOrder(capacity: capacity, seed: SplitMix64.mix(textSeed &+ UInt64(epoch) &+ 1))
  }
}
