import Checkpoints
import JSONText

/// The numbers and switches of one decoder, read from config.json by its family's description.
public struct DecoderConfiguration: Sendable, Hashable {
  /// The family, as `model_type` names it.
  public let modelType: String
  /// Rows of the embedding.
  public let vocabularySize: Int
  /// Width D of the residual stream.
  public let width: Int
  /// Number of layers.
  public let layerCount: Int
  /// Query heads H.
  public let headCount: Int
  /// Key-value heads K.
  public internal(set) var keyValueHeadCount: Int
  /// Width d of a head; H·d need not be D.
  public let headWidth: Int
  /// Inner width of the MLP.
  public internal(set) var intermediateWidth: Int
  /// The experts of the layers that have some; nil for a model without.
  public internal(set) var experts: ExpertShape?
  /// How matrices are stored in 8 bits; nil where none are.
  public let quantization: WeightQuantization?
  /// Epsilon of the norms.
  public let normEpsilon: Double
  /// Whether the head is the embedding.
  public let tiedHead: Bool
  /// The longest context that the model was made for.
  public let maximumPositions: Int
  /// The rotations that layers choose from; none where positions are given otherwise.
  public let rotaries: [RotaryDescription]
  /// What distinguishes layers from each other, from the bottom up.
  public internal(set) var layers: [LayerTraits]
  /// What the embedding is multiplied by.
  public internal(set) var embeddingMultiplier = 1.0
  /// What each half of a block is multiplied by before it is added to the residual stream.
  public internal(set) var residualMultiplier = 1.0
  /// What products of queries and keys are multiplied by.
  public internal(set) var attentionScale: Double
  /// What logits are multiplied by.
  public internal(set) var logitMultiplier = 1.0
  /// Scores are bent to stay within ± this.
  public internal(set) var attentionCap: Double?
  /// Logits are bent to stay within ± this.
  public internal(set) var logitCap: Double?
  var names: TensorNames
  var traits: DecoderTraits

  /// H·d: width of queries and of what attention gives.
  var queryWidth: Int { headCount * headWidth }
  /// K·d: width of keys and of values.
  var keyWidth: Int { keyValueHeadCount * headWidth }

  var rotaryPairing: RotaryPairing {
    if case .rotary(let pairing) = traits.positions { pairing } else { .halves }
  }

  /// How the attention's heads lie in a layer, without a bias for distance.
  func heads(layer: Int) -> AttentionHeads {
    AttentionHeads(
      queryHeads: headCount, keyValueHeads: keyValueHeadCount, width: headWidth,
      scale: Float(attentionScale / layers[layer].scoreDivisor), window: layers[layer].window,
      cap: attentionCap.map(Float.init))
  }

  /// Reads and checks a configuration.
  /// - Throws: `DecoderError` for a family that is not known, a key that is missing or out of range, or a switch that
  ///   this decoder does not compute.
  public init(_ config: ConfigText) throws(DecoderError) {
    guard let modelType = config["model_type"]?.string else { throw .missingKey("model_type") }
    guard let architecture = Architecture.known[modelType] else { throw .unknownArchitecture(modelType) }
    let keys = ConfigKeys(
      config: config, object: config["text_config"] ?? config.root,
      spellings: architecture.spellings.merging(Self.commonSpellings, uniquingKeysWith: +),
      defaults: architecture.defaults)
    self.modelType = modelType
    vocabularySize = try keys.positive("vocab_size")
    width = try keys.positive("hidden_size")
    layerCount = try keys.positive("num_hidden_layers")
    headCount = try keys.positive("num_attention_heads")
    keyValueHeadCount = try keys.positive("num_key_value_heads", default: headCount)
    headWidth = try keys.positive("head_dim", default: max(1, width / headCount))
    intermediateWidth = try keys.positive(
      "intermediate_size", default: architecture.traits.mlp == .plain ? 4 * width : nil)
    quantization = try Self.quantization(keys)
    normEpsilon = try keys.number("norm_eps", default: 1e-6)
    maximumPositions = try keys.positive("max_position_embeddings", default: 2048)
    attentionScale = 1 / Double(headWidth).squareRoot()
    tiedHead = try Self.tiedHead(keys, config)
    names = architecture.names
    traits = architecture.traits
    (layers, rotaries) = try Self.layers(architecture, keys, count: layerCount, headWidth: headWidth)
    if let name = keys.string("hidden_act") { traits.activation = try Activation(named: name, key: "hidden_act") }
    try architecture.adjust(&self, keys)
    guard headCount % keyValueHeadCount == 0 else {
      throw .badValue(key: "num_key_value_heads", value: "\(keyValueHeadCount)", expected: "a divisor of \(headCount)")
    }
    if case .rotary = traits.positions { return }
    for index in layers.indices { layers[index].rotary = nil }
  }

  private static let commonSpellings = [
    "norm_eps": ["rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon"]
  ]

  /// In a multimodal config the flag stands outside the decoder's part.
  private static func tiedHead(_ keys: ConfigKeys, _ config: ConfigText) throws(DecoderError) -> Bool {
    if keys["tie_word_embeddings"] == nil, let outside = config["tie_word_embeddings"]?.bool { return outside }
    return try keys.boolean("tie_word_embeddings")
  }

  /// Biases of attention and MLP that config.json switches on, as Llama reads them.
  mutating func readBiases(_ keys: ConfigKeys) throws(DecoderError) {
    if try keys.boolean("attention_bias") { traits.biases.formUnion(Set<BiasPlace>.attention) }
    if try keys.boolean("mlp_bias") { traits.biases.formUnion(Set<BiasPlace>.mlp) }
  }

  /// Makes every layer see everything.
  mutating func removeWindows() {
    for index in layers.indices { layers[index].window = nil }
  }
}

/// The experts of a layer, see `MixtureOfExperts`.
public struct ExpertShape: Sendable, Hashable {
  /// How many there are, E.
  public let count: Int
  /// How many a token takes, k.
  public let chosenCount: Int
  /// Inner width of each.
  public let width: Int
  /// Whether the weights of a token's experts sum to 1.
  public let normalizes: Bool
}

/// What distinguishes a layer from its neighbours.
public struct LayerTraits: Sendable, Hashable {
  /// How many tokens a token sees, itself included; nil for all before it.
  public internal(set) var window: Int?
  /// Which of the configuration's rotations it uses, nil for none.
  public internal(set) var rotary: Int?
  /// Whether experts stand in its MLP's place.
  public internal(set) var hasExperts = false
  /// What the scale of its scores is divided by.
  public internal(set) var scoreDivisor = 1.0
}

extension Activation {
  /// The activation of a name that config.json uses.
  /// - Throws: `DecoderError.badValue` for one that is not computed.
  init(named name: String, key: String) throws(DecoderError) {
    switch name {
    case "silu", "swish": self = .silu
    case "gelu": self = .gelu
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_python_tanh": self = .geluTanh
    case "relu": self = .relu
    default: throw .badValue(key: key, value: "\"\(name)\"", expected: "silu, gelu, gelu_pytorch_tanh or relu")
    }
  }
}
