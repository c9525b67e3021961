import Checkpoints
import JSONText

/// How one field of config.json follows the layers when they are dropped, repeated or reordered.
///
/// Every rule works on the attributes that the layers have at their *original* index and writes them out, because the
/// defaults that a family computes from the new index and the new count would be others.
enum LayerRule: Sendable {
  /// A list or a string with an item per layer; left alone when the field is absent or null.
  case perLayer(String)
  /// A list with an item per layer, where this item says that the layer uses what the nearest one before it without
  /// the item computed; the two must stay together.
  case perLayerOrLent(String, String)
  /// A list with an item per layer that the family computes when the field is absent, null or empty. The function
  /// gives a layer's item as JSON, or nil where the attribute is not in play at all.
  case computed(String, @Sendable (ConfigReader, Int) -> String?)
  /// A short list that is repeated over the layers; with it the one that the family takes when the field is absent.
  case cycle(String, absent: [String])
  /// A list of the indices of the layers that have the attribute, counted from `origin`; the function gives the list
  /// that the family computes when the field is absent or null, nil where there is none.
  case indices(String, origin: Int = 0, absent: @Sendable (ConfigReader) -> [Int]? = { _ in nil })
  /// The number of leading layers that have the attribute.
  case leading(String, absent: Int? = nil)
  /// A field that gets a fixed value when it is there.
  case constant(String, String)
  /// `step` makes every step-th layer sparse except those listed; afterwards the list alone says it.
  case denseAmongSparse(step: String, dense: String)
  /// Every `period`-th layer from `offset` on has the attribute.
  case periodic(period: String, offset: String, defaultPeriod: Int, defaultOffset: Int)
  /// Layers from `start` to `end` (-1: the last) at every `interval` have the attribute.
  case span(start: String, end: String, interval: String)
  /// A number that the family divides by the square root of the layer count.
  case dividedByRootOfCount(String, absent: Double)
  /// An object whose keys are layer indices.
  case keyedByLayer(String)
  /// A list of runs `[[kinds, repetitions], ...]`; with it the kinds that take turns when the field is absent.
  case runs(String, absent: [String])
  /// A flag that makes the arithmetic depend on the index, or any other field of a family in which it always does.
  case fixesIndices(String)
  /// The last layer's item of a per-layer list must be this.
  case lastLayerMustBe(String, list: String)
  /// A count that is a multiple of the number of layers.
  case multipleOfCount(String, factor: Int)
  /// A count, list or flag that says that layers share parts; nothing can be cut then.
  case sharedLayers(String)
  /// Nothing of the family can be cut, for the reason given.
  case onePiece(String)
  /// A field that follows depth unless it has this value, as it has in all the family's models.
  case neutral(String, Int)
  /// A field that the family reads and that does not follow the layers, though it looks so.
  case independent(String)

  /// The fields that the rule takes care of, as dotted paths.
  var keys: [String] {
    switch self {
    case .perLayer(let key), .perLayerOrLent(let key, _), .computed(let key, _), .cycle(let key, _),
      .indices(let key, _, _), .leading(let key, _),
      .constant(let key, _), .dividedByRootOfCount(let key, _), .keyedByLayer(let key), .runs(let key, _),
      .fixesIndices(let key), .multipleOfCount(let key, _), .sharedLayers(let key), .neutral(let key, _),
      .independent(let key):
      [key]
    case .onePiece: []
    case .denseAmongSparse(let step, let dense): [step, dense]
    case .periodic(let period, let offset, _, _): [period, offset]
    case .span(let start, let end, let interval): [start, end, interval]
    case .lastLayerMustBe(_, let list): [list]
    }
  }
}

/// Reads fields of the decoder's object in config.json.
struct ConfigReader: Sendable {
  let object: JSONNode
  let layerCount: Int
  let config: ConfigText

  /// The spelling of a node, as it was read.
  func spelling(of node: JSONNode) -> String { config.spelling(of: node) }

  subscript(key: String) -> JSONNode? {
    key.split(separator: ".").reduce(Optional(object)) { node, part in node?[String(part)] }
  }

  /// An integer, or the default when the field is absent or null.
  func int(_ key: String, absent: Int) -> Int { self[key]?.int ?? absent }
  /// A flag, or the default when the field is absent or null.
  func bool(_ key: String, absent: Bool) -> Bool { self[key]?.bool ?? absent }
  /// Whether a field is there and not null.
  func has(_ key: String) -> Bool { self[key].map { !$0.isNull } ?? false }
}
