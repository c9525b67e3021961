import Checkpoints
import JSONText
import OrderedCollections

/// The names under which decoders keep what is not in a layer.
enum DecoderNames {
  /// Words that number the layers, as in `model.layers.7.` and `transformer.h.7.` of tensor names.
  static let layerContainers: Set<String> = ["layers", "h", "blocks", "block"]
  /// Parts of names of towers that are no text decoder.
  static let otherTowers = ["vision", "visual", "image", "audio", "speech", "mtp", "sam_model", "encoder"]
  static let embeddings: Set<String> = [
    "embed_tokens", "wte", "embed_in", "word_embeddings", "tok_embeddings", "token_embedding", "token_embeddings",
    "embeddings",
  ]
  static let finalNorms: Set<String> = [
    "norm", "final_layernorm", "ln_f", "final_layer_norm", "norm_f", "embedding_norm", "final_norm",
  ]
  static let heads: Set<String> = ["lm_head", "embed_out", "output_layer", "output"]
  /// Buffers that some writers store and others leave out; they follow from the config.
  static let buffers = [
    ".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".attention.bias",
    ".attention.masked_bias", ".position_ids",
  ]
  /// Global tensors with a slice per layer.
  static let layerDimension = ["embed_tokens_per_layer", "per_layer_model_projection", "per_layer_projection_norm"]
  static let layerCounts = ["num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_transformer_layers"]
  static let decoderConfigs = ["text_config", "llm_config", "language_config"]

  /// Whether a name is that of an output projection.
  static func isHead(_ name: String) -> Bool {
    name.split(separator: ".").dropLast().last.map { heads.contains(String($0)) } ?? false
  }

  static func isBuffer(_ name: String) -> Bool { buffers.contains { name.hasSuffix($0) } }
}

/// Where a checkpoint keeps its decoder's parts, found from tensor names and config.json alone.
public struct DecoderLayout: Sendable {
  /// What a tensor is to the decoder.
  public enum Role: Hashable, Sendable {
    /// The token embedding.
    case embedding
    /// A part of a layer; `rest` is the name behind the layer's number.
    case layer(Int, rest: String)
    /// The norm behind the last layer.
    case finalNorm
    /// The output projection.
    case head
    /// A part of a multi-token-prediction module, which stands behind the last layer.
    case predictionModule
    /// Anything else: other towers, position embeddings, buffers.
    case other
  }

  /// `model_type`, or "unknown" where config.json has none.
  public let modelType: String
  /// The number of layers.
  public let layerCount: Int
  /// What stands before a layer's number in a tensor's name, `model.layers.` in most families.
  public let layerPrefix: String
  /// What each tensor is, in the order of the checkpoint.
  public let roles: OrderedDictionary<String, Role>
  /// The keys from the root of config.json to the object that describes the decoder.
  let configPath: [String]
  /// That path, and behind it the root where it repeats the decoder's fields, as some writers have it.
  let configPaths: [[String]]
  /// The keys of that object that hold the number of layers.
  let layerCountKeys: [String]
  let family: Family?

  /// The decoder's object in config.json.
  func reader(of config: ConfigText) -> ConfigReader { reader(of: config, at: configPath) }

  /// An object of config.json, the root where the path leads nowhere.
  func reader(of config: ConfigText, at path: [String]) -> ConfigReader {
    ConfigReader(object: config[path: path] ?? config.root, layerCount: layerCount, config: config)
  }

  /// Finds the decoder in a checkpoint.
  /// - Throws: `notADecoder` with what is missing or ambiguous.
  public init(_ checkpoint: Checkpoint) throws(SurgeryError) {
    let path = checkpoint.directory.path(percentEncoded: false)
    let root = checkpoint.config.root
    if root["is_encoder_decoder"]?.bool == true { throw .notADecoder(path: path, .encoderDecoder) }
    let holder = DecoderNames.decoderConfigs.first { root[$0]?.members != nil && Self.count(in: root[$0]!) != nil }
    configPath = holder.map { [$0] } ?? []
    let object = holder.flatMap { root[$0] } ?? root
    guard let layerCount = Self.count(in: object), layerCount > 0 else {
      throw .notADecoder(path: path, .noLayerCount)
    }
    self.layerCount = layerCount
    configPaths = holder != nil && Self.count(in: root) == layerCount ? [configPath, []] : [configPath]
    layerCountKeys = DecoderNames.layerCounts.filter { object[$0]?.int == layerCount }
    let type = object["model_type"]?.string ?? root["model_type"]?.string
    modelType = root["model_type"]?.string ?? type ?? "unknown"
    family = type.flatMap(Family.family) ?? Family.family(of: modelType)

    let hasPredictionModules = ["num_nextn_predict_layers", "mtp_num_hidden_layers", "mtp_num_layers"]
      .contains { (object[$0]?.int ?? 0) > 0 }
    layerPrefix = try Self.layerPrefix(
      checkpoint.tensors.keys, layerCount: layerCount, mayHaveSurplus: hasPredictionModules, path: path)

    var roles = OrderedDictionary<String, Role>(minimumCapacity: checkpoint.tensors.count)
    var seen = Set<Int>()
    for name in checkpoint.tensors.keys {
      let role = Self.role(of: name, layerPrefix: layerPrefix, layerCount: layerCount)
      if case .layer(let index, _) = role { seen.insert(index) }
      roles[name] = role
    }
    if let missing = (0..<layerCount).first(where: { !seen.contains($0) }) {
      throw .notADecoder(path: path, .emptyLayer(prefix: layerPrefix, index: missing))
    }
    self.roles = roles
  }

  /// Whether config.json says that the head is the embedding, nil when it says nothing.
  ///
  /// A multimodal config may say it at its root and for the decoder; where the two differ, nothing may rely on a tie.
  func tiesHead(_ config: ConfigText) -> Bool? {
    let flags = [reader(of: config)["tie_word_embeddings"], config["tie_word_embeddings"]].compactMap { $0?.bool }
    return flags.isEmpty ? nil : flags.allSatisfy { $0 }
  }

  /// The names of the tensors that have a role.
  public func names(of role: Role) -> [String] { roles.filter { $0.value == role }.map(\.key) }

  /// The name of the tensor that `name` becomes when its layer gets another number.
  func renamed(_ name: String, toLayer index: Int) -> String {
    guard case .layer(_, let rest) = roles[name] else { return name }
    return "\(layerPrefix)\(index).\(rest)"
  }

  private static func count(in object: JSONNode) -> Int? {
    let keys = object["model_type"]?.string.flatMap(Family.family)?.layerCounts ?? DecoderNames.layerCounts
    return keys.lazy.compactMap { key in
      object[key].flatMap { $0.int ?? $0.elements?.count ?? $0.string?.count }
    }.first
  }

  /// Splits `model.layers.7.mlp.weight` into prefix, index and rest; the first numbered container counts, since
  /// experts come later.
  static func numbered(_ name: String) -> (prefix: String, index: Int, rest: String)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    for (position, part) in parts.enumerated().dropLast(2) where DecoderNames.layerContainers.contains(String(part)) {
      guard let index = Int(parts[position + 1]), String(index) == parts[position + 1] else { continue }
      let prefix = parts[...position].joined(separator: ".") + "."
      return (prefix, index, parts[(position + 2)...].joined(separator: "."))
    }
    return nil
  }

  private static func layerPrefix(
    _ names: some Sequence<String>, layerCount: Int, mayHaveSurplus: Bool, path: String
  ) throws(SurgeryError) -> String {
    var highest: OrderedDictionary<String, Int> = [:]
    for name in names {
      guard let (prefix, index, _) = numbered(name) else { continue }
      highest[prefix] = max(highest[prefix] ?? 0, index)
    }
    let decoders = highest.filter { prefix, _ in
      prefix == "transformer.encoder.layers." || !DecoderNames.otherTowers.contains { prefix.contains($0) }
    }
    let fitting = decoders.filter { $0.value + 1 == layerCount || (mayHaveSurplus && $0.value >= layerCount) }
    if fitting.count == 1 { return fitting.keys[0] }
    if fitting.count > 1 { throw .notADecoder(path: path, .ambiguousLayers(Array(fitting.keys))) }
    if let (prefix, last) = decoders.first(where: { $0.value >= layerCount }), decoders.count == 1 {
      throw .notADecoder(path: path, .surplusLayers(prefix: prefix, layerCount: layerCount, found: last + 1))
    }
    let found = highest.map { "\($0.key)0...\($0.value)" }
    throw .notADecoder(path: path, .noLayers(layerCount: layerCount, found: found))
  }

  private static func role(of name: String, layerPrefix: String, layerCount: Int) -> Role {
    if name.hasPrefix(layerPrefix), let (_, index, rest) = numbered(name) {
      return index < layerCount ? .layer(index, rest: rest) : .predictionModule
    }
    let parts = name.split(separator: ".").map(String.init)
    if parts.contains("mtp") { return .predictionModule }
    if numbered(name) != nil || DecoderNames.otherTowers.dropLast().contains(where: name.contains) { return .other }
    let modules = parts.dropLast().suffix(1)
    if modules.contains(where: DecoderNames.embeddings.contains) { return .embedding }
    if modules.contains(where: DecoderNames.heads.contains) {
      return parts.last == "bias" ? .other : .head
    }
    if modules.contains(where: DecoderNames.finalNorms.contains) { return .finalNorm }
    return .other
  }
}
