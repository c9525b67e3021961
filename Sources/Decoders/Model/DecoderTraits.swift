/// The switches of a decoder: everything about its arithmetic that is no number.
///
/// The defaults are Llama's.
struct DecoderTraits: Sendable, Hashable {
  var norm = NormKind.rms
  var placement = NormPlacement.before
  var queryKeyNorm = QueryKeyNorm.none
  var attentionInput = AttentionInput.separate
  var mlp = MLPInput.gated
  var activation = Activation.silu
  var positions = PositionKind.rotary(.halves)
  /// Which projections have a bias.
  var biases: Set<BiasPlace> = []
  /// Whether products are `x w` with `w` stored `[inputs, outputs]`, as in GPT-2's Conv1D.
  var isTransposed = false
  /// Whether a norm follows the embedding.
  var hasEmbeddingNorm = false
}

/// What a norm does to a row.
enum NormKind: Sendable, Hashable {
  /// `w x / rms(x)`.
  case rms
  /// `(1 + w) x / rms(x)`.
  case rmsPlusOne
  /// `w (x - mean) / deviation`.
  case layer
  /// `w (x - mean) / deviation + b`.
  case layerWithBias
}

/// Where norms stand in a block.
enum NormPlacement: Sendable, Hashable {
  /// `x' = x + attention(norm(x))`, `x'' = x' + mlp(norm(x'))`.
  case before
  /// `x' = x + norm(attention(x))`, `x'' = x' + norm(mlp(x'))`.
  case after
  /// `x' = x + norm(attention(norm(x)))`, `x'' = x' + norm(mlp(norm(x')))`.
  case around
  /// `x'' = x + attention(norm₁(x)) + mlp(norm₂(x))`.
  case parallel
  /// `x'' = x + attention(norm(x)) + mlp(norm(x))`.
  case parallelShared

  var isParallel: Bool { self == .parallel || self == .parallelShared }
  var hasAttentionNorm: Bool { self != .after }
  var hasMLPNorm: Bool { self != .after && self != .parallelShared }
  var hasPostNorms: Bool { self == .after || self == .around }
}

/// Norms on queries and keys, before they are rotated.
enum QueryKeyNorm: Sendable, Hashable {
  case none
  /// RMS over each head with one weight of d for all.
  case heads
  /// RMS over all heads together with a weight of H·d or K·d.
  case width
  /// LayerNorm over each head with a weight of its own: one tensor `[heads, d]`.
  case weightPerHead
  /// The same with a tensor for each head, `#h` in the name standing for its index.
  case tensorPerHead
}

/// How the projections to queries, keys and values are stored.
enum AttentionInput: Sendable, Hashable {
  /// A tensor for each.
  case separate
  /// The rows of one tensor: first all queries, then all keys, then all values.
  case rows
  /// One product, of whose columns first come all queries, then all keys, then all values.
  case columns
  /// One product, of whose columns there come for each key-value head its queries, its key, its value.
  case groups
}

/// How an MLP begins.
enum MLPInput: Sendable, Hashable {
  /// `act(gate) up` with a tensor for each.
  case gated
  /// The same from one tensor, of whose rows the first half makes gate.
  case gatedRows
  /// `act(up)`.
  case plain

  var isGated: Bool { self != .plain }
}

/// How tokens know where they are.
enum PositionKind: Sendable, Hashable {
  case rotary(RotaryPairing)
  /// A table added to the embedding, whose row `position + offset` is taken.
  case learned(offset: Int)
  /// The same with sines and cosines.
  case sinusoidal(offset: Int)
  /// A bias of attention that falls with distance.
  case alibi(AlibiRule)
}

/// How ALiBi's biases are made.
enum AlibiRule: Sendable, Hashable {
  /// As in BLOOM, added to scaled scores.
  case afterScale
  /// As in Falcon: rounded to bf16, added before scores are scaled.
  case beforeScaleRounded
}

/// A projection that may have a bias.
enum BiasPlace: Sendable, Hashable {
  case query, key, value, output, mlpInput, mlpOutput
}

extension Set<BiasPlace> {
  static let attentionInput: Set = [.query, .key, .value]
  static let attention: Set = [.query, .key, .value, .output]
  static let mlp: Set = [.mlpInput, .mlpOutput]
  static let everywhere: Set = [.query, .key, .value, .output, .mlpInput, .mlpOutput]
}
