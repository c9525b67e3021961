// Llama's block: RMS norms before attention and MLP, rotary positions, a gated MLP.

extension Architecture {
  static let llamaLike = [llama, mistral, ministral, qwen2, smolLM3, granite]

  /// Llama 1 to 3.2 and what is published in its layout, such as SmolLM, SmolLM2 and Yi.
  static let llama = Architecture(modelTypes: ["llama"]) {
    (configuration, keys) throws(DecoderError) in try configuration.readBiases(keys)
  }

  private static let mistralDefaults: [String: ConfigDefault] = [
    "sliding_window": 4096, "num_key_value_heads": 8, "max_position_embeddings": 131_072,
  ]

  /// Mistral: every layer within the window, where there is one.
  static let mistral = Architecture(
    modelTypes: ["mistral"], defaults: mistralDefaults, windows: .everywhere)

  /// Ministral 8B: full and windowed layers by `layer_types`.
  static let ministral = Architecture(
    modelTypes: ["ministral"], defaults: mistralDefaults,
    windows: .byLayer { _, _ in true })

  /// Qwen 2 and 2.5: biases on queries, keys and values; upper layers within a window if that is switched on.
  static let qwen2 = Architecture(
    modelTypes: ["qwen2"], defaults: qwenDefaults,
    traits: .init(biases: .attentionInput), windows: .byLayer(qwenWindow)
  ) { (configuration, keys) throws(DecoderError) in
    if try !keys.boolean("use_sliding_window") { configuration.removeWindows() }
  }

  /// SmolLM3: every fourth layer without positions.
  static let smolLM3 = Architecture(
    modelTypes: ["smollm3"],
    defaults: [
      "rope_theta": 2_000_000, "no_rope_layer_interval": 4, "num_key_value_heads": 4, "tie_word_embeddings": true,
      "max_position_embeddings": 32_768,
    ],
    windows: .byLayer { keys, layer in
      keys["use_sliding_window"]?.bool == true && keys["sliding_window"] != nil && !RotaryRule.listsRotary(keys, layer)
    }, rotaryLayers: .listed
  ) { (configuration, keys) throws(DecoderError) in
    try configuration.readBiases(keys)
    if try !keys.boolean("use_sliding_window") { configuration.removeWindows() }
  }

  /// Granite 3: multipliers on embedding, residual branches, scores and logits.
  static let granite = Architecture(modelTypes: ["granite"]) { (configuration, keys) throws(DecoderError) in
    try configuration.readBiases(keys)
    configuration.embeddingMultiplier = try keys.number("embedding_multiplier", default: 1)
    configuration.residualMultiplier = try keys.number("residual_multiplier", default: 1)
    configuration.attentionScale = try keys.number("attention_multiplier", default: 1)
    configuration.logitMultiplier = 1 / (try keys.number("logits_scaling", default: 1))
  }

  static let qwenDefaults: [String: ConfigDefault] = [
    "sliding_window": 4096, "num_key_value_heads": 32, "max_position_embeddings": 32_768,
  ]

  /// Qwen's rule for layers within a window.
  static let qwenWindow: @Sendable (ConfigKeys, Int) -> Bool = { keys, layer in
    keys["use_sliding_window"]?.bool == true && layer >= (keys["max_window_layers"]?.int ?? 28)
  }
}
