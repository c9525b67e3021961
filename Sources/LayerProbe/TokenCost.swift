import Decoders

/// Floating-point operations that a token costs, products only: two for each weight that it meets.
///
/// Attention over a document's other tokens is left out; at some hundred tokens it is a few percent.
public struct TokenCost: Sendable, Hashable {
  /// One layer forward.
  public let layer: Double
  /// The head.
  public let head: Double
  /// All layers and the head forward.
  public let forward: Double
  /// Forward and backward to the gradients of all layers' weights.
  public let gradients: Double

  /// The cost of a decoder.
  init(_ decoder: Decoder) {
    let weights = decoder.layers.map(\.weightsPerToken)
    let all = 2 * Double(weights.reduce(0, +))
    layer = all / Double(weights.count)
    head = 2 * Double(decoder.head.value.count)
    forward = all + head
    gradients = 3 * all + 2 * head
  }
}

extension ProbedModel {
  /// Floating-point operations of the inner products of some rows of D numbers with others, at every state.
  func stateProductFlops(of rows: Int, and others: Int) -> Double {
    2 * Double(rows) * Double(others) * Double(decoder.configuration.width * (layerCount + 1))
  }
}
