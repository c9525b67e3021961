/// How one score differs between target and source, place by place: target minus source over pairs of documents.
public struct ContrastSummary: Codable, Sendable, Hashable {
  /// The unit of the differences.
  ///
  /// Scores in nats per token are compared in nats per UTF-8 byte: languages differ in tokens per byte.
  public var unit: String
  /// Pairs of documents.
  public var pairs: Int
  /// Differences of the scores.
  public var differences: Differences
  /// Differences of what share of a document's scores lies in a place: a language whose scores are all higher does not
  /// differ here.
  public var shares: Differences

  /// Means over pairs, with intervals and p-values.
  public struct Differences: Codable, Sendable, Hashable {
    /// Means.
    public var values: [Double]
    /// Lower ends of their intervals.
    public var lower: [Double]
    /// Upper ends.
    public var upper: [Double]
    /// The chance of such a difference at any place if languages did not differ (sign flips, max-T).
    public var pValues: [Double]

    enum CodingKeys: String, CodingKey {
      case values, lower, upper
      case pValues = "p"
    }

    init(_ differences: [[Double]], bootstrap: Bootstrap, test: SignFlipTest) throws(ProbeError) {
      values = differences[0].indices.map { place in
        differences.reduce(0) { $0 + $1[place] } / Double(differences.count)
      }
      let intervals = try bootstrap.intervals(of: differences)
      lower = intervals.map(\.lowerBound)
      upper = intervals.map(\.upperBound)
      pValues = try test.adjustedPValues(differences)
    }

    /// The places that differ at a level.
    public func significant(level: Double) -> [Int] { pValues.indices.filter { pValues[$0] <= level } }
  }

  /// Compares target and one source text.
  /// - Returns: nil where fewer than two pairs have both their documents scored.
  /// - Throws: `ProbeError.statistics`.
  init?(
    _ score: Score, source: Int, in scores: ProbeScores, bootstrap: Bootstrap, test: SignFlipTest
  ) throws(ProbeError) {
    let perByte = PerByte(score.description.unit)
    let (target, other) = (scores.texts[0].documents, scores.texts[source + 1].documents)
    let differences = PairedDifferences(
      target: perByte.scale(score.values(ofText: 0).perDocument, target),
      source: perByte.scale(score.values(ofText: source + 1).perDocument, other), pairing: scores.pairings[source])
    guard differences.values.count > 1 else { return nil }
    unit = perByte.unit
    pairs = differences.values.count
    self.differences = try Differences(differences.values, bootstrap: bootstrap, test: test)
    shares = try Differences(differences.ofShares, bootstrap: bootstrap, test: test)
  }
}

/// Turns scores of a loss per token into scores of a loss per UTF-8 byte.
struct PerByte {
  /// The unit that comes out.
  let unit: String
  /// By which power of a document's tokens per byte its scores are multiplied: 2 for squares of the loss.
  private let exponent: Int

  /// For scores of a unit; one without tokens stays as it is.
  init(_ unit: String) {
    exponent = unit.hasPrefix("(nats/token)^2") ? 2 : unit.hasPrefix("nats/token") ? 1 : 0
    self.unit = unit.replacing("nats/token", with: "nats/byte")
  }

  func scale(_ values: [[Double]], _ documents: [ProbeScores.Document]) -> [[Double]] {
    guard exponent > 0 else { return values }
    return zip(values, documents).map { row, document in
      let tokensPerByte = Double(document.tokenCount) / Double(document.byteCount)
      let factor = exponent == 2 ? tokensPerByte * tokensPerByte : tokensPerByte
      return row.map { factor * $0 }
    }
  }
}
