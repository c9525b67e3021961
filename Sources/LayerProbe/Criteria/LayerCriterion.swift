/// A way to score layers: one file, and an entry in a probe's list.
///
/// A criterion may give several scores from the same passes. `DocumentCriterion` is the simpler form, for those that score
/// each document for itself.
public protocol LayerCriterion: Sendable {
  /// What the criterion is called while it works.
  var name: String { get }

  /// Whether it reads the residual streams that `ProbeInput` keeps, whose pass is then made first and counted apart.
  var readsResiduals: Bool { get }

  /// About how many floating-point operations `measure` takes, for the progress and the cost of a probe.
  func flops(on input: ProbeInput) -> Double

  /// Measures every layer.
  ///
  /// What a criterion changes of the model, such as which weights have gradients, it puts back.
  /// - Parameter progress: called between passes with the share of them that is done; what it throws ends the scoring.
  func measure(
    _ input: ProbeInput, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [Score]
}

extension LayerCriterion {
  /// It makes its own passes.
  public var readsResiduals: Bool { false }
}

/// A criterion that scores each document of each text for itself.
public protocol DocumentCriterion: LayerCriterion {
  /// What is scored.
  var scores: [ScoreDescription] { get }

  /// How many documents of each text are scored, from its beginning; nil for all.
  var maximumDocuments: Int? { get }

  /// Floating-point operations for each token of a document.
  func flopsPerToken(of model: ProbedModel) -> Double

  /// Scores every layer on some documents, each for itself.
  /// - Parameter progress: called between passes with the share of them that is done; what it throws ends the scoring.
  /// - Returns: `[scores][documents][places of the score's axis]`.
  func score(
    _ documents: ArraySlice<ProbeDocument>, on model: ProbedModel, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [[[Double]]]
}

extension DocumentCriterion {
  /// The first score's name.
  public var name: String { scores[0].name }

  /// All documents.
  public var maximumDocuments: Int? { nil }

  /// One forward pass.
  public func flopsPerToken(of model: ProbedModel) -> Double { model.cost.forward }

  /// The tokens of the documents that are scored, each times `flopsPerToken`.
  public func flops(on input: ProbeInput) -> Double {
    Double(input.tokenCount(ofFirst: maximumDocuments)) * flopsPerToken(of: input.model)
  }

  /// Scores the documents of all texts, as many at a time as a pass holds.
  public func measure(
    _ input: ProbeInput, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [Score] {
    let documents = input.documents(first: maximumDocuments)
    let total = documents.reduce(0) { $0 + $1.count }
    var done = 0
    var values: [[ScoreValues?]] = scores.map { _ in [] }
    for text in documents {
      var perScore = scores.map { _ in [[Double]]() }
      for group in input.model.passes(over: text) {
        let found = try score(group, on: input.model) { share throws(ProbeError) in
          try progress((Double(done) + share * Double(group.count)) / Double(total))
        }
        for index in found.indices { perScore[index] += found[index] }
        done += group.count
      }
      for index in scores.indices { values[index].append(ScoreValues(means: perScore[index])) }
    }
    return zip(scores, values).map { Score(description: $0, values: $1) }
  }
}
