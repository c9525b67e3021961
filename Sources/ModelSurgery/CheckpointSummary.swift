import Checkpoints
import JSONText
import OrderedCollections

/// What a person wants to know of a checkpoint before operating on it.
public struct CheckpointSummary: Sendable {
  /// Sums over some tensors.
  public struct Size: Sendable, Equatable {
    /// The number of tensors.
    public internal(set) var tensors = 0
    /// Their elements; of packed types the logical ones.
    public internal(set) var parameters = 0
    /// Their bytes.
    public internal(set) var bytes = 0

    mutating func add(_ tensor: StoredTensor) {
      tensors += 1
      parameters += tensor.elementCount
      bytes += tensor.byteCount
    }
  }

  /// One layer.
  public struct Layer: Sendable {
    /// The layer's index.
    public let index: Int
    /// Its tensors together.
    public internal(set) var size = Size()
    /// The same by the module directly below the layer, such as `self_attn` and `mlp`.
    public internal(set) var parts: OrderedDictionary<String, Size> = [:]
    /// What config.json, or the family's default, says of this layer alone, such as its kind of attention.
    public internal(set) var attributes: [(key: String, value: String)] = []

    /// Whether another layer has the same sizes and attributes.
    func resembles(_ other: Layer) -> Bool {
      size == other.size && parts == other.parts && attributes.elementsEqual(other.attributes, by: ==)
    }
  }

  /// `model_type` of config.json.
  public let modelType: String
  /// Whether surgery knows the family; the generic rules serve for others.
  public let isKnownFamily: Bool
  /// The width of the residual stream, nil where config.json has none of the usual names.
  public let hiddenSize: Int?
  /// The number of tokens, nil where config.json does not say.
  public let vocabularySize: Int?
  /// Whether the head is the embedding.
  public let isHeadTied: Bool
  /// The layers in order.
  public let layers: [Layer]
  /// All tensors together.
  public let total: Size
  /// The tensors outside the layers by what they are.
  public let outside: OrderedDictionary<String, Size>
  /// All tensors by type.
  public let dtypes: OrderedDictionary<String, Size>
  /// The weights files with their sizes in bytes.
  public let shards: [(name: String, size: Size)]
  /// Weights in other formats that lie beside and are not read.
  public let otherWeights: [String]

  /// Summarises a checkpoint from its headers and config.
  /// - Throws: `notADecoder`.
  public init(_ checkpoint: Checkpoint) throws(SurgeryError) {
    let layout = try DecoderLayout(checkpoint)
    let reader = layout.reader(of: checkpoint.config)
    modelType = layout.modelType
    isKnownFamily = layout.family != nil
    hiddenSize = ["hidden_size", "n_embd", "d_model", "model_dim"].lazy.compactMap { reader[$0]?.int }.first
    vocabularySize =
      ["vocab_size", "padded_vocab_size"].lazy.compactMap { reader[$0]?.int ?? checkpoint.config[$0]?.int }.first
    isHeadTied = layout.names(of: .head).isEmpty || layout.tiesHead(checkpoint.config) == true

    var layers = (0..<layout.layerCount).map { Layer(index: $0) }
    var total = Size()
    var outside: OrderedDictionary<String, Size> = [:]
    var dtypes: OrderedDictionary<String, Size> = [:]
    for (name, tensor) in checkpoint.tensors {
      total.add(tensor)
      dtypes[tensor.dtype.name, default: Size()].add(tensor)
      switch layout.roles[name]! {
      case .layer(let index, let rest):
        layers[index].size.add(tensor)
        layers[index].parts[String(rest.prefix { $0 != "." }), default: Size()].add(tensor)
      case .embedding: outside["embedding", default: Size()].add(tensor)
      case .finalNorm: outside["final norm", default: Size()].add(tensor)
      case .head: outside["head", default: Size()].add(tensor)
      case .predictionModule: outside["prediction modules", default: Size()].add(tensor)
      case .other: outside["other", default: Size()].add(tensor)
      }
    }
    for (key, items) in reader.perLayerAttributes(layout.family) {
      for index in layers.indices { layers[index].attributes.append((key, items[index])) }
    }
    self.layers = layers
    self.total = total
    self.outside = outside
    self.dtypes = dtypes
    shards = checkpoint.shards.map { shard in
      var size = Size()
      for entry in shard.header.entries { size.add(checkpoint.tensors[entry.name]!) }
      return (shard.name, size)
    }
    otherWeights = checkpoint.sideFiles.filter { SideFiles.isOtherWeights($0) && !SideFiles.isOwn($0) }
  }

  /// The indices of layers that are alike, kind by kind.
  public var alikeLayers: [[Int]] {
    var kinds: [[Int]] = []
    for layer in layers {
      if let kind = kinds.firstIndex(where: { layers[$0[0]].resembles(layer) }) {
        kinds[kind].append(layer.index)
      } else {
        kinds.append([layer.index])
      }
    }
    return kinds
  }

  /// The summary as JSON, snake case.
  public var json: JSONValue {
    .object([
      ("model_type", .string(modelType)), ("known_family", .bool(isKnownFamily)),
      ("num_hidden_layers", .integer(layers.count)), ("hidden_size", hiddenSize.map { .integer($0) } ?? .null),
      ("vocab_size", vocabularySize.map { .integer($0) } ?? .null), ("tied_head", .bool(isHeadTied)),
      ("parameters", .integer(total.parameters)), ("bytes", .integer(total.bytes)),
      ("tensors", .integer(total.tensors)), ("dtypes", .object(dtypes.map { ($0.key, $0.value.json([])) })),
      ("outside", .object(outside.map { ($0.key.replacing(" ", with: "_"), $0.value.json([])) })),
      (
        "layers",
        .array(
          layers.map { layer in
            let attributes = layer.attributes.map { (key: $0.key, value: JSONValue.string($0.value)) }
            let parts = layer.parts.map { (key: $0.key, value: $0.value.json([])) }
            return layer.size.json(
              [("index", .integer(layer.index))],
              [("parts", .object(parts))] + (attributes.isEmpty ? [] : [("attributes", .object(attributes))]))
          })
      ),
      ("shards", .array(shards.map { $0.size.json([("name", .string($0.name))]) })),
      ("other_weights", .strings(otherWeights)),
    ])
  }
}

extension CheckpointSummary.Size {
  fileprivate func json(
    _ before: [(key: String, value: JSONValue)], _ after: [(key: String, value: JSONValue)] = []
  ) -> JSONValue {
    .object(
      before + [("parameters", .integer(parameters)), ("bytes", .integer(bytes)), ("tensors", .integer(tensors))]
        + after)
  }
}

extension ConfigReader {
  /// The fields with an item per layer, read from the file or computed as the family does.
  func perLayerAttributes(_ family: Family?) -> [(key: String, items: [String])] {
    var attributes: OrderedDictionary<String, [String]> = [:]
    for rule in (family?.rules ?? []) + Family.commonRules {
      switch rule {
      case .perLayer(let key), .perLayerOrLent(let key, _):
        guard attributes[key] == nil, let elements = self[key]?.elements, elements.count == layerCount else { continue }
        attributes[key] = elements.map { $0.string ?? spelling(of: $0) }
      case .computed(let key, let item):
        if let elements = self[key]?.elements, elements.count == layerCount {
          attributes[key] = elements.map { $0.string ?? spelling(of: $0) }
        } else {
          let items = (0..<layerCount).compactMap { item(self, $0) }
          if items.count == layerCount { attributes[key] = items.map { $0.filter { $0 != "\"" } } }
        }
      default: continue
      }
    }
    return attributes.map { (key: $0.key, items: $0.value) }
  }
}
