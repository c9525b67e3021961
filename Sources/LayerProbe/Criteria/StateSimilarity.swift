/// How alike the states of a text are from layer to layer: debiased linear CKA over its documents.
///
/// A document's row is the mean of its tokens' states: tokens of one document are not independent, and a few hundred rows
/// of D numbers are what the debiased estimator is for. Biased CKA is not given; it comes near 1 for anything when rows
/// are few. Kept are the values with each document left out, for the jackknife; a bootstrap would be biased by repeated
/// rows.
public struct StateSimilarity: LayerCriterion {
  /// The criterion has no settings.
  public init() {}

  /// `cka`.
  public var name: String { "cka" }

  /// The shared pass is what costs.
  public var readsResiduals: Bool { true }

  /// The Gram matrices.
  public func flops(on input: ProbeInput) -> Double {
    // Half of a product is made: it is symmetric.
    input.texts.reduce(0) { $0 + input.model.stateProductFlops(of: $1.documents.count, and: $1.documents.count) / 2 }
  }

  /// The matrix of all states, and its entries before and behind each layer; nothing when a text has fewer than five
  /// documents.
  public func measure(
    _ input: ProbeInput, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [Score] {
    guard input.texts.allSatisfy({ $0.documents.count >= DebiasedCKA.fewestRows }) else { return [] }
    let states = input.model.layerCount + 1
    var (matrices, neighbours): ([ScoreValues], [ScoreValues]) = ([], [])
    for text in input.texts.indices {
      let kernels = try input.residuals(ofText: text).kernels(ofStates: states)
      let pairs = (0..<states).flatMap { first in (first..<states).map { (first, $0) } }
      let values = DebiasedCKA.values(pairs.map { (kernels[$0], kernels[$1]) })
      let places = Dictionary(uniqueKeysWithValues: pairs.enumerated().map { ($1.0 * states + $1.1, $0) })
      func symmetric(_ upper: [Double]) -> [Double] {
        (0..<states * states).map {
          upper[places[min($0 / states, $0 % states) * states + max($0 / states, $0 % states)]!]
        }
      }
      func beside(_ upper: [Double]) -> [Double] { (0..<states - 1).map { upper[places[$0 * states + $0 + 1]!] } }
      matrices.append(values.map(symmetric))
      neighbours.append(values.map(beside))
      try progress(Double(text + 1) / Double(input.texts.count))
    }
    return [
      Score(
        description: description("cka_neighbours", "the states before and behind the layer", .layers),
        values: neighbours),
      Score(description: description("cka_states", "each pair of states", .statePairs), values: matrices),
    ]
  }

  private func description(_ name: String, _ what: String, _ axis: ScoreAxis) -> ScoreDescription {
    ScoreDescription(
      name: name, unit: "1", description: "debiased linear CKA between the documents' mean states, of \(what)",
      source: "arXiv 2405.01012", axis: axis, direction: axis == .layers ? .moreMattersLess : .descriptive,
      ranks: false, aggregation: .leaveOneOut)
  }
}

extension [DocumentResiduals] {
  /// The kernels of the documents' mean states.
  func kernels(ofStates states: Int) -> [DebiasedCKA.Kernel] {
    (0..<states).map { state in DebiasedCKA.Kernel(rows: flatMap { $0.means[state] }, count: count) }
  }
}
