// Attention and MLP side by side on the same input.

extension Architecture {
  static let parallel = [cohere, cohere2, stableLM, gptNeoX, falcon]

  private static let cohereDefaults: [String: ConfigDefault] = [
    "logit_scale": 0.0625, "tie_word_embeddings": true, "norm_eps": 1e-5, "max_position_embeddings": 8192,
  ]

  /// Command R: one LayerNorm without bias, neighbouring channels rotated together, scaled logits.
  static let cohere = Architecture(
    modelTypes: ["cohere"], defaults: cohereDefaults.merging(["rope_theta": 500_000]) { $1 },
    traits: .init(norm: .layer, placement: .parallelShared, positions: .rotary(.neighbours))
  ) { (configuration, keys) throws(DecoderError) in
    try configuration.readBiases(keys)
    configuration.logitMultiplier = try keys.number("logit_scale")
    if try keys.boolean("use_qk_norm") { configuration.traits.queryKeyNorm = .weightPerHead }
  }

  /// Command R7B: three of four layers within a window, and only those rotate.
  static let cohere2 = Architecture(
    modelTypes: ["cohere2"], defaults: cohereDefaults.merging(["sliding_window": 4096]) { $1 },
    traits: .init(norm: .layer, placement: .parallelShared, positions: .rotary(.neighbours)),
    windows: .byLayer { keys, layer in
      (layer + 1) % max(1, (keys["sliding_window_pattern"] ?? keys["_sliding_window_pattern"])?.int ?? 4) != 0
    }, rotaryLayers: .windowed
  ) { (configuration, keys) throws(DecoderError) in
    try configuration.readBiases(keys)
    configuration.logitMultiplier = try keys.number("logit_scale")
  }

  /// StableLM: LayerNorm, a quarter of each head rotated; parallel or in sequence, with or without norms on each head.
  static let stableLM: Architecture = {
    var names = TensorNames()
    names.queryNorm = "self_attn.q_layernorm.norms.#h"
    names.keyNorm = "self_attn.k_layernorm.norms.#h"
    return Architecture(
      modelTypes: ["stablelm", "stablelm_epoch"], names: names,
      spellings: ["partial_rotary_factor": ["rope_pct"], "norm_eps": ["layer_norm_eps", "norm_eps"]],
      defaults: [
        "partial_rotary_factor": 0.25, "max_position_embeddings": 4096, "norm_eps": 1e-5, "num_key_value_heads": 32,
      ],
      traits: .init(norm: .layerWithBias)
    ) { (configuration, keys) throws(DecoderError) in
      if try keys.boolean("use_qkv_bias") { configuration.traits.biases = .attentionInput }
      if try keys.boolean("use_parallel_residual") { configuration.traits.placement = .parallelShared }
      if try keys.boolean("qk_layernorm") { configuration.traits.queryKeyNorm = .tensorPerHead }
    }
  }()

  /// GPT-NeoX and Pythia: one product for queries, keys and values, a norm for each half, a plain MLP.
  static let gptNeoX: Architecture = {
    var names = TensorNames.megatron(prefix: "gpt_neox", layer: "layers", attention: "attention")
    names.embedding = "embed_in"
    names.finalNorm = "final_layer_norm"
    names.head = "embed_out"
    return Architecture(
      modelTypes: ["gpt_neox"], names: names,
      spellings: ["rope_theta": ["rotary_emb_base"], "partial_rotary_factor": ["rotary_pct"]],
      defaults: [
        "partial_rotary_factor": 0.25, "hidden_act": "gelu", "use_parallel_residual": true, "attention_bias": true,
        "norm_eps": 1e-5,
      ],
      traits: .init(norm: .layerWithBias, placement: .parallel, attentionInput: .groups, mlp: .plain, biases: .mlp)
    ) { (configuration, keys) throws(DecoderError) in
      if try keys.boolean("attention_bias") { configuration.traits.biases.formUnion(Set<BiasPlace>.attention) }
      if try !keys.boolean("use_parallel_residual") { configuration.traits.placement = .before }
    }
  }()

  /// Falcon, old and new: key-value heads for one, some or all queries; one norm, two, or blocks in sequence.
  static let falcon: Architecture = {
    var names = TensorNames.megatron(prefix: "transformer", layer: "h", attention: "self_attention")
    names.embedding = "word_embeddings"
    names.finalNorm = "ln_f"
    return Architecture(
      modelTypes: ["falcon"], names: names,
      spellings: [
        "intermediate_size": ["ffn_hidden_size"], "hidden_act": ["activation"], "norm_eps": ["layer_norm_epsilon"],
        "num_hidden_layers": ["n_layer"], "num_attention_heads": ["n_head"], "hidden_size": ["n_embed"],
      ],
      defaults: [
        "hidden_act": "gelu", "multi_query": true, "parallel_attn": true, "tie_word_embeddings": true, "norm_eps": 1e-5,
      ],
      traits: .init(
        norm: .layerWithBias, placement: .parallelShared, attentionInput: .groups, mlp: .plain)
    ) { (configuration, keys) throws(DecoderError) in
      if try keys.boolean("bias") { configuration.traits.biases = .everywhere }
      if try keys.boolean("alibi") { configuration.traits.positions = .alibi(.beforeScaleRounded) }
      let isNew = try keys.boolean("new_decoder_architecture")
      if isNew {
        configuration.keyValueHeadCount = try keys.positive("num_kv_heads", default: configuration.headCount)
        if try keys.positive("num_ln_in_parallel_attn", default: 2) == 2 {
          configuration.traits.placement = .parallel
          configuration.names.attentionNorm = "ln_attn"
          configuration.names.mlpNorm = "ln_mlp"
        }
      } else {
        configuration.keyValueHeadCount = try keys.boolean("multi_query") ? 1 : configuration.headCount
        if try !keys.boolean("parallel_attn") { configuration.traits.placement = .before }
      }
    }
  }()
}
