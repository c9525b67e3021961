/// The scores that layers are ranked by on one text: what a larger number says already turned so that more matters more.
///
/// Only scores count that see the text and give one number per layer: weights know no language, and what two texts share
/// has no ranking of one of them.
public struct RankingEvidence: Sendable, Hashable {
  /// The text's name.
  public let text: String
  /// The scores' names.
  public let criteria: [String]
  /// `[criteria][documents][layers]`; criteria may have scored different numbers of the first documents.
  public let perDocument: [[[Double]]]
  /// `[criteria][layers]`: means over documents.
  public let means: [[Double]]

  /// The ranking scores on a text.
  public init(_ scores: ProbeScores, text: Int = 0) {
    let ranking = scores.ranking.filter {
      $0.description.subject == .text && $0.description.direction != .descriptive
        && $0.description.aggregation == .mean
    }
    self.text = scores.texts[text].name
    criteria = ranking.map(\.description.name)
    let signs = ranking.map { $0.description.direction == .moreMattersLess ? -1.0 : 1 }
    perDocument = zip(ranking, signs).map { score, sign in
      score.values(ofText: text).perDocument.map { $0.map { sign * $0 } }
    }
    means = zip(ranking, signs).map { score, sign in score.means(ofText: text).map { sign * $0 } }
  }

  /// Layers by the sum of their ranks under every criterion, the highest first; of equal layers the lower.
  public static func order(_ means: [[Double]]) -> [Int] {
    guard let first = means.first else { return [] }
    let ranks = means.map(meanRanks)
    let sums = first.indices.map { layer in ranks.reduce(0) { $0 + $1[layer] } }
    return sums.indices.sorted { (sums[$0], $1) > (sums[$1], $0) }
  }

  /// The means of every criterion in each draw of documents, `[draws][criteria][layers]`; criteria that scored the same
  /// documents have the same draws.
  func draws(_ bootstrap: Bootstrap) throws(ProbeError) -> [[[Double]]] {
    var known: [Int: DocumentDraws] = [:]
    var byCriterion: [[[Double]]] = []
    for values in perDocument {
      if known[values.count] == nil { known[values.count] = try bootstrap.draws(documents: values.count) }
      byCriterion.append(known[values.count]!.means(of: values))
    }
    return (0..<bootstrap.resamples).map { draw in byCriterion.map { $0[draw] } }
  }
}
