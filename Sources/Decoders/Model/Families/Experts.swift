// Experts in the place of MLPs.

extension Architecture {
  static let experts = [mixtral, qwen3MoE, olmoE]

  /// Mixtral: Mistral's block with experts in every layer.
  static let mixtral: Architecture = {
    var names = TensorNames()
    names.router = "block_sparse_moe.gate"
    names.expert = "block_sparse_moe.experts.#e."
    names.expertGate = "w1"
    names.expertUp = "w3"
    names.expertDown = "w2"
    return Architecture(
      modelTypes: ["mixtral"], names: names,
      defaults: [
        "rope_theta": 1_000_000, "norm_eps": 1e-5, "num_key_value_heads": 8, "max_position_embeddings": 131_072,
        "num_local_experts": 8, "num_experts_per_tok": 2,
      ],
      windows: .everywhere
    ) { (configuration, keys) throws(DecoderError) in
      guard try keys.number("router_jitter_noise", default: 0) == 0 else {
        throw .badValue(key: "router_jitter_noise", value: keys.string("router_jitter_noise")!, expected: "0")
      }
      try configuration.readExperts(keys, width: configuration.intermediateWidth, normalizes: true) { _ in true }
    }
  }()

  /// Qwen 3 with experts, and MLPs in the layers that `mlp_only_layers` and `decoder_sparse_step` leave out.
  static let qwen3MoE = Architecture(
    modelTypes: ["qwen3_moe"], spellings: ["num_local_experts": ["num_experts"]],
    defaults: [
      "sliding_window": 4096, "num_key_value_heads": 4, "max_position_embeddings": 32_768, "num_local_experts": 128,
      "num_experts_per_tok": 8, "moe_intermediate_size": 768, "decoder_sparse_step": 1,
    ],
    traits: .init(queryKeyNorm: .heads), windows: .everywhere
  ) { (configuration, keys) throws(DecoderError) in
    try configuration.readBiases(keys)
    if try !keys.boolean("use_sliding_window") { configuration.removeWindows() }
    let step = try keys.positive("decoder_sparse_step")
    let dense = Set(keys["mlp_only_layers"]?.elements?.compactMap(\.int) ?? [])
    try configuration.readExperts(
      keys, width: try keys.positive("moe_intermediate_size"), normalizes: try keys.boolean("norm_topk_prob")
    ) { !dense.contains($0) && ($0 + 1) % step == 0 }
  }

  /// OLMoE: norms on the whole width of queries and keys, experts in every layer.
  static let olmoE = Architecture(
    modelTypes: ["olmoe"], spellings: ["num_local_experts": ["num_experts"]],
    defaults: [
      "norm_eps": 1e-5, "max_position_embeddings": 4096, "num_local_experts": 64, "num_experts_per_tok": 8,
    ],
    traits: .init(queryKeyNorm: .width)
  ) { (configuration, keys) throws(DecoderError) in
    try configuration.readBiases(keys)
    if let clip = keys["clip_qkv"] {
      throw .badValue(key: "clip_qkv", value: keys.spelling(of: clip), expected: "null")
    }
    try configuration.readExperts(
      keys, width: configuration.intermediateWidth, normalizes: try keys.boolean("norm_topk_prob")
    ) { _ in true }
  }
}

extension DecoderConfiguration {
  /// Puts experts in the place of some layers' MLPs.
  fileprivate mutating func readExperts(
    _ keys: ConfigKeys, width: Int, normalizes: Bool, where hasExperts: (_ layer: Int) -> Bool
  ) throws(DecoderError) {
    let count = try keys.positive("num_local_experts")
    let chosen = try keys.positive("num_experts_per_tok")
    guard chosen <= count else {
      throw .badValue(
        key: "num_experts_per_tok", value: "\(chosen)", expected: "at most \(count), the experts there are")
    }
    experts = ExpertShape(count: count, chosenCount: chosen, width: width, normalizes: normalizes)
    for index in layers.indices { layers[index].hasExperts = hasExperts(index) }
  }
}
