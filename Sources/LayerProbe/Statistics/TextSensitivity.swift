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
    let size = perDocument.count / 2
    var (correlations, jaccards): ([Double?], [Double]) = ([], [])
    for cut in 0..<cuts {
      var random = try RandomNumbers(seed: seed &+ UInt64(cut))
      let order = random.permutation(of: perDocument.count)
      let means = [order.prefix(size), order[size..<2 * size]].map { half in
        perDocument[0].indices.map { layer in half.reduce(0) { $0 + perDocument[$1][layer] } / Double(size) }
      }
      correlations.append(rankCorrelation(means[0], means[1]))
      jaccards.append(jaccard(highest(topCount, of: means[0]), highest(topCount, of: means[1])))
    }
    documents = size
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
