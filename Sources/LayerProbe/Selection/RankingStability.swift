/// How far the layers that all criteria together rank highest depend on which documents were scored.
public struct RankingStability: Sendable, Hashable, Codable {
  /// How often a text is cut, unless said otherwise.
  public static let standardCuts = 20

  /// The share of draws of documents in which each layer is among the chosen ones.
  public var selectedShares: [Double]
  /// Documents in each half of the text.
  public var halfDocuments: Int
  /// The mean over random cuts of the text in halves of the Jaccard index of the two halves' choices; null below four
  /// documents.
  public var jaccard: Double?
  /// The least and greatest Jaccard index of any cut.
  public var jaccardRange: [Double]
  /// How many cuts.
  public var cuts: Int

  enum CodingKeys: String, CodingKey {
    case cuts, jaccard
    case selectedShares = "selected_shares"
    case halfDocuments = "half_documents"
    case jaccardRange = "jaccard_range"
  }

  /// From draws of the documents, and from cuts of the text in halves.
  /// - Parameter draws: means by criterion, `[draws][criteria][layers]`.
  /// - Throws: `ProbeError.statistics`.
  init(
    _ evidence: RankingEvidence, draws: [[[Double]]], _ bootstrap: Bootstrap, budget: LayerBudget,
    model: ModelOutline, cuts: Int
  ) throws(ProbeError) {
    func choice(_ means: [[Double]]) -> [Int] { budget.choose(from: RankingEvidence.order(means), of: model) }
    var counts = Array(repeating: 0, count: model.layerCount)
    for means in draws {
      for layer in choice(means) { counts[layer] += 1 }
    }
    selectedShares = counts.map { Double($0) / Double(max(draws.count, 1)) }
    self.cuts = cuts
    let documents = evidence.perDocument.map(\.count).min() ?? 0
    halfDocuments = documents / 2
    guard documents >= 4 else {
      (jaccard, jaccardRange) = (nil, [])
      return
    }
    var indices: [Double] = []
    for cut in 0..<cuts {
      let seed = bootstrap.seed &+ UInt64(cut)
      let halves = try evidence.halves(seed: seed)
      indices.append(jaccardIndex(choice(halves.0), choice(halves.1)))
    }
    jaccard = indices.reduce(0, +) / Double(cuts)
    jaccardRange = [indices.min()!, indices.max()!]
  }
}

extension RankingEvidence {
  /// The means over the two halves of a random cut of each criterion's documents; criteria that scored as many documents
  /// are cut alike.
  fileprivate func halves(seed: UInt64) throws(ProbeError) -> ([[Double]], [[Double]]) {
    var (first, second): ([[Double]], [[Double]]) = ([], [])
    for values in perDocument {
      let means = try halfMeans(of: values, seed: seed)
      first.append(means.first)
      second.append(means.second)
    }
    return (first, second)
  }
}
