/// Which layers to train, and what that rests on.
///
/// The rule, in this order:
///
/// 1. *Trials.* Where sets of layers were trained for a short while, the best of the last round is taken if it is better than
///    first and last on the target's held-out documents beyond chance (`level`, adjusted for the number of sets); if none
///    is, first and last.
/// 2. *Agreement.* Otherwise the layers with the highest sum of ranks under all ranking criteria on the target, if the
///    criteria agree (Kendall's W with p ≤ `level` and a mean Spearman correlation of at least 0.5) and the choice does not
///    hang on the documents (halves of the text share half of their choices or more).
/// 3. *Convention.* Otherwise there is no reliable ranking: first and last, as in ELO (arXiv 2601.03648), or as many from
///    both ends inwards as the budget allows.
public struct LayerChoice: Sendable, Hashable, Codable {
  /// What a choice rests on.
  public enum Basis: String, Sendable, Hashable, Codable {
    /// A measured gain of training.
    case trials
    /// Criteria that agree.
    case agreement
    /// Nothing but custom.
    case convention
  }

  /// The mean correlation below which the criteria give no ranking, by convention that of moderate agreement.
  public static let agreementNeeded = 0.5
  /// The mean Jaccard index below which a choice hangs on the documents.
  public static let stabilityNeeded = 0.5

  /// The chosen layers, ascending.
  public var layers: [Int]
  /// What the choice rests on.
  public var basis: Basis
  /// One or two sentences that say so.
  public var verdict: String
  /// What spoke for and against, a sentence each.
  public var reasons: [String]

  /// Chooses layers.
  /// - Parameters:
  ///   - level: the chance of a false alarm that is accepted, in trials and agreement each.
  ///   - trials: nil where there were none.
  public init(
    agreement: CriteriaAgreement, stability: RankingStability, evidence: RankingEvidence, trials: TrialVerdict?,
    budget: LayerBudget, model: ModelOutline, level: Double = 0.05
  ) {
    let ends = budget.ends(of: model)
    let ranked = budget.choose(from: RankingEvidence.order(evidence.means), of: model)
    let words = ChoiceWords(text: agreement.text, level: level)
    reasons =
      [words.agreement(agreement), words.stability(stability, ranked)] + (trials.map { [words.trials($0)] } ?? [])
    if let trials {
      if let winner = trials.winner(level: level) {
        (layers, basis, verdict) = (winner.layers, .trials, words.wonTrials(winner, ends: ends))
      } else {
        (layers, basis, verdict) = (ends, .trials, words.noWinner(trials, ends: ends))
      }
    } else if Self.isReliable(agreement, stability, level) {
      (layers, basis, verdict) = (ranked, .agreement, words.agreed(agreement, ranked))
    } else {
      (layers, basis, verdict) = (ends, .convention, words.noRanking(agreement, stability, ends: ends))
    }
  }

  private static func isReliable(_ agreement: CriteriaAgreement, _ stability: RankingStability, _ level: Double) -> Bool
  {
    guard let mean = agreement.mean, let p = agreement.pValue, let jaccard = stability.jaccard else { return false }
    return mean.value >= agreementNeeded && p <= level && jaccard >= stabilityNeeded
  }
}
