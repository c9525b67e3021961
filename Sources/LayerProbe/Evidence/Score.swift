/// One score with all its values.
public struct Score: Sendable, Hashable {
  /// What it is.
  public let description: ScoreDescription
  /// For a score of texts one entry for each text, for a contrast one for each source text (entry i compares text 0, the
  /// target, with text i + 1), for weights one.
  ///
  /// nil where it could not be measured: a contrast of parallel documents between texts that are not parallel.
  public let values: [ScoreValues?]

  /// A score's values, as many as its subject has.
  public init(description: ScoreDescription, values: [ScoreValues?]) {
    self.description = description
    self.values = values
  }

  /// The values on text `text` of a score of texts.
  public func values(ofText text: Int) -> ScoreValues {
    precondition(description.subject == .text, "\(description.name) is no score of single texts")
    return values[text]!
  }

  /// The numbers for all documents of text `text` of a score of texts, by place of the axis.
  public func means(ofText text: Int) -> [Double] { values(ofText: text).estimate }
}

/// The numbers of one score on one subject.
public struct ScoreValues: Sendable, Hashable {
  /// By place of the score's axis.
  public let estimate: [Double]
  /// `[documents][places]`: row d is of the d-th scored document, or pair of documents.
  ///
  /// A score may be measured on the first documents only, and then has fewer rows. With `ScoreAggregation.mean` each
  /// document's own numbers; with `.leaveOneOut` those of all others. Empty for scores of weights.
  public let perDocument: [[Double]]

  /// Numbers of each document; their mean is the estimate.
  public init(means perDocument: [[Double]]) {
    precondition(!perDocument.isEmpty, "values of no document")
    self.perDocument = perDocument
    estimate = perDocument[0].indices.map { place in
      perDocument.reduce(0) { $0 + $1[place] } / Double(perDocument.count)
    }
  }

  /// A number for all documents, and the numbers with each document left out.
  public init(estimate: [Double], leavingOut perDocument: [[Double]]) {
    self.estimate = estimate
    self.perDocument = perDocument
  }

  /// Other numbers from these, place by place or rearranged: the same for all and for each document.
  func map(_ transform: ([Double]) -> [Double]) -> ScoreValues {
    ScoreValues(estimate: transform(estimate), leavingOut: perDocument.map(transform))
  }

  /// Numbers that no document has a part in.
  public init(ofWeights estimate: [Double]) {
    self.init(estimate: estimate, leavingOut: [])
  }
}
