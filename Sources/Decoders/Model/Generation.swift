/// A decoder in the middle of a text: the keys and values of the tokens so far.
public final class Generation {
  private let decoder: Decoder
  private let keys: [Tensor]
  private let values: [Tensor]
  /// Tokens that fit.
  public let capacity: Int
  /// Tokens taken so far.
  public var count: Int { tokens.count }

  private var tokens: [Int32] = []

  /// An empty text with room for `capacity` tokens.
  public init(_ decoder: Decoder, capacity: Int) {
    self.decoder = decoder
    self.capacity = capacity
    func cache() -> [Tensor] {
      decoder.layers.map { _ in
        decoder.device.makeTensor(rows: capacity, columns: decoder.configuration.keyWidth)
      }
    }
    keys = cache()
    values = cache()
  }

  /// Takes tokens and returns the logits of what follows the last one, V of them.
  ///
  /// Where the rotation depends on the length of the text (dynamic and LongRoPE scaling) and new tokens change it, the
  /// whole text is read again, for the keys so far are rotated by other angles.
  public func append(_ ids: [Int32]) -> [Float] {
    precondition(!ids.isEmpty && count + ids.count <= capacity, "\(ids.count) tokens after \(count) of \(capacity)")
    let length = count + ids.count
    let isStale = decoder.configuration.rotaries.contains { $0.regime(length: length) != $0.regime(length: count) }
    let past = isStale ? 0 : count
    tokens += ids
    return read(Array(tokens[past...]), past: past)
  }

  private func read(_ ids: [Int32], past: Int) -> [Float] {
    let device = decoder.device
    let context = decoder.makeContext(TokenBatch(continuing: past, ids: ids, device: device))
    // No backward pass follows, so every layer works in place on one residual stream.
    let activations = context.workspace.activations(keptFor: nil, tokens: ids.count)
    let stream = activations.input
    decoder.embed(context, into: stream)
    for (index, layer) in decoder.layers.enumerated() {
      let (allKeys, allValues) = (keys[index], values[index])
      let new = past..<past + ids.count
      let cache = KeyValueRows(
        newKeys: allKeys.rows(new), newValues: allValues.rows(new), keys: allKeys.rows(0..<new.upperBound),
        values: allValues.rows(0..<new.upperBound))
      layer.forward(activations, cache: cache, into: stream, context)
      decoder.bridges[index]?.forward(stream, scratch: context.shared(.normed), device: device)
    }
    let normed = decoder.finalNormed(stream, context)
    return device.download(decoder.logits(ofNormed: normed.rows(ids.count - 1..<ids.count)))
  }
}
