/// What is taken out of a layer in a pass.
public enum LayerAblation: Sendable {
  /// The whole layer: its input is its output.
  case layer
  /// Attention: the MLP reads the layer's input.
  case attention
  /// The MLP: what attention leaves is the output.
  case mlp
  /// What depends on the token: the layer adds this row of D values to every token instead.
  case update(Tensor)
}

/// Passes in pieces, over a residual stream `[N, D]` that the caller holds.
///
/// Passes that differ from some layer on share what lies below it.
extension Decoder {
  /// Memory for the residual stream of a batch.
  public func makeStream(_ batch: TokenBatch) -> Tensor {
    device.makeTensor(rows: batch.count, columns: configuration.width)
  }

  /// Overwrites `stream` with what layer 0 reads.
  public func embed(_ batch: TokenBatch, into stream: Tensor) {
    embed(makeContext(batch), into: stream)
  }

  /// Takes `stream` in place from what the first of some layers reads to what the last one leaves, bridges included.
  public func apply(
    layers range: Range<Int>, to stream: Tensor, _ batch: TokenBatch, ablating ablations: [Int: LayerAblation] = [:]
  ) {
    let context = makeContext(batch)
    // The layers' activations are shared; their input is the caller's stream itself.
    var activations = context.workspace.activations(keptFor: nil, tokens: batch.count)
    activations.input = stream
    for index in range {
      layers[index].forward(activations, ablating: ablations[index], into: stream, context)
      bridges[index]?.forward(stream, scratch: context.shared(.normed), device: device)
    }
  }

  /// The negative log-likelihood in nats of each token's target, 0 where there is none, from what the last layer leaves.
  public func losses(behind stream: Tensor, _ batch: TokenBatch) -> [Float] {
    let context = makeContext(batch)
    let losses = context.shared(.losses)
    device.headLoss(
      finalNormed(stream, context), head.value, cap: logitCap, logWeights: nil, targets: batch.targets, into: losses,
      gradientScale: 0, dx: nil, dw: nil)
    return device.download(losses)
  }

  /// The divergences in nats of the predictions that states below the last give through final norm and head (the logit
  /// lens) from the model's own.
  /// - Parameters:
  ///   - states: residual streams of the same tokens, `[N, D]` each.
  ///   - final: the one behind the last layer, `[N, D]`.
  /// - Returns: `KL(final ‖ state)` by state and token.
  public func lensDivergences(of states: [Tensor], from final: Tensor) -> [[Float]] {
    let (N, D, S) = (final.rows, final.columns, states.count)
    let normed = device.makeTensor(rows: (S + 1) * N, columns: D)
    for (index, state) in (states + [final]).enumerated() {
      finalNorm(state, into: normed.rows(index * N..<(index + 1) * N), workspace(tokens: N))
    }
    let divergences = device.makeTensor(rows: S, columns: N)
    device.headDivergence(
      normed.rows(0..<S * N), from: normed.rows(S * N..<(S + 1) * N), head.value, cap: logitCap, into: divergences)
    return (0..<S).map { device.download(divergences.rows($0..<$0 + 1)) }
  }
}
