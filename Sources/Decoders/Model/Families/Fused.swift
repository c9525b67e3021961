// Projections that share a tensor, and plain LayerNorm blocks in Llama's order.

extension Architecture {
  static let fused = [phi3, starCoder2, exaone]

  /// Phi-3 and Phi-4: one tensor for queries, keys and values, one for gate and up; only a part of a head may be rotated.
  static let phi3 = Architecture(
    modelTypes: ["phi3"],
    defaults: ["norm_eps": 1e-5, "max_position_embeddings": 4096, "original_max_position_embeddings": 4096],
    traits: .init(attentionInput: .rows, mlp: .gatedRows), windows: .everywhere)

  /// StarCoder 2: LayerNorm, a plain MLP, biases everywhere.
  static let starCoder2: Architecture = {
    var names = TensorNames()
    names.up = "mlp.c_fc"
    names.down = "mlp.c_proj"
    return Architecture(
      modelTypes: ["starcoder2"], names: names, spellings: ["norm_eps": ["norm_epsilon"]],
      defaults: [
        "hidden_act": "gelu_pytorch_tanh", "use_bias": true, "tie_word_embeddings": true, "num_key_value_heads": 2,
        "norm_eps": 1e-5, "max_position_embeddings": 4096,
      ],
      traits: .init(norm: .layerWithBias, mlp: .plain), windows: .everywhere
    ) { (configuration, keys) throws(DecoderError) in
      configuration.traits.biases = try keys.boolean("use_bias") ? .everywhere : []
    }
  }()

  /// EXAONE 3 and 3.5: Llama under other names.
  static let exaone: Architecture = {
    var names = TensorNames()
    names.prefixes = ["transformer."]
    names.embedding = "wte"
    names.finalNorm = "ln_f"
    names.layer = "h.#."
    names.attentionNorm = "ln_1"
    names.query = "attn.attention.q_proj"
    names.key = "attn.attention.k_proj"
    names.value = "attn.attention.v_proj"
    names.output = "attn.attention.out_proj"
    names.mlpNorm = "ln_2"
    names.gate = "mlp.c_fc_0"
    names.up = "mlp.c_fc_1"
    names.down = "mlp.c_proj"
    names.areBuiltAsLlamas = true
    return Architecture(
      modelTypes: ["exaone"], names: names,
      spellings: [
        "num_hidden_layers": ["num_layers"], "norm_eps": ["layer_norm_epsilon"], "hidden_act": ["activation_function"],
      ],
      defaults: ["rope_theta": 500_000, "num_key_value_heads": 8, "norm_eps": 1e-5, "max_position_embeddings": 4096]
    ) { (configuration, keys) throws(DecoderError) in try configuration.readBiases(keys) }
  }()
}
