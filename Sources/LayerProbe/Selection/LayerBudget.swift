/// How much of a model is to be trained.
public enum LayerBudget: Sendable, Hashable {
  /// So many layers.
  case layers(Int)
  /// Layers with at most this share of all weights of the model, embedding and head included.
  case fraction(Double)

  /// The layers that are taken when they are wanted in this order: each that still fits, ascending.
  /// - Parameter order: every layer once, the most wanted first.
  public func choose(from order: [Int], of model: ModelOutline) -> [Int] {
    switch self {
    case .layers(let count): return order.prefix(count).sorted()
    case .fraction(let share):
      return Self.fill(Int(share * Double(model.parameters)), from: order, of: model)
    }
  }

  /// The layers that are taken when they are wanted in this order and have at most so many weights together, ascending.
  static func fill(_ parameters: Int, from order: [Int], of model: ModelOutline) -> [Int] {
    var left = parameters
    return order.filter { layer in
      let cost = model.layers[layer].parameters
      guard cost <= left else { return false }
      left -= cost
      return true
    }.sorted()
  }

  /// Layers from both ends inwards, first and last first: the order that ELO (arXiv 2601.03648) takes.
  public static func endsInwards(layerCount: Int) -> [Int] {
    (0..<layerCount).map { $0.isMultiple(of: 2) ? $0 / 2 : layerCount - 1 - $0 / 2 }
  }

  /// First and last layer, or what more or less of the ends the budget allows.
  public func ends(of model: ModelOutline) -> [Int] {
    choose(from: Self.endsInwards(layerCount: model.layerCount), of: model)
  }

  /// Refuses a budget that leaves nothing to choose.
  /// - Throws: `ProbeError.badBudget` when no layer fits, or more are asked for than there are.
  public func check(for model: ModelOutline) throws(ProbeError) {
    switch self {
    case .layers(let count):
      guard (1...model.layerCount).contains(count) else {
        throw .badBudget(.layers(asked: count, layerCount: model.layerCount))
      }
    case .fraction(let share):
      let smallest = model.layers.map { Double($0.parameters) }.min()! / Double(model.parameters)
      guard share >= smallest, share <= 1 else { throw .badBudget(.fraction(asked: share, smallestLayer: smallest)) }
    }
  }

  /// The budget in words.
  public var words: String {
    switch self {
    case .layers(1): "1 layer"
    case .layers(let count): "\(count) layers"
    case .fraction(let share): "layers with at most \(share) of the model's weights"
    }
  }
}
