import Checkpoints
import JSONText

/// One change of config.json.
public struct ConfigEdit: Sendable, Equatable {
  /// The keys down to the field, joined by dots.
  public let key: String
  /// What stood there, nil where nothing did.
  public let old: String?
  /// What stands there now.
  public let new: String
  /// Why the field follows the layers.
  public let reason: String
}

/// Makes config.json say of the new layers what it said of the old ones.
struct ConfigSlicer {
  /// The config with the edits made so far.
  var config: ConfigText
  private var refusals: [SurgeryError] = []
  /// The edits, in the order made.
  var edits: [ConfigEdit] = []
  /// The object of config.json that is being edited.
  private(set) var reader: ConfigReader
  /// The keys down to it.
  private(set) var holder: [String] = []
  let layout: DecoderLayout
  /// The old layer that stands at each new index.
  let order: [Int]

  /// Applies every rule of the layout's family, then the guard for fields that no rule knows.
  /// - Parameter force: leaves out the guard.
  /// - Throws: `SurgeryError.configRefused`, or `.several` of them; `CheckpointError` when config.json cannot be edited.
  init(_ config: ConfigText, layout: DecoderLayout, order: [Int], force: Bool) throws {
    self.config = config
    self.layout = layout
    self.order = order
    reader = layout.reader(of: config)

    let own = layout.family?.rules ?? []
    let ownKeys = Set(own.flatMap(\.keys))
    let rules = own + Family.commonRules.filter { !ownKeys.isSuperset(of: $0.keys) }
    let known = Set(rules.flatMap(\.keys)).union(DecoderNames.layerCounts)
    for path in layout.configPaths {
      (holder, reader) = (path, layout.reader(of: config, at: path))
      for key in layout.layerCountKeys where reader.has(key) {
        try set(key, to: String(order.count), reason: "the number of layers")
      }
      for rule in rules { try collect { slicer throws in try slicer.apply(rule) } }
      if !force { guardUnknownFields(known: known) }
    }
    try collect { slicer throws in try slicer.renumberQuantizationNames() }
    // Where nothing can be cut, no field is worth a word.
    let final = refusals.filter { if case .configRefused(_, .onePiece) = $0 { true } else { false } }
    guard let first = final.first ?? refusals.first else { return }
    throw final.isEmpty && refusals.count > 1 ? SurgeryError.several(refusals) : first
  }

  /// Does a part of the work; what it refuses is kept, so that a user learns of all refusals at once.
  private mutating func collect(_ work: (inout ConfigSlicer) throws -> Void) throws {
    do { try work(&self) } catch let refusal as SurgeryError { refusals.append(refusal) }
  }

  /// Whether the layers stay as they are.
  var isIdentity: Bool { order == Array(0..<layout.layerCount) }

  mutating func set(_ key: String, to value: String, reason: String) throws {
    guard let path = path(to: key) else { return }
    let old = config[path: path].map { config.spelling(of: $0) }
    guard old != value else { return }
    try config.set(path, to: value)
    edits.append(ConfigEdit(key: path.joined(separator: "."), old: old, new: value, reason: reason))
  }

  mutating func set(_ key: String, toList items: [String], reason: String) throws {
    guard let path = path(to: key) else { return }
    let oldNode = config[path: path]
    if let elements = oldNode?.elements, elements.map({ config.spelling(of: $0) }) == items { return }
    let old = oldNode.map { config.spelling(of: $0) }
    try config.set(path, toList: items)
    let new = config[path: path].map { config.spelling(of: $0) } ?? ""
    edits.append(ConfigEdit(key: path.joined(separator: "."), old: old, new: new, reason: reason))
  }

  /// The keys down to a field; nil where a copy of the decoder's object lacks the field and needs none.
  private func path(to key: String) -> [String]? {
    let path = holder + key.split(separator: ".").map(String.init)
    return holder == layout.configPath || config[path: path] != nil ? path : nil
  }

  func refusal(_ key: String, _ reason: SurgeryError.RefusalReason) -> SurgeryError {
    .configRefused(key: (holder + [key]).joined(separator: "."), reason)
  }

  /// Refuses fields that look as if they followed the layers and that no rule reads.
  private mutating func guardUnknownFields(known: Set<String>) {
    guard !isIdentity, let members = reader.object.members else { return }
    for member in members where !known.contains(member.key) && !Self.innocent.contains(member.key) {
      guardField(member.key, member.value)
      guard !Self.closedObjects.contains(member.key), let inner = member.value.members else { continue }
      for field in inner where !known.contains("\(member.key).\(field.key)") {
        guardField("\(member.key).\(field.key)", field.value)
      }
    }
  }

  private mutating func guardField(_ key: String, _ value: JSONNode) {
    let name = key.split(separator: ".").last.map(String.init) ?? key
    let looksPerLayer: Bool
    if let elements = value.elements {
      let areIntegers = !elements.isEmpty && elements.allSatisfy { $0.int != nil }
      let namesLayers = ["layer", "idx", "indices", "pattern"].contains { name.contains($0) }
      looksPerLayer = elements.count == layout.layerCount && elements.count > 1 || areIntegers && namesLayers
    } else {
      let followsDepth = [
        "interval", "period", "pattern", "max_window_layers", "dense_replace", "num_dense", "every_n",
        "layer_start", "layer_end", "sparse_step", "layer_freq",
      ]
      looksPerLayer =
        layout.family == nil && !value.isNull && value.bool == nil && followsDepth.contains(where: name.contains)
    }
    if looksPerLayer { refusals.append(refusal(key, .unknownPerLayerField)) }
  }

  /// Lists of any length that have nothing to do with layers.
  private static let innocent: Set<String> = [
    "architectures", "bos_token_id", "eos_token_id", "pad_token_id", "keys_to_ignore_at_inference", "suppress_tokens",
    "begin_suppress_tokens", "time_step_limit", "image_grid_pinpoints", "finetuning_task", "mrope_section",
  ]
  /// Objects whose lists have nothing to do with the decoder's layers.
  private static let closedObjects: Set<String> = [
    "rope_scaling", "rope_parameters", "quantization_config", "vision_config", "audio_config", "id2label", "label2id",
    "task_specific_params", "auto_map", "text_config", "speech_config",
  ]
}
