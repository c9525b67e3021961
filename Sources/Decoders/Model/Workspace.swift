/// What one layer's backward pass needs of its forward pass: views of a workspace, made when they are first asked for.
///
/// Normed inputs are not kept: making them again from the norms' statistics costs a thousandth of the layer.
struct LayerActivations {
  private let workspace: Workspace
  private let layer: Int?
  private let tokens: Int
  /// `[N, D]`, the residual stream before the layer.
  var input: Tensor

  fileprivate init(_ workspace: Workspace, layer: Int?, tokens: Int) {
    self.workspace = workspace
    self.layer = layer
    self.tokens = tokens
    input = workspace.input(of: layer, tokens: tokens)
  }

  private var shape: DecoderConfiguration { workspace.configuration }
  private func matrix(_ part: Workspace.LayerPart, _ columns: Int) -> Tensor {
    workspace.matrix(.layer(layer, part), tokens, columns)
  }

  /// `[N, H·d]`, before it is normed; there only with norms on queries and keys.
  var plainQuery: Tensor { matrix(.plainQuery, shape.queryWidth) }
  /// `[N, K·d]`, likewise.
  var plainKey: Tensor { matrix(.plainKey, shape.keyWidth) }
  /// `[N, H·d]`, rotated.
  var query: Tensor { matrix(.query, shape.queryWidth) }
  /// `[N, K·d]`, rotated.
  var key: Tensor { matrix(.key, shape.keyWidth) }
  var value: Tensor { matrix(.value, shape.keyWidth) }
  /// `[N, H·d]`.
  var attended: Tensor { matrix(.attended, shape.queryWidth) }
  /// `[2H, capacity]`.
  var softmaxStatistics: Tensor {
    workspace.matrix(
      .layer(layer, .softmaxStatistics), 2 * shape.headCount, workspace.capacity, allocatedRows: 2 * shape.headCount)
  }
  /// `[N, D]`, what attention gives, before it is normed.
  var attentionBranch: Tensor { matrix(.attentionBranch, shape.width) }
  /// `[N, D]`, the residual stream between attention and MLP.
  var middle: Tensor { matrix(.middle, shape.width) }
  /// `[N, I]`, before the activation; there only with a gate.
  var gate: Tensor { matrix(.gate, shape.intermediateWidth) }
  /// `[N, I]`.
  var up: Tensor { matrix(.up, shape.intermediateWidth) }
  /// `[N, E]`, the router's scores; this and the next two are there only with experts.
  var routerScores: Tensor { matrix(.routerScores, shape.experts!.count) }
  /// `[N·k, I]`, before the activation, a row for each visit.
  var expertGate: Tensor { visits(.expertGate) }
  /// `[N·k, I]`.
  var expertUp: Tensor { visits(.expertUp) }
  private func visits(_ part: Workspace.LayerPart) -> Tensor {
    let experts = shape.experts!
    return matrix(part, experts.chosenCount * experts.width)
      .reshaped(rows: tokens * experts.chosenCount, columns: experts.width)
  }
  /// `[N, D]`, what the MLP gives, before it is normed.
  var mlpBranch: Tensor { matrix(.mlpBranch, shape.width) }

  /// What a norm keeps; on heads, for each head of each token.
  func statistics(_ norm: Workspace.LayerNorm, perToken: Int = 1) -> NormStatistics {
    NormStatistics(workspace, .norm(layer, norm), rows: tokens * perToken, perToken: perToken)
  }
}

/// The memory of a decoder's passes: made for some number of tokens, lent for that many or fewer.
///
/// Layers whose backward pass comes later keep their activations; all others share one set. Nothing is allocated before
/// it is asked for.
final class Workspace {
  /// Tokens that fit.
  let capacity: Int
  let configuration: DecoderConfiguration
  private let device: any Device
  private var tensors: [Slot: Tensor] = [:]

  /// A place for one tensor.
  indirect enum Slot: Hashable {
    case shared(Shared)
    case layer(Int?, LayerPart)
    /// Not a tensor itself; its statistics are.
    case norm(Int?, LayerNorm)
    case outerNorm(OuterNorm)
    case statistic(Slot, isMean: Bool)
  }

  /// Tensors that all layers use in turn.
  enum Shared: Hashable {
    /// `[N, D]`: the residual stream behind the last layer, and a normed one.
    case output, normed
    /// `[N, D]`: gradients of the residual stream, of a normed one and of another normed one in parallel blocks.
    case streamGradient, normedGradient, secondNormedGradient
    /// `[N, D]`: what a half of a block gives where it is not added to the stream at once, and its gradient.
    case branch, branchGradient
    /// `[N, D]`: embeddings before they are normed, and positions before they are added.
    case embedded, positions
    /// `[N, I]`: the MLP's inner activation and its gradient.
    case activated, activatedGradient
    /// `[N, k·I]` with an expert's I: inner activations of its visits and their gradient.
    case expertActivated, expertActivatedGradient
    /// `[N, k·D]`: what experts read and give, or the gradients of these.
    case visitInput, visitOutput
    /// `[N, E]`: the gradient of the router's scores.
    case routerGradient
    /// `[N, (H + 2K)·d]`: queries, keys and values in one product, and their gradient.
    case fused
    /// `[N, H·d]`; the last before its norm.
    case attendedGradient, queryGradient, plainQueryGradient
    /// `[N, K·d]`; the last before its norm.
    case keyGradient, valueGradient, plainKeyGradient
    /// One row of N.
    case losses
  }

  enum LayerPart: Hashable {
    case input, plainQuery, plainKey, query, key, value, attended, softmaxStatistics, attentionBranch, middle, gate, up
    case mlpBranch, routerScores, expertGate, expertUp
  }

  enum LayerNorm: Hashable {
    case attention, query, key, attentionPost, mlp, mlpPost
  }

  enum OuterNorm: Hashable {
    case embedding, final
  }

  init(capacity: Int, _ configuration: DecoderConfiguration, device: any Device) {
    self.capacity = capacity
    self.configuration = configuration
    self.device = device
  }

  /// A shared tensor for `tokens` tokens; what it holds is undefined.
  func shared(_ tensor: Shared, tokens: Int) -> Tensor {
    let slot = Slot.shared(tensor)
    return switch tensor {
    case .output, .normed, .streamGradient, .normedGradient, .secondNormedGradient, .branch, .branchGradient,
      .embedded, .positions:
      matrix(slot, tokens, configuration.width)
    case .activated, .activatedGradient: matrix(slot, tokens, configuration.intermediateWidth)
    case .expertActivated, .expertActivatedGradient:
      matrix(slot, tokens, configuration.experts!.chosenCount * configuration.experts!.width)
    case .visitInput, .visitOutput: matrix(slot, tokens, configuration.experts!.chosenCount * configuration.width)
    case .routerGradient: matrix(slot, tokens, configuration.experts!.count)
    case .fused: matrix(slot, tokens, configuration.queryWidth + 2 * configuration.keyWidth)
    case .attendedGradient, .queryGradient, .plainQueryGradient: matrix(slot, tokens, configuration.queryWidth)
    case .keyGradient, .valueGradient, .plainKeyGradient: matrix(slot, tokens, configuration.keyWidth)
    case .losses: row(slot, tokens)
    }
  }

  /// Activations for `tokens` tokens: those of a layer that will be walked back through, or the set that all other
  /// layers share.
  func activations(keptFor layer: Int?, tokens: Int) -> LayerActivations {
    LayerActivations(self, layer: layer, tokens: tokens)
  }

  /// `[N, D]`, the residual stream before a layer: one of its own, or the one that layers share.
  func input(of layer: Int?, tokens: Int) -> Tensor { matrix(.layer(layer, .input), tokens, configuration.width) }

  /// Statistics of a norm outside the layers.
  func statistics(_ norm: OuterNorm, tokens: Int) -> NormStatistics {
    NormStatistics(self, .outerNorm(norm), rows: tokens)
  }

  func matrix(_ slot: Slot, _ rows: Int, _ columns: Int, allocatedRows: Int? = nil) -> Tensor {
    precondition(rows <= allocatedRows ?? capacity, "\(rows) tokens in a workspace for \(capacity)")
    let full = tensors[slot] ?? device.makeTensor(rows: allocatedRows ?? capacity, columns: columns)
    tensors[slot] = full
    return full.rows(0..<rows)
  }

  /// One row with `perToken` columns for each token.
  func row(_ slot: Slot, _ columns: Int, perToken: Int = 1) -> Tensor {
    let full = matrix(slot, 1, capacity * perToken, allocatedRows: 1)
    return full.reshaped(rows: full.count, columns: 1).rows(0..<columns).reshaped(rows: 1, columns: columns)
  }
}
