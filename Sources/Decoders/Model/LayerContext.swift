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
  /// Of each of the configuration's rotations.
  let rotations: [Rotation]
  /// ALiBi's biases.
  let keyBias: Tensor?

  func shared(_ tensor: Workspace.Shared) -> Tensor { workspace.shared(tensor, tokens: batch.count) }

  /// A shared tensor that has `visits` rows for each token.
  func shared(_ tensor: Workspace.Shared, visits: Int) -> Tensor {
    let wide = shared(tensor)
    return wide.reshaped(rows: wide.rows * visits, columns: wide.columns / visits)
  }

  func heads(layer: Int) -> AttentionHeads {
    var heads = configuration.heads(layer: layer)
    heads.keyBias = keyBias
    return heads
  }

  /// Rotates queries or keys of a layer, in place; nothing happens where it has no rotation.
  func rotate(_ x: Tensor, layer: Int, inverse: Bool) {
    guard let index = configuration.layers[layer].rotary else { return }
    device.rotate(x, positions: rotations[index].positions, angles: rotations[index].table, inverse: inverse)
  }
}
