extension Decoder {
  /// What a forward pass leaves out and shows on its way.
  public struct Observation {
    /// What is taken out of which layers.
    public var ablations: [Int: LayerAblation] = [:]
    /// Called with the residual stream `[N, D]` before layer `index`, and with the layer count as index behind the last
    /// one, before the final norm.
    ///
    /// The tensor is valid during the call.
    public var residualStream: ((_ index: Int, _ stream: Tensor) -> Void)?

    /// An observation, by default of nothing and leaving nothing out.
    public init(
      ablations: [Int: LayerAblation] = [:], residualStream: ((_ index: Int, _ stream: Tensor) -> Void)? = nil
    ) {
      self.ablations = ablations
      self.residualStream = residualStream
    }
  }

  /// The negative log-likelihood in nats of each token's target, 0 where there is none.
  public func losses(_ batch: TokenBatch, observing observation: Observation = Observation()) -> [Float] {
    let context = makeContext(batch)
    let normed = finalNormed(forward(context, keepingFrom: nil, observation), context)
    let losses = context.shared(.losses)
    device.headLoss(
      normed, head.value, cap: logitCap, logWeights: nil, targets: batch.targets, into: losses, gradientScale: 0,
      dx: nil, dw: nil)
    return device.download(losses)
  }

  /// The scores of every vocabulary entry after every token, `[N, V]` row-major.
  ///
  /// For tests and small uses: memory is N·V.
  public func logits(_ batch: TokenBatch) -> [Float] {
    let context = makeContext(batch)
    let normed = finalNormed(forward(context, keepingFrom: nil, Observation()), context)
    return device.download(logits(ofNormed: normed))
  }

  /// Runs the layers only, for what `observation` sees.
  public func observe(_ batch: TokenBatch, _ observation: Observation) {
    _ = forward(makeContext(batch), keepingFrom: nil, observation)
  }

  /// Adds to every trained weight the gradient of `gradientScale` times the summed loss of the batch.
  /// - Parameters:
  ///   - scoring: which words of the vocabulary are scored, and how.
  ///   - streamGradient: called on the way back with the residual stream `[N, D]` before layer `index`, from the
  ///     layer count (behind the last layer, before the final norm) down to the layer above the lowest trained one, and
  ///     with the gradient of the loss for it, to which it may add.
  ///   - roundingError: called with what rounding did to the gradient before the final norm, when `scoring` rounds.
  /// - Returns: the negative log-likelihood in nats of each token's target, 0 where there is none.
  /// - Note: Nothing is computed below the lowest trained layer, and no gradient of a frozen weight.
  public func accumulateGradients(
    _ batch: TokenBatch, gradientScale: Float, scoring: HeadScoring = .all,
    streamGradient: ((_ index: Int, _ stream: Tensor, _ gradient: Tensor) -> Void)? = nil,
    roundingError: ((HeadRoundingError) -> Void)? = nil
  ) -> [Float] {
    let lowest = lowestTrainedLayer
    let context = makeContext(batch)
    let output = forward(context, keepingFrom: lowest ?? layers.count, Observation())
    let normed = finalNormed(output, context)
    let (losses, dx, dNormed) = (
      context.shared(.losses), context.shared(.streamGradient), context.shared(.normedGradient)
    )
    if case .rounded(let rounding) = scoring {
      precondition(head.gradient == nil, "a rounded head that is trained")
      let error = device.roundedHeadLoss(
        normed, head.value, cap: logitCap, targets: batch.targets, into: losses, gradientScale: gradientScale,
        dx: dNormed, rounding: rounding)
      roundingError?(error)
    } else {
      let scored = scoredHead(scoring, batch)
      device.headLoss(
        normed, scored.rows, cap: logitCap, logWeights: scored.logWeights, targets: scored.targets, into: losses,
        gradientScale: gradientScale, dx: dNormed, dw: head.gradient)
    }
    if configuration.logitMultiplier != 1 { device.scale(dNormed, by: Float(configuration.logitMultiplier)) }
    device.zero(dx)
    finalNorm.backward(
      dNormed, output, context.workspace.statistics(.final, tokens: batch.count), dx: dx, device: device)
    for index in ((lowest ?? layers.count)..<layers.count).reversed() {
      if let streamGradient {
        let stream = index + 1 < layers.count ? keptActivations(index + 1, context).input : output
        streamGradient(index + 1, stream, dx)
      }
      bridges[index]?.backward(dx, scratch: context.shared(.normed), device: device)
      let activations = keptActivations(index, context)
      if recomputesActivations { layers[index].recompute(activations, context) }
      layers[index].backward(dx, activations, inputGradient: index > lowest! || trainsEmbedding, context)
    }
    if trainsEmbedding {
      bridges[-1]?.backward(dx, scratch: context.shared(.normed), device: device)
      embedBackward(dx, context)
    }
    return device.download(losses)
  }

  /// The lowest layer that the backward pass has to reach: 0 when the embedding is trained, nil when only the final norm
  /// or the head is.
  private var lowestTrainedLayer: Int? {
    if trainsEmbedding { return 0 }
    return reachedLayers.first
  }

  /// Layers of which something is trained, ascending.
  public var reachedLayers: [Int] { layers.indices.filter { layers[$0].parameters.contains(where: \.isReached) } }

  /// Embedding, layers and bridges.
  ///
  /// Layers from `keepingFrom` on keep their activations.
  /// - Returns: the residual stream behind the last layer.
  func forward(_ context: LayerContext, keepingFrom: Int?, _ observation: Observation) -> Tensor {
    let tokens = context.batch.count
    let output = context.shared(.output)
    func activations(_ layer: Int) -> LayerActivations {
      keepingFrom.map { layer >= $0 } ?? false
        ? keptActivations(layer, context) : context.workspace.activations(keptFor: nil, tokens: tokens)
    }
    // Each layer writes straight into the place that the next one reads.
    func input(_ layer: Int) -> Tensor { layer < layers.count ? activations(layer).input : output }
    embed(context, into: input(0))
    for (index, layer) in layers.enumerated() {
      let stream = activations(index)
      let next = input(index + 1)
      observation.residualStream?(index, stream.input)
      layer.forward(stream, ablating: observation.ablations[index], into: next, context)
      bridges[index]?.forward(next, scratch: context.shared(.normed), device: device)
    }
    observation.residualStream?(layers.count, output)
    return output
  }

  /// Memory for a layer that will be walked back through: all its own, or only its input when the rest is made again.
  private func keptActivations(_ layer: Int, _ context: LayerContext) -> LayerActivations {
    let (workspace, tokens) = (context.workspace, context.batch.count)
    guard recomputesActivations else { return workspace.activations(keptFor: layer, tokens: tokens) }
    var activations = workspace.activations(keptFor: nil, tokens: tokens)
    activations.input = workspace.input(of: layer, tokens: tokens)
    return activations
  }

  /// The stream behind the final norm, times what logits are multiplied by.
  func finalNormed(_ output: Tensor, _ context: LayerContext) -> Tensor {
    let normed = context.shared(.normed)
    finalNorm(output, into: normed, context.workspace)
    return normed
  }

  /// The same, into a tensor of the caller's.
  func finalNorm(_ output: Tensor, into normed: Tensor, _ workspace: Workspace) {
    finalNorm.forward(output, into: normed, workspace.statistics(.final, tokens: output.rows), device: device)
    if configuration.logitMultiplier != 1 { device.scale(normed, by: Float(configuration.logitMultiplier)) }
  }

  /// `[N, V]` from what `finalNormed` made.
  func logits(ofNormed normed: Tensor) -> Tensor {
    let logits = device.makeTensor(rows: normed.rows, columns: configuration.vocabularySize)
    device.linear(normed, head.value, into: logits, accumulate: false)
    if let logitCap { device.softCap(logits, logitCap) }
    return logits
  }

  var logitCap: Float? { configuration.logitCap.map(Float.init) }
}
