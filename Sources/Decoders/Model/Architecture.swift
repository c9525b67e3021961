/// A family of decoders as data: how its tensors are named.
///
/// One decoder implementation interprets these descriptions. `#` stands for a layer's index.
public struct Architecture: Sendable, Hashable {
  /// `model_type` in config.json.
  public let modelType: String
  let embedding: String
  let finalNorm: String
  let head: String
  let layer: LayerNames

  /// Names of one layer's tensors.
  struct LayerNames: Sendable, Hashable {
    let attentionNorm: String
    let query: String
    let key: String
    let value: String
    let output: String
    let mlpNorm: String
    let gate: String
    let up: String
    let down: String
  }

  /// The families that can be computed, by `model_type`.
  static let known: [String: Architecture] = Dictionary(
    uniqueKeysWithValues: [llama].map { ($0.modelType, $0) })

  /// Llama 1 to 3.2 and what is published in its layout, such as SmolLM and SmolLM2.
  static let llama = Architecture(
    modelType: "llama",
    embedding: "model.embed_tokens.weight",
    finalNorm: "model.norm.weight",
    head: "lm_head.weight",
    layer: LayerNames(
      attentionNorm: "model.layers.#.input_layernorm.weight",
      query: "model.layers.#.self_attn.q_proj.weight",
      key: "model.layers.#.self_attn.k_proj.weight",
      value: "model.layers.#.self_attn.v_proj.weight",
      output: "model.layers.#.self_attn.o_proj.weight",
      mlpNorm: "model.layers.#.post_attention_layernorm.weight",
      gate: "model.layers.#.mlp.gate_proj.weight",
      up: "model.layers.#.mlp.up_proj.weight",
      down: "model.layers.#.mlp.down_proj.weight"))
}
