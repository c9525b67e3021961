import Decoders

/// Cross-lingual retrieval (MEXA, arXiv 2410.05873): the share of parallel pairs whose partners are nearer to each other
/// than either is to any other document of the other language, by the cosine of their mean states.
///
/// A pair counts 1 when `cos(i, i)` exceeds every `cos(i, j)` and `cos(j, i)`, else 0; chance is about one over the number
/// of pairs, so values with different numbers of pairs do not compare. Without parallel documents there is no value.
public struct Retrieval: LayerCriterion {
  /// The criterion has no settings.
  public init() {}

  /// `retrieval`.
  public var name: String { "retrieval" }

  /// The shared pass is what costs.
  public var readsResiduals: Bool { true }

  /// The cosines of all documents with all.
  public func flops(on input: ProbeInput) -> Double {
    input.pairings.reduce(0) { $0 + input.model.stateProductFlops(of: $1.count, and: $1.count) }
  }

  /// One value for each state, pair and source text; nothing without source texts.
  public func measure(
    _ input: ProbeInput, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [Score] {
    guard !input.pairings.isEmpty else { return [] }
    var values: [ScoreValues?] = []
    for (source, pairing) in input.pairings.enumerated() {
      guard pairing.isParallel, pairing.count >= 2 else {
        values.append(nil)
        continue
      }
      let target = try input.residuals(ofText: 0)
      let other = try input.residuals(ofText: source + 1)
      let byState = (0...input.model.layerCount).map { state in
        Self.found(pairing.target.map { target[$0].means[state] }, pairing.source.map { other[$0].means[state] })
      }
      values.append(ScoreValues(means: (0..<pairing.count).map { pair in byState.map { $0[pair] ? 1 : 0 } }))
      try progress(Double(source + 1) / Double(input.pairings.count))
    }
    let description = ScoreDescription(
      name: name, unit: "share of pairs",
      description:
        "1 for a parallel pair whose mean states are nearer by cosine to each other than to any other document "
        + "of the other language, else 0",
      source: "arXiv 2410.05873", axis: .states, subject: .contrast, direction: .descriptive, ranks: false)
    return [Score(description: description, values: values)]
  }

  /// Whether each pair of rows finds each other.
  static func found(_ target: [[Double]], _ source: [[Double]]) -> [Bool] {
    func directions(_ rows: [[Double]]) -> [Double] {
      rows.flatMap { row in
        let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return row.map { norm > 0 ? $0 / norm : 0 }
      }
    }
    let n = target.count
    let cosines = LinearAlgebra.products(directions(target), count: n, directions(source), count: n)
    return (0..<n).map { pair in
      (0..<n).allSatisfy { other in
        other == pair
          || cosines[pair * n + pair] > max(cosines[pair * n + other], cosines[other * n + pair])
      }
    }
  }
}
