extension Decoder {
  /// What layer 0 reads: tokens, positions that are added, and the norm behind them, where the family has these, and the
  /// bridge behind that.
  func embed(_ context: LayerContext, into stream: Tensor) {
    let target = embeddingNorm == nil ? stream : context.shared(.embedded)
    device.embed(context.batch.ids, embedding.value, into: target)
    let multiplier = Float(configuration.embeddingMultiplier)
    if multiplier != 1 { device.scale(target, by: multiplier) }
    if let rows = positionRows(context.batch) {
      let positions = context.shared(.positions)
      device.embed(rows, addedPositions!.table, into: positions)
      device.add(positions, to: target)
    }
    embeddingNorm?.forward(
      target, into: stream, context.workspace.statistics(.embedding, tokens: context.batch.count), device: device)
    bridges[-1]?.forward(stream, scratch: context.shared(.normed), device: device)
  }

  /// Adds to the gradients of what `embed` used; overwrites `dx`, the gradient of the stream that it wrote.
  func embedBackward(_ dx: Tensor, _ context: LayerContext) {
    var gradient = dx
    if let embeddingNorm {
      gradient = context.shared(.branchGradient)
      device.zero(gradient)
      embeddingNorm.backward(
        dx, context.shared(.embedded), context.workspace.statistics(.embedding, tokens: context.batch.count),
        dx: gradient, device: device)
    }
    if let dTable = positionEmbedding?.gradient, let rows = positionRows(context.batch) {
      device.embedBackward(rows, gradient, into: dTable)
    }
    guard let dEmbedding = embedding.gradient else { return }
    let multiplier = Float(configuration.embeddingMultiplier)
    if multiplier != 1 { device.scale(gradient, by: multiplier) }
    device.embedBackward(context.batch.ids, gradient, into: dEmbedding)
  }

  /// Whether a backward pass has to reach the embedding.
  var trainsEmbedding: Bool {
    embedding.isTrained || positionEmbedding?.isTrained == true || embeddingNorm?.isTrained == true
  }

  /// Rows of the table of added positions.
  private func positionRows(_ batch: TokenBatch) -> Tensor? {
    guard let offset = addedPositions?.offset else { return nil }
    return offset == 0 ? batch.positions : device.makeIndices(batch.positionValues.map { $0 + Int32(offset) })
  }

  /// The table of positions that are added to the embedding, and which row belongs to position 0.
  private var addedPositions: (table: Tensor, offset: Int)? {
    switch configuration.traits.positions {
    case .learned(let offset): (positionEmbedding!.value, offset)
    case .sinusoidal(let offset): (sinusoids!, offset)
    case .rotary, .alibi: nil
    }
  }
}
