import Checkpoints

/// The numbers and switches of one decoder, read from config.json.
public struct DecoderConfiguration: Sendable, Hashable {
  /// How tensors are named, from the architecture that config.json names.
  public let architecture: Architecture
  /// Rows of the embedding.
  public let vocabularySize: Int
  /// Width D of the residual stream.
  public let width: Int
  /// Number of layers.
  public let layerCount: Int
  /// Query heads H.
  public let headCount: Int
  /// Key-value heads K.
  public let keyValueHeadCount: Int
  /// Width d of a head; H·d need not be D.
  public let headWidth: Int
  /// Inner width of the gated MLP.
  public let intermediateWidth: Int
  /// Epsilon of the RMS norms.
  public let normEpsilon: Double
  /// The rotary embedding's frequencies.
  public let rotary: RotaryDescription
  /// Whether the head is the embedding.
  public let tiedHead: Bool
  /// The longest context that the model was made for.
  public let maximumPositions: Int

  /// H·d: width of queries and of what attention gives.
  var queryWidth: Int { headCount * headWidth }
  /// K·d: width of keys and of values.
  var keyWidth: Int { keyValueHeadCount * headWidth }

  /// How the attention's heads lie.
  public var heads: AttentionHeads {
    AttentionHeads(
      queryHeads: headCount, keyValueHeads: keyValueHeadCount, width: headWidth,
      scale: Float(1 / Double(headWidth).squareRoot()))
  }

  /// Reads and checks a configuration.
  /// - Throws: `DecoderError` for an architecture that is not known, a key that is missing or out of range, or a switch
  ///   that this decoder does not compute.
  public init(_ config: ConfigText) throws(DecoderError) {
    guard let modelType = config["model_type"]?.string else { throw .missingKey("model_type") }
    guard let architecture = Architecture.known[modelType] else { throw .unknownArchitecture(modelType) }
    let keys = ConfigKeys(config: config)
    try keys.require("hidden_act", "silu")
    try keys.require("attention_bias", false)
    try keys.require("mlp_bias", false)
    self.architecture = architecture
    vocabularySize = try keys.positive("vocab_size")
    width = try keys.positive("hidden_size")
    layerCount = try keys.positive("num_hidden_layers")
    headCount = try keys.positive("num_attention_heads")
    keyValueHeadCount = try keys.positive("num_key_value_heads", default: headCount)
    headWidth = try keys.positive("head_dim", default: width / headCount)
    intermediateWidth = try keys.positive("intermediate_size")
    normEpsilon = try keys.number("rms_norm_eps", default: 1e-6)
    maximumPositions = try keys.positive("max_position_embeddings", default: 2048)
    tiedHead = try keys.boolean("tie_word_embeddings", default: false)
    rotary = try RotaryDescription(config)
    guard headCount % keyValueHeadCount == 0 else {
      throw .badValue(key: "num_key_value_heads", value: "\(keyValueHeadCount)", expected: "a divisor of \(headCount)")
    }
    guard headWidth % 2 == 0 else {
      throw .badValue(key: "head_dim", value: "\(headWidth)", expected: "an even number, for the rotary embedding")
    }
  }
}

/// Typed access to config.json's keys; `null` counts as absent, as in `transformers`.
struct ConfigKeys {
  let config: ConfigText

  func positive(_ key: String, default fallback: Int? = nil) throws(DecoderError) -> Int {
    guard let node = config[key], !node.isNull else {
      if let fallback { return fallback }
      throw .missingKey(key)
    }
    guard let value = node.int, value > 0, value <= Int32.max else {
      throw .badValue(key: key, value: config.spelling(of: node), expected: "a positive whole number")
    }
    return value
  }

  func number(_ key: String, default fallback: Double) throws(DecoderError) -> Double {
    guard let node = config[key], !node.isNull else { return fallback }
    guard let value = node.double, value >= 0 else {
      throw .badValue(key: key, value: config.spelling(of: node), expected: "a number, 0 or more")
    }
    return value
  }

  func boolean(_ key: String, default fallback: Bool) throws(DecoderError) -> Bool {
    guard let node = config[key], !node.isNull else { return fallback }
    guard let value = node.bool else {
      throw .badValue(key: key, value: config.spelling(of: node), expected: "true or false")
    }
    return value
  }

  /// Refuses a switch set to something that this decoder does not compute.
  func require(_ key: String, _ only: String) throws(DecoderError) {
    guard let node = config[key], !node.isNull, node.string != only else { return }
    throw .badValue(key: key, value: config.spelling(of: node), expected: "\"\(only)\"")
  }

  func require(_ key: String, _ only: Bool) throws(DecoderError) {
    guard try boolean(key, default: only) != only else { return }
    throw .badValue(key: key, value: "\(!only)", expected: "\(only)")
  }
}
