import Tokenizers

/// An endless stream of training rows out of several texts, each with its share of the tokens.
///
/// Every document enters as `[prefix] ids [eos]` (without eos where the tokenizer has none); empty documents do not
/// enter. Each text is gone through in epochs, every epoch in a new order, and every document stands once in every
/// epoch. Documents follow each other without padding, and the stream is cut into rows of `T` ids.
///
/// **Shares.** Whenever a document ends, the next one comes from the text with the largest deficit: weight share times
/// all tokens so far, less the tokens that came from this text (the first such text on a tie). A text is therefore
/// never ahead of its share by more than its longest document, and never behind by more than the others are ahead:
/// shares become exact as the stream grows, whatever the lengths of documents.
///
/// **Order.** The order of epoch `e` of text `s` is a `SplitMix64` permutation (Fisher and Yates) of its documents,
/// seeded by mixing the mixture's seed, `s` and `e`. So the order depends on nothing else, and a place in the stream is
/// a few integers: `cursor`.
public struct Mixture: Sendable {
  private let texts: [TokenizedText]
  /// The share of each text, summing to 1.
  private let shares: [Double]
  private let sequenceLength: Int
  private let prefix: UInt32
  private let eos: UInt32?
  /// Per text, the documents that have tokens.
  private let documents: [[Int32]]
  /// Per text, the documents in the order of its current epoch.
  private var orders: [[Int32]]
  /// The place behind the last batch.
  public private(set) var cursor: MixtureCursor

  /// A mixture at its beginning.
  /// - Parameters:
  ///   - weights: One per text, finite and above 0; only their ratios count.
  ///   - sequenceLength: `T`, the ids in a row.
  ///   - seed: Fixes the whole stream.
  /// - Precondition: At least one text, as many weights as texts, `T` at least 1.
  public init(
    texts: [TokenizedText], weights: [Double], sequenceLength: Int, specialTokens: SpecialTokens, seed: UInt64
  ) {
    self.init(
      texts: texts, weights: weights, sequenceLength: sequenceLength, prefix: specialTokens.prefix,
      eos: specialTokens.eos, seed: seed)
  }

  /// As above, with the ids that stand around every document.
  package init(
    texts: [TokenizedText], weights: [Double], sequenceLength: Int, prefix: UInt32, eos: UInt32?, seed: UInt64
  ) {
    precondition(!texts.isEmpty && texts.count == weights.count, "\(texts.count) texts, \(weights.count) weights")
    precondition(weights.allSatisfy { $0 > 0 && $0.isFinite }, "weights \(weights)")
    precondition(sequenceLength >= 1, "sequence length \(sequenceLength)")
    self.texts = texts
    let sum = weights.reduce(0, +)
    self.shares = weights.map { $0 / sum }
    self.sequenceLength = sequenceLength
    self.prefix = prefix
    self.eos = eos
    self.documents = texts.map { text in
      (0..<text.documentCount).filter { text.tokenCount(ofDocument: $0) > 0 }.map { Int32($0) }
    }
    self.cursor = MixtureCursor(
      seed: seed, sequenceLength: sequenceLength,
      texts: zip(texts, shares).map { .init(name: $0.name, fingerprint: $0.fingerprint, share: $1) })
    self.orders = []
    self.orders = texts.indices.map { order(ofText: $0, epoch: 0) }
  }

  /// Goes to a place that a mixture of the same texts, weights, sequence length and seed was at; the batches that
  /// follow are those that followed there.
  /// - Throws: `CorpusError.cursorDoesNotFit` when anything of these differs.
  public mutating func restore(_ saved: MixtureCursor) throws(CorpusError) {
    if let difference = saved.difference(from: cursor) { throw .cursorDoesNotFit(difference: difference) }
    for (i, (old, new)) in zip(cursor.texts, saved.texts).enumerated() where old.epoch != new.epoch {
      orders[i] = order(ofText: i, epoch: new.epoch)
    }
    cursor = saved
  }

  /// The next `rows` rows.
  public mutating func nextBatch(rows: Int) -> PackedBatch {
    precondition(rows >= 1, "\(rows) rows")
    let T = sequenceLength
    let count = rows * T
    var spans: [Range<Int>] = []
    var tokensBySource = [Int](repeating: 0, count: texts.count)
    var predictedTokens = count
    var ids = [Int32](repeating: 0, count: count)
    var targets = ids
    var positions = ids
    var filled = 0
    while filled < count {
      let place = cursor.place ?? chooseDocument()
      let entry = Entry(tokens: texts[place.text].tokens(ofDocument: place.document), prefix: prefix, eos: eos)
      let length = min(entry.count - place.offset, T - filled % T)
      entry.copy(from: place.offset, count: length, to: &ids, at: filled)
      for i in 0..<length - 1 { targets[filled + i] = ids[filled + i + 1] }
      for i in 0..<length { positions[filled + i] = Int32(truncatingIfNeeded: i) }
      let end = place.offset + length
      let isFinished = end == entry.count
      targets[filled + length - 1] = isFinished ? -1 : Int32(entry[end])
      if isFinished { predictedTokens -= 1 }
      cursor.place = isFinished ? nil : .init(text: place.text, document: place.document, offset: end)
      spans.append(filled..<filled + length)
      tokensBySource[place.text] += length
      filled += length
    }
    return PackedBatch(
      rows: rows, sequenceLength: T, ids: ids, targets: targets, positions: positions, spans: spans,
      predictedTokens: predictedTokens, tokensBySource: tokensBySource)
  }

  private func order(ofText text: Int, epoch: Int) -> [Int32] {
    let textSeed = SplitMix64.mix(cursor.seed &+ UInt64(text) &+ 1)
    var generator = SplitMix64(seed: SplitMix64.mix(textSeed &+ UInt64(epoch) &+ 1))
    return generator.permutation(of: documents[text])
  }

  /// Takes the next document of the text with the largest deficit and counts its tokens as emitted.
  private mutating func chooseDocument() -> MixtureCursor.Place {
    let total = Double(cursor.texts.reduce(0) { $0 + $1.tokens })
    var text = 0
    var largestDeficit = -Double.infinity
    for i in texts.indices {
      let deficit = shares[i] * total - Double(cursor.texts[i].tokens)
      if deficit > largestDeficit { (text, largestDeficit) = (i, deficit) }
    }
    if cursor.texts[text].nextDocument == documents[text].count {
      cursor.texts[text].nextDocument = 0
      cursor.texts[text].epoch += 1
      orders[text] = order(ofText: text, epoch: cursor.texts[text].epoch)
    }
    let document = Int(orders[text][cursor.texts[text].nextDocument])
    cursor.texts[text].nextDocument += 1
    cursor.texts[text].tokens += texts[text].tokenCount(ofDocument: document) + (eos == nil ? 1 : 2)
    return .init(text: text, document: document, offset: 0)
  }
}

/// A document between its special tokens.
private struct Entry {
  let tokens: ArraySlice<UInt32>
  let prefix: UInt32
  let eos: UInt32?

  var count: Int { tokens.count + (eos == nil ? 1 : 2) }

  subscript(i: Int) -> UInt32 {
    if i == 0 { return prefix }
    return i <= tokens.count ? tokens[tokens.startIndex + i - 1] : eos!
  }

  func copy(from first: Int, count: Int, to ids: inout [Int32], at start: Int) {
    for i in 0..<count { ids[start + i] = Int32(self[first + i]) }
  }
}
