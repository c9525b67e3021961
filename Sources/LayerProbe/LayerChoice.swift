import Foundation

/// Which layers a probe would train, and how far its criteria support that.
///
/// Layers are ranked by the mean of their ranks under every ranking score on the target text. Only when the criteria agree
/// (mean pairwise Spearman correlation of at least `agreementNeeded`) is that ranking used; otherwise the choice is first
/// and last, as in ELO (arXiv 2601.03648).
public struct LayerChoice: Sendable, Hashable {
  /// The mean correlation below which the criteria give no ranking, by convention that of moderate agreement.
  public static let agreementNeeded = 0.5

  /// The chosen layers, ascending.
  public let layers: [Int]
  /// The ranking scores that were compared.
  public let criteria: [String]
  /// Spearman correlations between them on the target text; nil where one does not vary.
  public let correlations: [[Double?]]
  /// Mean over pairs of different scores; nil when no pair has a correlation.
  public let agreement: Double?
  /// Whether the ranking was used.
  public let isRanked: Bool
  /// One sentence that says so.
  public let verdict: String

  /// Chooses `count` layers by the scores on text `target`.
  public init(_ scores: ProbeScores, target: Int = 0, count: Int = 2) {
    precondition((1...scores.layerCount).contains(count), "\(count) of \(scores.layerCount) layers")
    let ranking = scores.ranking.filter { $0.description.subject == .text }
    let means = ranking.map { $0.means(ofText: target) }
    let correlations = means.map { first in means.map { rankCorrelation(first, $0) } }
    let pairs = means.indices.flatMap { row in (0..<row).compactMap { correlations[row][$0] } }
    let agreement = pairs.isEmpty ? nil : pairs.reduce(0, +) / Double(pairs.count)
    let text = scores.texts[target].name
    let isRanked = agreement.map { $0 >= Self.agreementNeeded } ?? false
    if isRanked {
      let ranks = means.map(Self.ranks)
      let total = (0..<scores.layerCount).map { layer in ranks.reduce(0) { $0 + $1[layer] } }
      layers = highest(count, of: total)
    } else {
      layers = Array(0..<(count + 1) / 2) + Array(scores.layerCount - count / 2..<scores.layerCount)
    }
    let shown = layers.map(String.init).joined(separator: ", ")
    verdict =
      switch agreement {
      case .some(let value) where isRanked:
        "On \(text) the criteria agree (mean Spearman correlation \(Self.rounded(value))); highest ranked: \(shown)."
      case .some(let value):
        "On \(text) there is no reliable ranking (mean Spearman correlation of the criteria \(Self.rounded(value)), "
          + "\(Self.agreementNeeded) needed); first and last: \(shown)."
      case .none:
        "On \(text) there is no ranking to compare; first and last: \(shown)."
      }
    self.correlations = correlations
    self.agreement = agreement
    self.isRanked = isRanked
    criteria = ranking.map(\.description.name)
  }

  /// 0 for the lowest; equal values share the mean of their ranks.
  private static func ranks(_ values: [Double]) -> [Double] {
    values.map { value in
      Double(values.count { $0 < value }) + Double(values.count { $0 == value } - 1) / 2
    }
  }

  private static func rounded(_ value: Double) -> String { String(format: "%.2f", value) }
}
