// One layer: x' = x + attention(norm(x)), x'' = x' + mlp(norm(x')). The forward and its explicit backward stand
// together; there is no tape. Legend: N tokens, D width, I inner width, H·d and K·d widths of queries and keys.

/// Keys and values that a layer's attention looks at, and where those of the new tokens are written.
struct KeyValueRows {
  /// `[N, K·d]`: rows of the new tokens.
  let newKeys: Tensor
  let newValues: Tensor
  /// `[M, K·d]`: rows of all tokens that are seen, the new ones last.
  let keys: Tensor
  let values: Tensor
}

/// What the passes of every layer share.
struct LayerContext {
  let device: any Device
  let configuration: DecoderConfiguration
  let workspace: Workspace
  let batch: TokenBatch
  let angles: RotaryTable

  func shared(_ tensor: Workspace.Shared) -> Tensor { workspace.shared(tensor, tokens: batch.count) }
}

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
    let (device, normed) = (context.device, context.shared(.normed))
    let epsilon = Float(context.configuration.normEpsilon)
    let rows = cache ?? KeyValueRows(newKeys: a.key, newValues: a.value, keys: a.key, values: a.value)
    device.rmsNorm(a.input, attentionNorm.value, epsilon: epsilon, into: normed, inverseRMS: a.attentionInverseRMS)
    device.linear(normed, query.value, into: a.query, accumulate: false)
    device.linear(normed, key.value, into: rows.newKeys, accumulate: false)
    device.linear(normed, value.value, into: rows.newValues, accumulate: false)
    device.rotate(a.query, positions: context.batch.positions, angles: context.angles, inverse: false)
    device.rotate(rows.newKeys, positions: context.batch.positions, angles: context.angles, inverse: false)
    device.attention(
      a.query, rows.keys, rows.values, spans: context.batch.spans, heads: context.configuration.heads,
      into: a.attended, softmaxStatistics: a.softmaxStatistics)
    device.copy(a.input, to: a.middle)
    device.linear(a.attended, self.output.value, into: a.middle, accumulate: true)
  }

  /// From `a.middle` to `output`.
  private func mlpForward(_ a: LayerActivations, into output: Tensor, _ context: LayerContext) {
    let (device, normed) = (context.device, context.shared(.normed))
    let epsilon = Float(context.configuration.normEpsilon)
    let activated = context.shared(.activated)
    device.rmsNorm(a.middle, mlpNorm.value, epsilon: epsilon, into: normed, inverseRMS: a.mlpInverseRMS)
    device.linear(normed, gate.value, into: a.gate, accumulate: false)
    device.linear(normed, up.value, into: a.up, accumulate: false)
    device.siluGate(a.gate, a.up, into: activated)
    device.copy(a.middle, to: output)
    device.linear(activated, down.value, into: output, accumulate: true)
  }

  /// Adds to the gradients of the layer's trained weights, and turns `dx` in place from the gradient of the layer's
  /// output into that of its input.
  ///
  /// With `inputGradient` false `dx` is left half done: nothing below needs it. Overwrites `a.gate` and `a.up`.
  func backward(_ dx: Tensor, _ a: LayerActivations, inputGradient: Bool, _ context: LayerContext) {
    let (device, normed, dNormed) = (context.device, context.shared(.normed), context.shared(.normedGradient))
    let (activated, dActivated) = (context.shared(.activated), context.shared(.activatedGradient))

    if let dDown = down.gradient {
      device.siluGate(a.gate, a.up, into: activated)
      device.linearBackwardWeight(dx, activated, into: dDown)
    }
    device.linearBackwardInput(dx, down.value, into: dActivated, accumulate: false)
    device.siluGateBackward(dActivated, gate: a.gate, up: a.up)
    if gate.isTrained || up.isTrained {
      device.rmsNormApply(a.middle, mlpNorm.value, inverseRMS: a.mlpInverseRMS, into: normed)
    }
    if let dGate = gate.gradient { device.linearBackwardWeight(a.gate, normed, into: dGate) }
    if let dUp = up.gradient { device.linearBackwardWeight(a.up, normed, into: dUp) }
    device.linearBackwardInput(a.gate, gate.value, into: dNormed, accumulate: false)
    device.linearBackwardInput(a.up, up.value, into: dNormed, accumulate: true)
    device.rmsNormBackward(
      dNormed, a.middle, mlpNorm.value, inverseRMS: a.mlpInverseRMS, dx: dx, dw: mlpNorm.gradient)

    let (dAttended, dQuery) = (context.shared(.attendedGradient), context.shared(.queryGradient))
    let (dKey, dValue) = (context.shared(.keyGradient), context.shared(.valueGradient))
    if let dOutput = output.gradient { device.linearBackwardWeight(dx, a.attended, into: dOutput) }
    device.linearBackwardInput(dx, output.value, into: dAttended, accumulate: false)
    device.attentionBackward(
      dAttended, a.query, a.key, a.value, softmaxStatistics: a.softmaxStatistics,
      spans: context.batch.spans,
      heads: context.configuration.heads, dq: dQuery, dk: dKey, dv: dValue)
    device.rotate(dQuery, positions: context.batch.positions, angles: context.angles, inverse: true)
    device.rotate(dKey, positions: context.batch.positions, angles: context.angles, inverse: true)
    if query.isTrained || key.isTrained || value.isTrained {
      device.rmsNormApply(a.input, attentionNorm.value, inverseRMS: a.attentionInverseRMS, into: normed)
    }
    if let dWeight = query.gradient { device.linearBackwardWeight(dQuery, normed, into: dWeight) }
    if let dWeight = key.gradient { device.linearBackwardWeight(dKey, normed, into: dWeight) }
    if let dWeight = value.gradient { device.linearBackwardWeight(dValue, normed, into: dWeight) }
    guard inputGradient || attentionNorm.isTrained else { return }
    device.linearBackwardInput(dQuery, query.value, into: dNormed, accumulate: false)
    device.linearBackwardInput(dKey, key.value, into: dNormed, accumulate: true)
    device.linearBackwardInput(dValue, value.value, into: dNormed, accumulate: true)
    device.rmsNormBackward(
      dNormed, a.input, attentionNorm.value, inverseRMS: a.attentionInverseRMS, dx: inputGradient ? dx : nil,
      dw: attentionNorm.gradient)
  }
}
