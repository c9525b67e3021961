/// Tokens on a device, ready for a pass.
public struct TokenBatch: Sendable {
  /// Number of tokens N.
  public let count: Int
  let ids: Tensor
  let targets: Tensor
  let positions: Tensor
  /// The positions once more, for tables that depend on them.
  let positionValues: [Int32]
  let spans: [AttentionSpan]
  let largestPosition: Int

  /// Uploads a batch.
  /// - Parameters:
  ///   - ids: N token ids.
  ///   - targets: what each token should predict, -1 for nothing.
  ///   - positions: each token's position for the rotary embedding.
  ///   - spans: ranges of tokens within which attention stays; together they cover all tokens.
  public init(ids: [Int32], targets: [Int32], positions: [Int32], spans: [Range<Int>], device: any Device) {
    precondition(
      targets.count == ids.count && positions.count == ids.count,
      "\(ids.count) ids, \(targets.count) targets, \(positions.count) positions")
    precondition(spans.reduce(0) { $0 + $1.count } == ids.count, "the spans do not cover the batch")
    count = ids.count
    self.ids = device.makeIndices(ids)
    self.targets = device.makeIndices(targets)
    self.positions = device.makeIndices(positions)
    positionValues = positions
    self.spans = spans.map { AttentionSpan(queries: $0, keys: $0) }
    largestPosition = Int(positions.max() ?? 0)
  }

  /// One document: positions from 0, one span, nothing predicted.
  public init(document ids: [Int32], device: any Device) {
    self.init(
      ids: ids, targets: Array(repeating: -1, count: ids.count), positions: ids.indices.map(Int32.init),
      spans: ids.isEmpty ? [] : [0..<ids.count], device: device)
  }

  /// How long the text of a span is, up to its last token.
  func length(of span: AttentionSpan) -> Int {
    span.queries.isEmpty ? 0 : Int(positionValues[span.queries].max()!) + 1
  }

  /// New tokens that follow `past` tokens whose keys and values are cached.
  init(continuing past: Int, ids: [Int32], device: any Device) {
    count = ids.count
    self.ids = device.makeIndices(ids)
    targets = device.makeIndices(Array(repeating: -1, count: ids.count))
    positionValues = ids.indices.map { Int32(past + $0) }
    positions = device.makeIndices(positionValues)
    spans = [AttentionSpan(queries: 0..<ids.count, keys: 0..<past + ids.count)]
    largestPosition = past + ids.count - 1
  }
}
