/// Rows over which attention looks: the queries are the last `queries.count` rows of `keys`' tokens.
public struct AttentionSpan: Sendable, Hashable {
  /// Rows of `q` and `o`.
  public let queries: Range<Int>
  /// Rows of `k` and `v`, at least as many.
  public let keys: Range<Int>

  /// A span; training has the same rows for both, generation one new query row after many keys.
  public init(queries: Range<Int>, keys: Range<Int>) {
    precondition(queries.count <= keys.count, "\(queries.count) queries over \(keys.count) keys")
    self.queries = queries
    self.keys = keys
  }
}

/// The head layout of an attention operation.
public struct AttentionHeads: Sendable {
  /// Query heads H.
  public let queryHeads: Int
  /// Key-value heads K; each serves H / K query heads (arXiv 2305.13245).
  public let keyValueHeads: Int
  /// Width d of a head.
  public let width: Int
  /// What products of queries and keys are multiplied by, usually 1/√d.
  public let scale: Float
  /// How many keys a query sees, its own included; nil for all before it.
  public var window: Int?
  /// Scores are `cap tanh(scale q kᵀ / cap)` if there is a cap.
  public var cap: Float?
  /// `[H, P]`, added to a head's scores of each of the P first keys of a span (ALiBi, arXiv 2108.12409).
  public var keyBias: Tensor?
}

/// Cosines and sines of every position up to a limit, on a device.
public struct RotaryTable: Sendable {
  /// `[positions, rotated/2]`.
  public let cosines: Tensor
  /// `[positions, rotated/2]`.
  public let sines: Tensor
  /// Width d of a head.
  public let headWidth: Int
  /// Which channels make a pair.
  public let pairing: RotaryPairing
  /// How many of a head's channels are rotated, from its first on.
  public var rotatedWidth: Int { 2 * cosines.columns }
}

/// Which channels of a head are rotated together.
public enum RotaryPairing: Sendable, Hashable {
  /// The first half with the second: i with i + rotated/2.
  case halves
  /// Neighbours: 2i with 2i + 1.
  case neighbours
}

/// The nonlinearity of an MLP.
public enum Activation: Sendable, Hashable {
  /// x sigmoid(x).
  case silu
  /// x Φ(x), Φ the normal distribution's integral.
  case gelu
  /// The approximation of GELU by tanh.
  case geluTanh
  /// max(x, 0).
  case relu
}

/// Which tokens go to which experts, see `Device.route`.
public struct ExpertRouting: Sendable {
  /// The token of each visit, one row of N·k integers, sorted by expert, then by token.
  public let tokens: Tensor
  /// What the expert's output counts for, one row of N·k.
  public let weights: Tensor
  /// The visits of each expert, in the order of experts.
  public let visits: [Range<Int>]

  /// A routing; devices make these.
  public init(tokens: Tensor, weights: Tensor, visits: [Range<Int>]) {
    self.tokens = tokens
    self.weights = weights
    self.visits = visits
  }
}

/// Columns that are copied, see `Device.copyColumns`.
public struct ColumnRange: Sendable, Hashable {
  /// The first column in the source.
  public let source: Int
  /// The first column in the destination.
  public let destination: Int
  /// How many.
  public let count: Int

  /// Columns in the other direction.
  public var reversed: ColumnRange { ColumnRange(source: destination, destination: source, count: count) }
}
