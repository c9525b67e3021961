/// Scores the layers of a model on texts, document by document.
public struct Probe: Sendable {
  /// What layers are scored by, in this order.
  public let criteria: [any LayerCriterion]

  /// Every criterion, on as many documents that 64 pairs of 256 tokens of a model of 135 million parameters take less than
  /// ten minutes on two cores; docs/probe.md has the budget.
  public static let standardCriteria: [any LayerCriterion] = [
    BlockInfluence(), AngularDistance(), StateSimilarity(), LanguageSimilarity(), Retrieval(), LogitLens(),
    WeightSignal(), Gradients(), Ablation(maximumDocuments: 32), Ablation(.attention, maximumDocuments: 8),
    Ablation(.mlp, maximumDocuments: 8), Ablation(.variation, maximumDocuments: 8),
  ]

  /// A probe with a list of criteria.
  public init(criteria: [any LayerCriterion] = Probe.standardCriteria) {
    precondition(!criteria.isEmpty, "a probe without criteria")
    self.criteria = criteria
  }

  /// Runs every criterion over every text.
  /// - Parameters:
  ///   - texts: at least one, the target first.
  ///   - inOrder: whether documents without ids are parallel by their places.
  ///   - progress: called between passes with what is scored and the share of the arithmetic that is done; returning
  ///     false stops.
  /// - Throws: as `ProbeInput.init` and the criteria; `ProbeError.notFinite`, `.interrupted`.
  public func run(
    _ texts: [ProbeText], on model: ProbedModel, inOrder: Bool = false,
    progress: (_ criterion: String, _ share: Double) -> Bool = { _, _ in true }
  ) throws(ProbeError) -> ProbeScores {
    let input = try ProbeInput(model: model, texts: texts, inOrder: inOrder)
    let costs = criteria.map { $0.flops(on: input) }
    let shared = criteria.contains(where: \.readsResiduals) ? input.residualFlops : 0
    // A criterion of one's own may say that it costs nothing.
    let total = max(1, costs.reduce(shared, +))
    if shared > 0 {
      try input.prepareResiduals { share throws(ProbeError) in
        guard progress("residual stream", share * shared / total) else { throw .interrupted }
      }
    }
    var done = shared
    var scores: [Score] = []
    for (criterion, cost) in zip(criteria, costs) {
      scores += try criterion.measure(input) { share throws(ProbeError) in
        guard progress(criterion.name, (done + share * cost) / total) else { throw .interrupted }
      }
      done += cost
    }
    let result = ProbeScores(
      texts: texts.map(ProbeScores.Text.init), pairings: input.pairings, layerCount: model.layerCount,
      tensors: model.decoder.layers.flatMap { $0.parameters.map(\.name) }, scores: scores)
    try result.requireFinite()
    return result
  }
}
