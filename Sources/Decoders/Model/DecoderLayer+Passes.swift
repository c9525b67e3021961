// One layer: its two halves, attention and MLP, and how they are added to the residual stream. The forward and its
// explicit backward stand together; there is no tape. Legend: N tokens, D width, x the stream before, x' between and x''
// behind the halves.

extension DecoderLayer {
  /// From `a.input` to `output`, both `[N, D]`; `output` may be `a.input` itself.
  ///
  /// Fills `a`; an ablated part leaves its activations as they were.
  func forward(
    _ a: LayerActivations, cache: KeyValueRows? = nil, ablating ablation: LayerAblation? = nil, into output: Tensor,
    _ context: LayerContext
  ) {
    let device = context.device
    switch ablation {
    case .layer:
      if output.storage !== a.input.storage { device.copy(a.input, to: output) }
    case .update(let row):
      if output.storage !== a.input.storage { device.copy(a.input, to: output) }
      device.addBias(row, to: output)
    case .attention:
      device.copy(a.input, to: a.middle)
      mlpForward(a, into: output, context)
    case .mlp:
      attentionForward(a, cache: cache, context)
      device.copy(a.middle, to: output)
    case nil:
      attentionForward(a, cache: cache, context)
      mlpForward(a, into: output, context)
    }
  }

  /// From `a.input` to `a.middle`.
  private func attentionForward(_ a: LayerActivations, cache: KeyValueRows?, _ context: LayerContext) {
    let device = context.device
    var input = a.input
    if let attentionNorm {
      input = context.shared(.normed)
      attentionNorm.forward(a.input, into: input, a.statistics(.attention), device: device)
    }
    attend(input, a, cache: cache, context)
    device.copy(a.input, to: a.middle)
    add(to: a.middle, attentionPostNorm, a.attentionBranch, a.statistics(.attentionPost), context) {
      output.forward(a.attended, into: $0, accumulate: $1, device: device)
    }
  }

  /// From `a.middle`, and in parallel blocks from `a.input`, to `output`.
  private func mlpForward(_ a: LayerActivations, into output: Tensor, _ context: LayerContext) {
    let device = context.device
    let activated = mlpActivate(a, context)
    device.copy(a.middle, to: output)
    add(to: output, mlpPostNorm, a.mlpBranch, a.statistics(.mlpPost), context) {
      mlp.project(activated, into: $0, accumulate: $1, context)
    }
  }

  /// Fills `a` again from `a.input`, bit for bit as `forward` did; the layer's output is not made.
  func recompute(_ a: LayerActivations, _ context: LayerContext) {
    let device = context.device
    attentionForward(a, cache: nil, context)
    let activated = mlpActivate(a, context)
    // Its backward pass needs what it normed.
    guard let mlpPostNorm else { return }
    mlp.project(activated, into: a.mlpBranch, accumulate: false, context)
    mlpPostNorm.forward(a.mlpBranch, into: context.shared(.branch), a.statistics(.mlpPost), device: device)
  }

  /// From what the MLP reads to its inner activation.
  private func mlpActivate(_ a: LayerActivations, _ context: LayerContext) -> InnerActivation {
    let (device, placement) = (context.device, context.configuration.traits.placement)
    var input = placement.isParallel ? a.input : a.middle
    if let norm = placement == .parallelShared ? attentionNorm : mlpNorm {
      let normed = context.shared(.normed)
      norm.forward(
        input, into: normed, a.statistics(placement == .parallelShared ? .attention : .mlp), device: device)
      input = normed
    }
    return mlp.activate(input, a, context)
  }

  /// Adds to the gradients of the layer's trained weights, and turns `dx` in place from the gradient of the layer's
  /// output into that of its input.
  ///
  /// With `inputGradient` false `dx` is left half done: nothing below needs it. Overwrites `a.gate` and `a.up`.
  func backward(_ dx: Tensor, _ a: LayerActivations, inputGradient: Bool, _ context: LayerContext) {
    let device = context.device
    let isParallel = context.configuration.traits.placement.isParallel
    let dMLPInput = context.shared(isParallel ? .secondNormedGradient : .normedGradient)
    let dMLP = branchGradient(dx, mlpPostNorm, a.mlpBranch, a.statistics(.mlpPost), context)
    mlp.backward(dMLP, input: mlpInput(a, context), a, context)
    if !isParallel {
      // In a parallel block both halves need the gradient of the output as it is.
      if let mlpNorm {
        mlp.backwardInput(a, into: dMLPInput, accumulate: false, context)
        mlpNorm.backward(dMLPInput, a.middle, a.statistics(.mlp), dx: dx, device: device)
      } else {
        mlp.backwardInput(a, into: dx, accumulate: true, context)
      }
    } else {
      mlp.backwardInput(a, into: dMLPInput, accumulate: false, context)
    }

    let dAttention = branchGradient(dx, attentionPostNorm, a.attentionBranch, a.statistics(.attentionPost), context)
    let dInput = attendBackward(dAttention, input: attentionInput(a, context), a, context)
    let mlpReachesInput = isParallel && (inputGradient || mlpNorm?.isTrained == true)
    guard inputGradient || attentionNorm?.isTrained == true || mlpReachesInput else { return }
    guard let attentionNorm else { return dInput(dx, true) }
    let dNormed = context.shared(.normedGradient)
    dInput(dNormed, false)
    if isParallel {
      if let mlpNorm {
        mlpNorm.backward(dMLPInput, a.input, a.statistics(.mlp), dx: inputGradient ? dx : nil, device: device)
      } else {
        device.add(dMLPInput, to: dNormed)
      }
    }
    attentionNorm.backward(
      dNormed, a.input, a.statistics(.attention), dx: inputGradient ? dx : nil, device: device)
  }

  /// The input of attention's projections, made again.
  private func attentionInput(_ a: LayerActivations, _ context: LayerContext) -> () -> Tensor {
    {
      guard let attentionNorm else { return a.input }
      let normed = context.shared(.normed)
      attentionNorm.apply(a.input, into: normed, a.statistics(.attention), device: context.device)
      return normed
    }
  }

  /// The input of the MLP, made again.
  private func mlpInput(_ a: LayerActivations, _ context: LayerContext) -> () -> Tensor {
    let placement = context.configuration.traits.placement
    if placement == .parallelShared { return attentionInput(a, context) }
    return {
      let source = placement.isParallel ? a.input : a.middle
      guard let mlpNorm else { return source }
      let normed = context.shared(.normed)
      mlpNorm.apply(source, into: normed, a.statistics(.mlp), device: context.device)
      return normed
    }
  }

  /// Adds what a half of the block gives to the stream, at once where nothing stands between.
  private func add(
    to stream: Tensor, _ postNorm: Norm?, _ kept: @autoclosure () -> Tensor, _ statistics: NormStatistics,
    _ context: LayerContext, _ product: (_ output: Tensor, _ accumulate: Bool) -> Void
  ) {
    let (device, multiplier) = (context.device, Float(context.configuration.residualMultiplier))
    if postNorm == nil && multiplier == 1 { return product(stream, true) }
    let branch = context.shared(.branch)
    if let postNorm {
      let plain = kept()
      product(plain, false)
      postNorm.forward(plain, into: branch, statistics, device: device)
    } else {
      product(branch, false)
    }
    if multiplier != 1 { device.scale(branch, by: multiplier) }
    device.add(branch, to: stream)
  }

  /// The gradient of what a half of the block gives, from that of the stream.
  private func branchGradient(
    _ dx: Tensor, _ postNorm: Norm?, _ kept: @autoclosure () -> Tensor, _ statistics: NormStatistics,
    _ context: LayerContext
  ) -> Tensor {
    let (device, multiplier) = (context.device, Float(context.configuration.residualMultiplier))
    if postNorm == nil && multiplier == 1 { return dx }
    var dy = dx
    if multiplier != 1 {
      dy = context.shared(.branch)
      device.copy(dx, to: dy)
      device.scale(dy, by: multiplier)
    }
    guard let postNorm else { return dy }
    let dBranch = context.shared(.branchGradient)
    device.zero(dBranch)
    postNorm.backward(dy, kept(), statistics, dx: dBranch, device: device)
    return dBranch
  }
}
