/// One score of a report: what it is, its numbers for all documents, and between which values they lie.
public struct ScoreSummary: Codable, Sendable, Hashable {
  /// What it is.
  public var score: ScoreDescription
  /// Its place among the scores of the probe.
  public var position: Int
  /// Its numbers on each subject: a text by its name, a contrast by the name of its source text, or `weights`.
  public var subjects: [String: Numbers]

  /// Numbers by place of the score's axis, row-major where it has two dimensions.
  public struct Numbers: Codable, Sendable, Hashable {
    /// For all documents.
    public var values: [Double]
    /// Lower ends of their intervals; absent for weights.
    public var lower: [Double]?
    /// Upper ends.
    public var upper: [Double]?
    /// The share of draws of documents in which a layer is among the highest, as many as are selected: only for scores
    /// that layers are ranked by.
    public var topShares: [Double]?
    /// The text cut in halves: only for scores that layers are ranked by.
    public var sensitivity: TextSensitivity?
    /// Each document's own numbers, `[documents][layers]`: only for scores that layers are ranked by; the archive has all.
    public var documents: [[Double]]?

    enum CodingKeys: String, CodingKey {
      case values, lower, upper, sensitivity, documents
      case topShares = "top_shares"
    }
  }

  /// Summarises a score.
  /// - Parameters:
  ///   - subjects: what its subjects are called.
  ///   - topCount: how many layers are selected.
  /// - Throws: `ProbeError.statistics`.
  init(
    _ score: Score, position: Int, subjects: [String], topCount: Int, bootstrap: Bootstrap
  ) throws(ProbeError) {
    self.score = score.description
    self.position = position
    self.subjects = [:]
    for (name, values) in zip(subjects, score.values) {
      guard let values else { continue }
      self.subjects[name] = try Self.numbers(values, of: score.description, topCount, bootstrap)
    }
  }

  private static func numbers(
    _ values: ScoreValues, of score: ScoreDescription, _ topCount: Int, _ bootstrap: Bootstrap
  ) throws(ProbeError) -> Numbers {
    var numbers = Numbers(values: values.estimate)
    guard values.perDocument.count > 1 else { return numbers }
    let intervals =
      switch score.aggregation {
      case .mean: try bootstrap.intervals(of: values.perDocument)
      case .leaveOneOut:
        Jackknife(confidence: bootstrap.confidence).intervals(of: values.estimate, leavingOut: values.perDocument)
      }
    numbers.lower = intervals.map(\.lowerBound)
    numbers.upper = intervals.map(\.upperBound)
    guard score.ranks, score.axis == .layers, score.aggregation == .mean else { return numbers }
    numbers.topShares = try bootstrap.topShares(of: values.perDocument, count: topCount)
    numbers.sensitivity = try TextSensitivity(of: values.perDocument, topCount: topCount, seed: bootstrap.seed)
    numbers.documents = values.perDocument
    return numbers
  }
}
