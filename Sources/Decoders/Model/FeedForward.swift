/// The second half of a layer: an MLP, or several of which each token takes a few.
///
/// What it makes of its input up to the product that leads back to the residual stream is its *inner activation*.
public enum FeedForward {
  /// One MLP for all tokens.
  case dense(MLP)
  /// A mixture of experts.
  case experts(MixtureOfExperts)

  var parameters: [Parameter] {
    switch self {
    case .dense(let mlp): mlp.parameters
    case .experts(let experts): experts.parameters
    }
  }

  /// Products that a low-rank adapter can change.
  ///
  /// Not the router's: what experts do is adapted, not which are chosen. And not experts that the checkpoint holds in one
  /// tensor, which would share an adapter's A.
  var adaptableProjections: [Projection] {
    switch self {
    case .dense(let mlp): [mlp.gate, mlp.up, mlp.down].compactMap(\.self)
    case .experts(let mixture):
      mixture.areFused ? [] : mixture.experts.flatMap { [$0.gate, $0.up, $0.down].compactMap(\.self) }
    }
  }

  /// Elements of the matrices that one token meets: of all experts only its own.
  var weightsPerToken: Int {
    switch self {
    case .dense(let mlp): mlp.weightCount
    case .experts(let experts):
      experts.router.weight.value.count + experts.chosenCount * experts.experts[0].weightCount
    }
  }
}

extension MLP {
  /// Elements of its matrices.
  var weightCount: Int {
    [gate, up, down].compactMap(\.self).reduce(0) { $0 + $1.inputs * $1.outputs }
  }
}

// The passes, by kind. Legend: N tokens, D width.
extension FeedForward {
  /// From the input `[N, D]` to the inner activation; fills what `a` keeps of it.
  func activate(_ input: Tensor, _ a: LayerActivations, _ context: LayerContext) -> InnerActivation {
    switch self {
    case .dense(let mlp): InnerActivation(values: mlp.forward(input, a, context), routing: nil)
    case .experts(let experts): experts.activate(input, a, context)
    }
  }

  /// From the inner activation to the output `[N, D]`: written, or added.
  func project(_ inner: InnerActivation, into y: Tensor, accumulate: Bool, _ context: LayerContext) {
    switch self {
    case .dense(let mlp): mlp.down.forward(inner.values, into: y, accumulate: accumulate, device: context.device)
    case .experts(let experts): experts.project(inner, into: y, accumulate: accumulate, context)
    }
  }

  /// Adds to the gradients of the weights from that of the output, and turns what `a` keeps into gradients.
  /// - Parameter input: made again when it is needed.
  func backward(_ dy: Tensor, input: () -> Tensor, _ a: LayerActivations, _ context: LayerContext) {
    switch self {
    case .dense(let mlp): mlp.backward(dy, input: input, a, context)
    case .experts(let experts): experts.backward(dy, input: input, a, context)
    }
  }

  /// The gradient of the input, from what `backward` made of `a`: written to `dx`, or added.
  func backwardInput(_ a: LayerActivations, into dx: Tensor, accumulate: Bool, _ context: LayerContext) {
    switch self {
    case .dense(let mlp): mlp.backwardInput(a, into: dx, accumulate: accumulate, device: context.device)
    case .experts(let experts): experts.backwardInput(a, into: dx, accumulate: accumulate, context)
    }
  }
}

/// What the product that leads back to the residual stream takes on.
struct InnerActivation {
  /// `[N, I]`, or with experts a row for each visit, `[N·k, I]`.
  let values: Tensor
  /// Which token and expert a row belongs to; nil where there is one MLP.
  let routing: ExpertRouting?
}
