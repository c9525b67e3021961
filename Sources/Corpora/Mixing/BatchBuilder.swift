/// Puts documents into rows, one behind the other.
struct BatchBuilder {
  private let rows: Int
  private let length: Int
  private let crossesDocuments: Bool
  private var ids: [Int32]
  private var targets: [Int32]
  private var positions: [Int32]
  private var spans: [Range<Int>] = []
  private var pieces: [PackedBatch.Piece] = []
  private var tokensBySource: [Int]
  private var predictedTokens: Int
  private var filled = 0

  init(rows: Int, options: MixtureOptions, texts: Int) {
    self.rows = rows
    length = options.sequenceLength
    crossesDocuments = options.crossesDocuments
    ids = [Int32](repeating: 0, count: rows * length)
    targets = ids
    positions = ids
    tokensBySource = [Int](repeating: 0, count: texts)
    predictedTokens = rows * length
  }

  var isFull: Bool { filled == ids.count }

  /// Appends as much of a document as fits in the row that is begun.
  /// - Returns: the place in the document behind what was appended.
  mutating func append(_ entry: [UInt32], from offset: Int, text: Int) -> Int {
    let column = filled % length
    let count = min(entry.count - offset, length - column)
    for i in 0..<count {
      ids[filled + i] = Int32(entry[offset + i])
      positions[filled + i] = Int32(crossesDocuments ? column + i : i)
      // Behind a document's last id nothing is predicted, whether or not attention goes on.
      targets[filled + i] = offset + i + 1 < entry.count ? Int32(entry[offset + i + 1]) : -1
    }
    let end = offset + count
    if end == entry.count { predictedTokens -= 1 }
    if crossesDocuments, column > 0 {
      spans[spans.count - 1] = spans[spans.count - 1].lowerBound..<filled + count
    } else {
      spans.append(filled..<filled + count)
    }
    pieces.append(PackedBatch.Piece(positions: filled..<filled + count, text: text))
    tokensBySource[text] += count
    filled += count
    return end
  }

  func finish() -> PackedBatch {
    PackedBatch(
      rows: rows, sequenceLength: length, ids: ids, targets: targets, positions: positions, spans: spans,
      pieces: pieces, predictedTokens: predictedTokens, tokensBySource: tokensBySource)
  }
}
