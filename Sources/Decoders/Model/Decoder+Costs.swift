extension Decoder {
  /// Floating-point operations that a training step takes for each token when some weights are trained: products alone, two
  /// for each weight that a token meets.
  ///
  /// Attention between tokens is left out, a few percent at some hundred tokens, and so is what `recomputesActivations`
  /// makes a second time.
  /// - Parameters:
  ///   - parameters: weights that get gradients.
  ///   - adapted: matrices of layers with a low-rank change instead.
  ///   - rank: of these changes.
  ///   - words: how many words of the vocabulary a step scores, nil for all.
  public func trainingFlops(
    parameters: [Parameter], adapted: [Parameter] = [], rank: Int = 0, words: Int? = nil
  ) -> Double {
    let trained = Set(parameters.map(ObjectIdentifier.init))
    let changed = Set(adapted.map(ObjectIdentifier.init))
    let lowest = lowestReached(trained.union(changed)) ?? layers.count
    let scored = words.map { Double($0 * configuration.width) } ?? Double(head.value.count)
    var flops = 2 * scored * (trained.contains(ObjectIdentifier(head)) ? 3 : 2)
    for (index, layer) in layers.enumerated() {
      let weights = Double(layer.weightsPerToken)
      flops += 2 * weights * (index >= lowest ? 2 : 1)
      let matrices = layer.parameters.filter(\.isDecayed)
      // With experts a token meets a share of a layer's weights, and so of their gradients and adapters.
      let met = weights / Double(matrices.reduce(0) { $0 + $1.value.count })
      let gradients = matrices.filter { trained.contains(ObjectIdentifier($0)) }.reduce(0) { $0 + $1.value.count }
      let widths = matrices.filter { changed.contains(ObjectIdentifier($0)) }.reduce(0) {
        $0 + adapterWidths($1).inputs + adapterWidths($1).outputs
      }
      flops += met * (2 * Double(gradients) + 6 * Double(rank * widths))
    }
    for place in bridges.keys {
      flops += 2 * Double(configuration.width * configuration.width) * (place >= lowest ? 2 : 1)
    }
    return flops
  }

  /// Bytes of activations and buffers that a training step of `tokens` tokens in one part needs.
  /// - Parameters:
  ///   - parameters: weights that get gradients or low-rank changes.
  ///   - recomputes: whether activations are made again in the backward pass.
  public func activationBytes(tokens: Int, parameters: [Parameter], recomputes: Bool) -> Int {
    let lowest = lowestReached(Set(parameters.map(ObjectIdentifier.init))) ?? layers.count
    let shape = configuration
    let (D, Q, K, I) = (shape.width, shape.queryWidth, shape.keyWidth, shape.intermediateWidth)
    let kept = layers.indices.filter { $0 >= lowest }.reduce(0) { sum, index in
      recomputes ? sum + D : sum + layers[index].keptFloats(shape)
    }
    let one = layers.map { $0.keptFloats(shape) }.max() ?? 0
    let visits = shape.experts.map { $0.chosenCount * (2 * $0.width + 2 * D) } ?? 0
    let shared = 6 * D + 2 * max(I, shape.experts == nil ? 0 : D) + 4 * Q + 4 * K + visits + one
    return 4 * tokens * (kept + shared)
  }

  /// The lowest layer that a backward pass has to reach for some weights, nil when it is none.
  private func lowestReached(_ weights: Set<ObjectIdentifier>) -> Int? {
    let below = [embedding] + (positionEmbedding.map { [$0] } ?? []) + (embeddingNorm?.parameters ?? [])
    // A tied head alone cannot be trained, so the embedding is always reached with it.
    if below.contains(where: { weights.contains(ObjectIdentifier($0)) }) { return 0 }
    return layers.indices.first { layers[$0].parameters.contains { weights.contains(ObjectIdentifier($0)) } }
  }
}

extension DecoderLayer {
  /// Numbers that the layer keeps of each token for its backward pass.
  fileprivate func keptFloats(_ shape: DecoderConfiguration) -> Int {
    let (D, Q, K) = (shape.width, shape.queryWidth, shape.keyWidth)
    var count = 2 * D + 2 * Q + 2 * K + 2 * shape.headCount
    if queryNorm != nil { count += Q + K }
    if attentionPostNorm != nil { count += D }
    if mlpPostNorm != nil { count += D }
    if let experts = shape.experts {
      count += experts.count + 2 * experts.chosenCount * experts.width
    } else {
      count += shape.traits.mlp == .plain ? shape.intermediateWidth : 2 * shape.intermediateWidth
    }
    return count
  }
}
