/// How alike the states of parallel documents are in two languages: debiased linear CKA at each state, over the pairs.
///
/// High in the layers where a model works on meaning, low where it reads and writes a language. Rows are documents' mean
/// states, as in `StateSimilarity`. Without parallel documents, or with fewer than five pairs, there is no value.
public struct LanguageSimilarity: LayerCriterion {
  /// The criterion has no settings.
  public init() {}

  /// `cka_languages`.
  public var name: String { "cka_languages" }

  /// The shared pass is what costs.
  public var readsResiduals: Bool { true }

  /// The Gram matrices.
  public func flops(on input: ProbeInput) -> Double {
    input.pairings.reduce(0) { $0 + input.model.stateProductFlops(of: $1.count, and: $1.count) }
  }

  /// One value for each state and source text; nothing without source texts.
  public func measure(
    _ input: ProbeInput, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [Score] {
    guard !input.pairings.isEmpty else { return [] }
    let states = input.model.layerCount + 1
    var values: [ScoreValues?] = []
    for (source, pairing) in input.pairings.enumerated() {
      guard pairing.isParallel, pairing.count >= DebiasedCKA.fewestRows else {
        values.append(nil)
        continue
      }
      let target = try input.residuals(ofText: 0)
      let other = try input.residuals(ofText: source + 1)
      values.append(
        DebiasedCKA.values(
          Array(
            zip(
              pairing.target.map { target[$0] }.kernels(ofStates: states),
              pairing.source.map { other[$0] }.kernels(ofStates: states)))))
      try progress(Double(source + 1) / Double(input.pairings.count))
    }
    let description = ScoreDescription(
      name: name, unit: "1",
      description: "debiased linear CKA between the mean states of parallel documents in target and source",
      source: "arXiv 2405.01012", axis: .states, subject: .contrast, direction: .descriptive, ranks: false,
      aggregation: .leaveOneOut)
    return [Score(description: description, values: values)]
  }
}
