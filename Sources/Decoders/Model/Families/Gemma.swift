// Gemma: norms whose weight is stored less 1, an embedding scaled by the root of its width, GELU by tanh.

extension Architecture {
  static let gemmas = [gemma, gemma2, gemma3]

  private static let gemmaDefaults: [String: ConfigDefault] = [
    "head_dim": 256, "tie_word_embeddings": true, "query_pre_attn_scalar": 256, "sliding_window": 4096,
    "max_position_embeddings": 8192,
  ]

  /// Gemma 1; `hidden_act` "gelu" in its configs means the approximation by tanh.
  static let gemma = Architecture(
    modelTypes: ["gemma"], defaults: gemmaDefaults.merging(["num_key_value_heads": 16]) { $1 },
    traits: .init(norm: .rmsPlusOne, activation: .geluTanh)
  ) { (configuration, keys) throws(DecoderError) in
    try configuration.readBiases(keys)
    configuration.embeddingMultiplier = Double(configuration.width).squareRoot()
    let name = keys.string("hidden_activation") ?? keys.string("hidden_act") ?? "gelu"
    configuration.traits.activation = name == "gelu" ? .geluTanh : try .init(named: name, key: "hidden_act")
    try keys.refuse("use_bidirectional_attention", reason: "attention to later tokens")
  }

  /// Gemma 2: norms around both halves, capped scores and logits, every other layer within a window.
  static let gemma2 = Architecture(
    modelTypes: ["gemma2"], names: aroundNames,
    defaults: gemmaDefaults.merging([
      "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0, "num_key_value_heads": 4,
    ]) { $1 },
    traits: .init(norm: .rmsPlusOne, placement: .around), windows: .byLayer { _, layer in layer % 2 == 0 },
    adjust: adjustGemma)

  /// Gemma 3, the text decoder: norms on queries and keys, two bases of the rotation, five of six layers within a window.
  static let gemma3 = Architecture(
    modelTypes: ["gemma3_text", "gemma3"], names: multimodal(aroundNames),
    defaults: gemmaDefaults.merging([
      "rope_theta": 1_000_000, "rope_local_base_freq": 10_000, "max_position_embeddings": 131_072,
      // The decoder's part of a multimodal config leaves out even sizes.
      "vocab_size": 262_208, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
      "num_attention_heads": 8, "num_key_value_heads": 4,
    ]) { $1 },
    traits: .init(norm: .rmsPlusOne, placement: .around, queryKeyNorm: .heads),
    windows: .byLayer { keys, layer in
      (layer + 1) % max(1, (keys["sliding_window_pattern"] ?? keys["_sliding_window_pattern"])?.int ?? 6) != 0
    }, rotaryLayers: .byAttention(windowedBase: "rope_local_base_freq"), adjust: adjustGemma)

  private static let aroundNames: TensorNames = {
    var names = TensorNames()
    names.mlpNorm = "pre_feedforward_layernorm"
    return names
  }()

  private static func multimodal(_ names: TensorNames) -> TensorNames {
    var names = names
    names.prefixes += ["language_model.model.", "model.language_model."]
    return names
  }

  private static let adjustGemma: @Sendable (inout DecoderConfiguration, ConfigKeys) throws(DecoderError) -> Void = {
    (configuration, keys) throws(DecoderError) in
    try configuration.readBiases(keys)
    configuration.embeddingMultiplier = Double(configuration.width).squareRoot()
    configuration.attentionScale = 1 / (try keys.number("query_pre_attn_scalar")).squareRoot()
    configuration.attentionCap = try keys.optionalNumber("attn_logit_softcapping")
    configuration.logitCap = try keys.optionalNumber("final_logit_softcapping")
    configuration.traits.activation = try .init(
      named: keys.string("hidden_activation") ?? "gelu_pytorch_tanh", key: "hidden_activation")
    try keys.refuse("use_bidirectional_attention", reason: "attention to later tokens")
  }
}
