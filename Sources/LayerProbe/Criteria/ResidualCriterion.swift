/// A criterion that scores each document from what the shared pass keeps of its residual stream.
public protocol ResidualCriterion: LayerCriterion {
  /// What is scored; every score is one of texts.
  var scores: [ScoreDescription] { get }

  /// Scores every layer, or state, on one document.
  /// - Returns: `[scores][places of the score's axis]`.
  func score(_ residuals: DocumentResiduals) -> [[Double]]
}

extension ResidualCriterion {
  /// The first score's name.
  public var name: String { scores[0].name }

  /// The shared pass is all that is needed.
  public var readsResiduals: Bool { true }

  /// Nothing to speak of.
  public func flops(on input: ProbeInput) -> Double { 0 }

  /// Scores all documents of all texts.
  public func measure(
    _ input: ProbeInput, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [Score] {
    var values: [[ScoreValues?]] = scores.map { _ in [] }
    for text in input.texts.indices {
      let documents = try input.residuals(ofText: text).map(score)
      for index in scores.indices { values[index].append(ScoreValues(means: documents.map { $0[index] })) }
    }
    try progress(1)
    return zip(scores, values).map { Score(description: $0, values: $1) }
  }
}
