// Norms on queries and keys in Llama's block or behind its halves.

extension Architecture {
  static let normedQueries = [qwen3, olmo2, olmo3, exaone4]

  /// Qwen 3: a norm on each head of queries and keys.
  static let qwen3 = Architecture(
    modelTypes: ["qwen3"], defaults: qwenDefaults.merging(["head_dim": 128]) { $1 },
    traits: .init(queryKeyNorm: .heads), windows: .byLayer(qwenWindow)
  ) { (configuration, keys) throws(DecoderError) in
    try configuration.readBiases(keys)
    if try !keys.boolean("use_sliding_window") { configuration.removeWindows() }
  }

  /// OLMo 2: norms behind attention and MLP only, and on the whole width of queries and keys.
  static let olmo2 = Architecture(
    modelTypes: ["olmo2"], defaults: ["norm_eps": 1e-5],
    traits: .init(placement: .after, queryKeyNorm: .width)
  ) { (configuration, keys) throws(DecoderError) in try configuration.readBiases(keys) }

  /// OLMo 3: OLMo 2 with three of four layers within a window, whose rotation is not stretched.
  static let olmo3 = Architecture(
    modelTypes: ["olmo3"],
    defaults: ["norm_eps": 1e-5, "rope_theta": 500_000, "sliding_window": 4096],
    traits: .init(placement: .after, queryKeyNorm: .width), windows: .byLayer { _, layer in (layer + 1) % 4 != 0 },
    rotaryLayers: .byAttention(windowedBase: nil)
  ) { (configuration, keys) throws(DecoderError) in try configuration.readBiases(keys) }

  /// EXAONE 4: norms behind attention and MLP and on each head; layers without a window do not rotate if there are any
  /// within one.
  static let exaone4 = Architecture(
    modelTypes: ["exaone4"], defaults: ["norm_eps": 1e-5, "sliding_window": 4096, "num_key_value_heads": 32],
    traits: .init(placement: .after, queryKeyNorm: .heads), windows: .byLayer(exaoneWindow),
    rotaryLayers: .windowedOrAll)

  /// A period, or a string of L (within the window) and G that is repeated.
  private static let exaoneWindow: @Sendable (ConfigKeys, Int) -> Bool = { keys, layer in
    if let pattern = keys["sliding_window_pattern"]?.string, !pattern.isEmpty {
      let letters = Array(pattern)
      return layer < (keys["num_hidden_layers"]?.int ?? 0) - 1 && letters[layer % letters.count] == "L"
    }
    let period = keys["sliding_window_pattern"]?.int ?? 4
    return period > 0 && (layer + 1) % period != 0
  }
}
