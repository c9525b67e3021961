/// How far criteria order the layers of a model alike, with intervals from drawing documents anew.
///
/// Draws add noise to every ranking, so that agreement in draws lies lower than in the text itself: intervals reach further
/// down than up.
public struct CriteriaAgreement: Sendable, Hashable, Codable {
  /// A number and between which values it lies.
  public struct Value: Sendable, Hashable, Codable {
    /// For all documents.
    public var value: Double
    /// Lower and upper end.
    public var interval: [Double]
  }

  /// The text.
  public var text: String
  /// Names in the order of rows and columns.
  public var criteria: [String]
  /// Spearman correlations, `[criteria][criteria]`; null where a criterion does not vary.
  public var spearman: [[Value?]]
  /// The mean over pairs of different criteria; null when there is none.
  public var mean: Value?
  /// Kendall's coefficient of concordance W; null for fewer than two criteria.
  public var w: Value?
  /// The chance of at least this W between unrelated criteria (Friedman's test).
  public var pValue: Double?

  enum CodingKeys: String, CodingKey {
    case text, criteria, spearman, mean, w
    case pValue = "p"
  }

  /// Compares the criteria on their means and on draws of the documents, `[draws][criteria][layers]`.
  init(_ evidence: RankingEvidence, draws: [[[Double]]], _ bootstrap: Bootstrap) {
    text = evidence.text
    criteria = evidence.criteria
    let whole = Self.matrix(evidence.means)
    let drawn = draws.map(Self.matrix)
    func value(_ estimate: Double?, _ values: [Double?]) -> Value? {
      guard let estimate else { return nil }
      let (low, high) = bootstrap.interval(ofDraws: values.compactMap { $0 } + [estimate])
      return Value(value: estimate, interval: [min(low, estimate), max(high, estimate)])
    }
    spearman = whole.indices.map { row in
      whole.indices.map { column in value(whole[row][column], drawn.map { $0[row][column] }) }
    }
    mean = value(Self.mean(whole), drawn.map(Self.mean))
    let concordance = Concordance(of: evidence.means)
    w = value(concordance?.w, draws.map { Concordance(of: $0)?.w })
    pValue = concordance?.pValue
  }

  private static func matrix(_ means: [[Double]]) -> [[Double?]] {
    var matrix = means.map { _ in means.map { _ in nil as Double? } }
    for row in means.indices {
      for column in 0...row {
        matrix[row][column] = rankCorrelation(means[row], means[column])
        matrix[column][row] = matrix[row][column]
      }
    }
    return matrix
  }

  private static func mean(_ matrix: [[Double?]]) -> Double? {
    let pairs = matrix.indices.flatMap { row in (0..<row).compactMap { matrix[row][$0] } }
    return pairs.isEmpty ? nil : pairs.reduce(0, +) / Double(pairs.count)
  }
}
