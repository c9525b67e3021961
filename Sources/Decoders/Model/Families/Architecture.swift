import Checkpoints

/// A family of decoders as data: how its tensors and config keys are named, and which switches it sets.
///
/// One decoder implementation interprets these descriptions. The families stand beside this file, a few to a file.
public struct Architecture: Sendable {
  /// The values of `model_type` in config.json.
  public let modelTypes: [String]
  var names = TensorNames()
  /// Other names of config keys, by the name that is used here.
  var spellings: [String: [String]] = [:]
  /// What `transformers` takes for an absent config key, where that is not what this decoder takes for Llama.
  var defaults: [String: ConfigDefault] = [:]
  var traits = DecoderTraits()
  /// Which layers attend within a window.
  var windows = WindowRule.none
  /// Which layers rotate queries and keys.
  var rotaryLayers = RotaryRule.all
  /// What the family makes of its own config keys, on top of the above.
  var adjust: @Sendable (inout DecoderConfiguration, ConfigKeys) throws(DecoderError) -> Void = { _, _ in }

  /// The families that can be computed.
  public static let all: [Architecture] =
    llamaLike + gemmas + normedQueries + fused + parallel + gptLike + experts

  /// The families that can be computed, by `model_type`.
  public static let known: [String: Architecture] = Dictionary(
    uniqueKeysWithValues: all.flatMap { architecture in architecture.modelTypes.map { ($0, architecture) } })
}

/// Which layers attend within a window of `sliding_window` tokens.
enum WindowRule: Sendable {
  case none
  /// All, where `sliding_window` is set.
  case everywhere
  /// Those that `layer_types` names; without it, those of the pattern.
  case byLayer(@Sendable (ConfigKeys, Int) -> Bool)
}

/// Which layers rotate queries and keys.
enum RotaryRule: Sendable {
  case all
  /// All, each by the parameters that `rope_parameters` has for its kind of attention; in the old spelling layers within
  /// a window are not stretched and have a base of their own, under this key or, without one, the family's default.
  case byAttention(windowedBase: String?)
  /// Those within a window.
  case windowed
  /// Those within a window, or all where the model has none.
  case windowedOrAll
  /// Those that `no_rope_layers` marks 1; without it, all but every `no_rope_layer_interval`-th.
  case listed
}
