import Tokenizers

/// How documents become rows.
public struct MixtureOptions: Sendable, Hashable {
  /// `T`, the ids in a row.
  public var sequenceLength: Int
  /// Fixes the whole stream.
  public var seed: UInt64
  /// Documents that wait to be drawn at random; all of a text when it has no more.
  public var shuffleBuffer: Int
  /// Whether attention goes on from one document of a row into the next.
  public var crossesDocuments: Bool

  /// How many documents wait to be drawn unless something else is asked for.
  public static let defaultShuffleBuffer = 16_384

  /// Options; unless asked otherwise with attention inside documents.
  public init(
    sequenceLength: Int, seed: UInt64, shuffleBuffer: Int = defaultShuffleBuffer, crossesDocuments: Bool = false
  ) {
    self.sequenceLength = sequenceLength
    self.seed = seed
    self.shuffleBuffer = shuffleBuffer
    self.crossesDocuments = crossesDocuments
  }
}

/// An endless stream of training rows out of several texts, each with its share of the tokens.
///
/// Every document enters as `[prefix] ids [eos]` (without eos where the tokenizer has none); empty documents do not
/// enter. Each text is gone through in epochs, every epoch in a new order, and every document stands once in every
/// epoch. Documents follow each other without padding, and the stream is cut into rows of `T` ids. Which document comes
/// next is `MixtureOrder`'s business; a place in the stream is a few integers: `cursor`.
public struct Mixture: Sendable {
  private let pools: [any DocumentPool]
  private let options: MixtureOptions
  private let prefix: UInt32
  private let eos: UInt32?
  private var order: MixtureOrder
  /// The document of which a part was emitted, with its special tokens.
  private var entry: [UInt32] = []
  /// The place behind the last batch.
  public private(set) var cursor: MixtureCursor

  /// A mixture of texts in memory at its beginning.
  /// - Parameters:
  ///   - weights: One per text, finite and above 0; only their ratios count.
  ///   - sequenceLength: `T`, the ids in a row.
  ///   - seed: Fixes the whole stream.
  /// - Precondition: At least one text, as many weights as texts, `T` at least 1.
  public init(
    texts: [TokenizedText], weights: [Double], sequenceLength: Int, specialTokens: SpecialTokens, seed: UInt64
  ) {
    self.init(
      pools: texts.map { LoadedPool($0) }, weights: weights,
      options: MixtureOptions(sequenceLength: sequenceLength, seed: seed), specialTokens: specialTokens)
  }

  /// A mixture of pools at its beginning.
  /// - Parameter weights: One per pool, finite and above 0; only their ratios count.
  /// - Precondition: At least one pool, as many weights as pools, rows and buffer of at least 1.
  public init(pools: [any DocumentPool], weights: [Double], options: MixtureOptions, specialTokens: SpecialTokens) {
    self.init(
      pools: pools, weights: weights, options: options, prefix: specialTokens.prefix, eos: specialTokens.eos)
  }

  /// As above, with the ids that stand around every document.
  package init(
    texts: [TokenizedText], weights: [Double], options: MixtureOptions, prefix: UInt32, eos: UInt32?
  ) {
    self.init(pools: texts.map { LoadedPool($0) }, weights: weights, options: options, prefix: prefix, eos: eos)
  }

  private init(
    pools: [any DocumentPool], weights: [Double], options: MixtureOptions, prefix: UInt32, eos: UInt32?
  ) {
    precondition(!pools.isEmpty && pools.count == weights.count, "\(pools.count) texts, \(weights.count) weights")
    precondition(weights.allSatisfy { $0 > 0 && $0.isFinite }, "weights \(weights)")
    precondition(options.sequenceLength >= 1, "sequence length \(options.sequenceLength)")
    self.pools = pools
    self.options = options
    self.prefix = prefix
    self.eos = eos
    let sum = weights.reduce(0, +)
    let shares = weights.map { $0 / sum }
    order = MixtureOrder(pools: pools, shares: shares, seed: options.seed, capacity: options.shuffleBuffer)
    cursor = MixtureCursor(
      options, texts: zip(pools, shares).map { .init(name: $0.name, fingerprint: $0.fingerprint, share: $1) })
  }

  /// Goes to a place that a mixture of the same texts, weights and options was at; the batches that follow are those
  /// that followed there.
  /// - Throws: `CorpusError.cursorDoesNotFit` when anything of these differs, and what reading the texts throws.
  public mutating func restore(_ saved: MixtureCursor) throws(CorpusError) {
    if let difference = saved.difference(from: cursor) { throw .cursorDoesNotFit(difference: difference) }
    try order.restore(
      saved.texts.map {
        .init(epoch: $0.epoch, drawn: $0.nextDocument, documents: $0.documents, tokens: $0.tokens)
      })
    cursor = saved
    entry = try saved.place.map { place throws(CorpusError) in try makeEntry(place.text, place.document) } ?? []
  }

  /// The next `rows` rows.
  /// - Throws: `CorpusError` when a text cannot be read on.
  public mutating func nextBatch(rows: Int) throws(CorpusError) -> PackedBatch {
    precondition(rows >= 1, "\(rows) rows")
    var batch = BatchBuilder(rows: rows, options: options, texts: pools.count)
    while !batch.isFull {
      let place = if let begun = cursor.place { begun } else { try drawDocument() }
      let end = batch.append(entry, from: place.offset, text: place.text)
      cursor.place = end == entry.count ? nil : .init(text: place.text, document: place.document, offset: end)
    }
    return batch.finish()
  }

  /// Takes the next document and counts its tokens as emitted.
  private mutating func drawDocument() throws(CorpusError) -> MixtureCursor.Place {
    let (text, document) = try order.next()
    entry = try makeEntry(text, document)
    order.count(tokens: entry.count, ofText: text)
    cursor.note(order.progress[text], ofText: text)
    return .init(text: text, document: document, offset: 0)
  }

  private func makeEntry(_ text: Int, _ document: Int) throws(CorpusError) -> [UInt32] {
    try [prefix] + pools[text].ids(ofDocument: document) + (eos.map { [$0] } ?? [])
  }
}
