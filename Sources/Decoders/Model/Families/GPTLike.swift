// Positions that are added to the embedding or to scores.

extension Architecture {
  static let gptLike = [gpt2, bloom, opt, xglm]

  /// GPT-2: learned positions, weights stored `[inputs, outputs]`.
  static let gpt2: Architecture = {
    var names = TensorNames()
    names.prefixes = ["transformer.", ""]
    names.embedding = "wte"
    names.positions = "wpe"
    names.finalNorm = "ln_f"
    names.layer = "h.#."
    names.attentionNorm = "ln_1"
    names.queryKeyValue = "attn.c_attn"
    names.output = "attn.c_proj"
    names.mlpNorm = "ln_2"
    names.up = "mlp.c_fc"
    names.down = "mlp.c_proj"
    return Architecture(
      modelTypes: ["gpt2"], names: names,
      spellings: [
        "hidden_size": ["n_embd"], "num_hidden_layers": ["n_layer"], "num_attention_heads": ["n_head"],
        "max_position_embeddings": ["n_positions"], "intermediate_size": ["n_inner"],
        "hidden_act": ["activation_function"], "norm_eps": ["layer_norm_epsilon"],
      ],
      defaults: [
        "hidden_act": "gelu_new", "tie_word_embeddings": true, "max_position_embeddings": 1024,
        "scale_attn_weights": true, "norm_eps": 1e-5,
      ],
      traits: .init(
        norm: .layerWithBias, attentionInput: .columns, mlp: .plain, positions: .learned(offset: 0),
        biases: .everywhere, isTransposed: true)
    ) { (configuration, keys) throws(DecoderError) in
      if try !keys.boolean("scale_attn_weights") { configuration.attentionScale = 1 }
      if try keys.boolean("scale_attn_by_inverse_layer_idx") {
        for index in configuration.layers.indices { configuration.layers[index].scoreDivisor = Double(index + 1) }
      }
      try keys.refuse("add_cross_attention", reason: "an encoder")
    }
  }()

  /// BLOOM: ALiBi, a norm behind the embedding.
  static let bloom: Architecture = {
    var names = TensorNames.megatron(prefix: "transformer", layer: "h", attention: "self_attention")
    names.embedding = "word_embeddings"
    names.embeddingNorm = "word_embeddings_layernorm"
    names.finalNorm = "ln_f"
    return Architecture(
      modelTypes: ["bloom"], names: names,
      spellings: [
        "hidden_size": ["n_embed"], "num_hidden_layers": ["n_layer"],
        "num_attention_heads": ["n_head", "num_attention_heads"], "norm_eps": ["layer_norm_epsilon"],
        "max_position_embeddings": ["seq_length"],
      ],
      defaults: ["hidden_act": "gelu_pytorch_tanh", "tie_word_embeddings": true, "norm_eps": 1e-5],
      traits: .init(
        norm: .layerWithBias, attentionInput: .groups, mlp: .plain, positions: .alibi(.afterScale), biases: .everywhere,
        hasEmbeddingNorm: true)
    ) { (configuration, keys) throws(DecoderError) in
      configuration.intermediateWidth = 4 * configuration.width
      try keys.refuse("apply_residual_connection_post_layernorm", reason: "a residual stream of normed values")
    }
  }()

  /// OPT, but not its 350M model: learned positions from row 2 on.
  static let opt: Architecture = {
    var names = TensorNames()
    names.prefixes = ["model.decoder.", "decoder."]
    names.finalNorm = "final_layer_norm"
    names.attentionNorm = "self_attn_layer_norm"
    names.output = "self_attn.out_proj"
    names.mlpNorm = "final_layer_norm"
    names.up = "fc1"
    names.down = "fc2"
    return Architecture(
      modelTypes: ["opt"], names: names,
      spellings: ["intermediate_size": ["ffn_dim"], "hidden_act": ["activation_function"]],
      defaults: [
        "hidden_act": "relu", "tie_word_embeddings": true, "enable_bias": true, "do_layer_norm_before": true,
        "layer_norm_elementwise_affine": true, "norm_eps": 1e-5,
      ],
      traits: .init(norm: .layerWithBias, mlp: .plain, positions: .learned(offset: 2))
    ) { (configuration, keys) throws(DecoderError) in
      configuration.traits.biases = try keys.boolean("enable_bias") ? .everywhere : []
      for key in ["do_layer_norm_before", "layer_norm_elementwise_affine"] where try !keys.boolean(key) {
        throw .badValue(key: key, value: "false", expected: "true")
      }
      try keys.refuse("_remove_final_layer_norm", reason: "a head without a norm before it")
      guard try keys.positive("word_embed_proj_dim", default: configuration.width) == configuration.width else {
        throw .badValue(
          key: "word_embed_proj_dim", value: keys.string("word_embed_proj_dim") ?? "",
          expected: "hidden_size (projections behind the embedding and before the head are not computed)")
      }
    }
  }()

  /// XGLM: positions by sines and cosines, an embedding scaled by the root of its width.
  static let xglm: Architecture = {
    var names = TensorNames()
    names.finalNorm = "layer_norm"
    names.attentionNorm = "self_attn_layer_norm"
    names.output = "self_attn.out_proj"
    names.mlpNorm = "final_layer_norm"
    names.up = "fc1"
    names.down = "fc2"
    return Architecture(
      modelTypes: ["xglm"], names: names,
      spellings: [
        "hidden_size": ["d_model"], "num_hidden_layers": ["num_layers"], "num_attention_heads": ["attention_heads"],
        "intermediate_size": ["ffn_dim"], "hidden_act": ["activation_function"],
      ],
      defaults: ["hidden_act": "gelu", "tie_word_embeddings": true, "scale_embedding": true, "norm_eps": 1e-5],
      traits: .init(
        norm: .layerWithBias, mlp: .plain, positions: .sinusoidal(offset: 2), biases: .everywhere)
    ) { (configuration, keys) throws(DecoderError) in
      if try keys.boolean("scale_embedding") {
        configuration.embeddingMultiplier = Double(configuration.width).squareRoot()
      }
      try keys.refuse("add_cross_attention", reason: "an encoder")
    }
  }()
}
