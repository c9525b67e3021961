/// How much of a ranking hangs on which documents were scored: the text cut in halves by chance, several times.
///
/// Each half ranks the layers for itself. Of the two rankings are taken Spearman's correlation and the Jaccard index of the
/// highest layers; halves of n documents are noisier than all n, so both are lower bounds of what another text of this
/// size would give.
public struct TextSensitivity: Sendable, Hashable, Codable {
  /// Documents in each half.
  public let documents: Int
  /// Of each cut: Spearman's correlation of the layers' means in the two halves; nil where one half does not vary.
  public let correlations: [Double?]
  /// Of each cut: the Jaccard index of the highest layers.
  public let jaccards: [Double]

  /// Cuts the documents in halves, a seed for each cut.
  /// - Parameters:
  ///   - perDocument: `[documents][layers]`.
  ///   - topCount: how many layers count as the highest.
  /// - Returns: nil below four documents.
  /// - Throws: `ProbeError.statistics`.
  public init?(of perDocument: [[Double]], topCount: Int, cuts: Int = 20, seed: UInt64) throws(ProbeError) {
    guard perDocument.count >= 4 else { return nil }
    var (correlations, jaccards): ([Double?], [Double]) = ([], [])
    for cut in 0..<cuts {
      let means = try halfMeans(of: perDocument, seed: seed &+ UInt64(cut))
      correlations.append(rankCorrelation(means.first, means.second))
      jaccards.append(jaccardIndex(highest(topCount, of: means.first), highest(topCount, of: means.second)))
    }
    documents = perDocument.count / 2
    self.correlations = correlations
    self.jaccards = jaccards
  }

  /// The mean Jaccard index of all cuts.
  public var meanJaccard: Double { jaccards.reduce(0, +) / Double(jaccards.count) }

  /// The mean correlation of the cuts that have one.
  public var meanCorrelation: Double? {
    let known = correlations.compactMap { $0 }
    return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }
}

/// The means over two halves of the documents, cut by chance; of an odd number of documents one is left out.
/// - Parameter values: `[documents][places]`, at least two documents.
func halfMeans(of values: [[Double]], seed: UInt64) throws(ProbeError) -> (first: [Double], second: [Double]) {
  var random = try RandomNumbers(seed: seed)
  let order = random.permutation(of: values.count)
  let size = values.count / 2
  func mean(_ documents: ArraySlice<Int>) -> [Double] {
    values[0].indices.map { place in documents.reduce(0) { $0 + values[$1][place] } / Double(size) }
  }
  return (mean(order.prefix(size)), mean(order[size..<2 * size]))
}
