/// The weights of one layer, in the roles that its family gives them.
public struct DecoderLayer {
  /// Its place, from the bottom up.
  public let index: Int
  /// Before attention.
  public let attentionNorm: Norm?
  /// To queries, keys and values.
  public let attentionInput: QueryKeyValue
  /// On queries, before they are rotated.
  public let queryNorm: Norm?
  /// On keys, before they are rotated.
  public let keyNorm: Norm?
  /// `[D, H·d]`.
  public let output: Projection
  /// On what attention gives.
  public let attentionPostNorm: Norm?
  /// Before the MLP; nil where it has attention's or none.
  public let mlpNorm: Norm?
  /// The MLP, or the experts in its place.
  public let mlp: FeedForward
  /// On what the MLP gives.
  public let mlpPostNorm: Norm?

  /// All weights once, in the order of computation.
  public var parameters: [Parameter] { attentionParameters + mlpParameters }

  /// The products with weights that low-rank adapters can change, in the order of computation.
  var adaptableProjections: [Projection] { attentionInput.projections + [output] + mlp.adaptableProjections }

  /// Elements of the matrices that one token meets, which with experts are fewer than there are: half of a forward pass's
  /// operations.
  public var weightsPerToken: Int {
    (attentionInput.projections + [output]).reduce(mlp.weightsPerToken) { $0 + $1.inputs * $1.outputs }
  }

  /// The norms there are.
  public var norms: [Norm] {
    [attentionNorm, queryNorm, keyNorm, attentionPostNorm, mlpNorm, mlpPostNorm].compactMap(\.self)
  }

  /// Those of attention, its norms included; also the norm that attention and MLP share in some parallel blocks.
  public var attentionParameters: [Parameter] {
    ((attentionNorm?.parameters ?? []) + attentionInput.parameters + (queryNorm?.parameters ?? [])
      + (keyNorm?.parameters ?? []) + output.parameters + (attentionPostNorm?.parameters ?? [])).uniqued()
  }

  /// Those of the MLP, its norms included.
  public var mlpParameters: [Parameter] {
    ((mlpNorm?.parameters ?? []) + mlp.parameters + (mlpPostNorm?.parameters ?? [])).uniqued()
  }
}

/// The projections to queries, keys and values.
public enum QueryKeyValue {
  /// Each by a product of its own.
  case separate(query: Projection, key: Projection, value: Projection)
  /// One product, whose columns are then sorted.
  case fused(Projection, order: FusedColumns)

  var parameters: [Parameter] {
    switch self {
    case .separate(let query, let key, let value):
      [query.weight, key.weight, value.weight] + [query.bias, key.bias, value.bias].compactMap(\.self)
    case .fused(let projection, _): projection.parameters
    }
  }

  /// Whether backward passes need the input.
  var isReached: Bool { parameters.contains(where: \.isReached) }

  var projections: [Projection] {
    switch self {
    case .separate(let query, let key, let value): [query, key, value]
    case .fused(let projection, _): [projection]
    }
  }
}

/// Where queries, keys and values stand in the columns of a fused product.
public struct FusedColumns: Sendable, Hashable {
  let query: [ColumnRange]
  let key: [ColumnRange]
  let value: [ColumnRange]

  /// First all queries, then all keys, then all values.
  static func blocks(_ heads: AttentionHeads) -> FusedColumns {
    let (queries, keys) = (heads.queryHeads * heads.width, heads.keyValueHeads * heads.width)
    return FusedColumns(
      query: [ColumnRange(source: 0, destination: 0, count: queries)],
      key: [ColumnRange(source: queries, destination: 0, count: keys)],
      value: [ColumnRange(source: queries + keys, destination: 0, count: keys)])
  }

  /// For each key-value head its queries, its key, its value.
  static func groups(_ heads: AttentionHeads) -> FusedColumns {
    let (d, group) = (heads.width, heads.queryHeads / heads.keyValueHeads)
    let starts = (0..<heads.keyValueHeads).map { ($0, $0 * (group + 2) * d) }
    return FusedColumns(
      query: starts.map { ColumnRange(source: $1, destination: $0 * group * d, count: group * d) },
      key: starts.map { ColumnRange(source: $1 + group * d, destination: $0 * d, count: d) },
      value: starts.map { ColumnRange(source: $1 + (group + 1) * d, destination: $0 * d, count: d) })
  }
}

/// A feed-forward network: `down(act(gate(x)) up(x))`, or `down(act(up(x)))` without a gate.
public struct MLP {
  /// `[I, D]`.
  public let gate: Projection?
  /// `[I, D]`.
  public let up: Projection
  /// `[D, I]`.
  public let down: Projection
  let activation: Activation

  var parameters: [Parameter] { ((gate?.parameters ?? []) + up.parameters + down.parameters).uniqued() }
}

extension [Parameter] {
  /// Each parameter where it stands first: projections may share one.
  func uniqued() -> [Parameter] {
    var seen: Set<ObjectIdentifier> = []
    return filter { seen.insert(ObjectIdentifier($0)).inserted }
  }
}
