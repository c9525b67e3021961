/// What one layer's backward pass needs of its forward pass.
///
/// Normed inputs are not kept: making them again from the inverse RMS costs a thousandth of the layer.
struct LayerActivations {
  /// `[N, D]`, the residual stream before the layer.
  var input: Tensor
  let attentionInverseRMS: Tensor
  /// `[N, H·d]`, rotated.
  let query: Tensor
  /// `[N, K·d]`, rotated.
  let key: Tensor
  let value: Tensor
  /// `[N, H·d]`.
  let attended: Tensor
  /// `[2H, capacity]`.
  let softmaxStatistics: Tensor
  /// `[N, D]`, the residual stream between attention and MLP.
  let middle: Tensor
  let mlpInverseRMS: Tensor
  /// `[N, I]`, before the activation.
  let gate: Tensor
  let up: Tensor
}

/// The memory of a decoder's passes: made for some number of tokens, lent for that many or fewer.
///
/// Layers whose backward pass comes later keep their activations; all others share one set. Nothing is allocated before
/// it is asked for.
final class Workspace {
  /// Tokens that fit.
  let capacity: Int
  private let configuration: DecoderConfiguration
  private let device: any Device
  private var tensors: [Slot: Tensor] = [:]

  /// A place for one tensor.
  private enum Slot: Hashable {
    case shared(Shared)
    case layer(Int, LayerPart)
  }

  /// Tensors that all layers use in turn.
  enum Shared: Hashable {
    /// `[N, D]`: the residual stream behind the last layer, and a normed one.
    case output, normed
    /// `[N, D]`: gradients of the residual stream and of a normed one.
    case streamGradient, normedGradient
    /// `[N, I]`: the MLP's inner activation and its gradient.
    case activated, activatedGradient
    /// `[N, H·d]`.
    case attendedGradient, queryGradient
    /// `[N, K·d]`.
    case keyGradient, valueGradient
    /// One row of N.
    case finalInverseRMS, losses
  }

  private enum LayerPart: Hashable {
    case input, attentionInverseRMS, query, key, value, attended, softmaxStatistics, middle, mlpInverseRMS, gate, up
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
    case .output, .normed, .streamGradient, .normedGradient: matrix(slot, tokens, configuration.width)
    case .activated, .activatedGradient: matrix(slot, tokens, configuration.intermediateWidth)
    case .attendedGradient, .queryGradient: matrix(slot, tokens, configuration.queryWidth)
    case .keyGradient, .valueGradient: matrix(slot, tokens, configuration.keyWidth)
    case .finalInverseRMS, .losses: row(slot, tokens)
    }
  }

  /// Activations for `tokens` tokens: those of a layer that will be walked back through, or the set that all other
  /// layers share.
  func activations(keptFor layer: Int?, tokens: Int) -> LayerActivations {
    func slot(_ part: LayerPart) -> Slot { .layer(layer ?? -1, part) }
    return LayerActivations(
      input: matrix(slot(.input), tokens, configuration.width),
      attentionInverseRMS: row(slot(.attentionInverseRMS), tokens),
      query: matrix(slot(.query), tokens, configuration.queryWidth),
      key: matrix(slot(.key), tokens, configuration.keyWidth),
      value: matrix(slot(.value), tokens, configuration.keyWidth),
      attended: matrix(slot(.attended), tokens, configuration.queryWidth),
      softmaxStatistics: matrix(
        slot(.softmaxStatistics), 2 * configuration.headCount, capacity, allocatedRows: 2 * configuration.headCount),
      middle: matrix(slot(.middle), tokens, configuration.width),
      mlpInverseRMS: row(slot(.mlpInverseRMS), tokens),
      gate: matrix(slot(.gate), tokens, configuration.intermediateWidth),
      up: matrix(slot(.up), tokens, configuration.intermediateWidth))
  }

  private func matrix(_ slot: Slot, _ rows: Int, _ columns: Int, allocatedRows: Int? = nil) -> Tensor {
    precondition(rows <= allocatedRows ?? capacity, "\(rows) tokens in a workspace for \(capacity)")
    let full = tensors[slot] ?? device.makeTensor(rows: allocatedRows ?? capacity, columns: columns)
    tensors[slot] = full
    return full.rows(0..<rows)
  }

  private func row(_ slot: Slot, _ columns: Int) -> Tensor {
    let full = matrix(slot, 1, capacity, allocatedRows: 1)
    return full.reshaped(rows: capacity, columns: 1).rows(0..<columns).reshaped(rows: 1, columns: columns)
  }
}
