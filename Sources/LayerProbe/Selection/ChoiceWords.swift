import Foundation

/// What is said of a choice.
struct ChoiceWords {
  /// The target's name.
  let text: String
  /// The accepted chance of a false alarm.
  let level: Double

  // MARK: Verdicts

  func wonTrials(_ winner: TrialVerdict.Comparison, ends: [Int]) -> String {
    "Train \(list(winner.layers)) for \(text): after short trials the aligned model was better there than with "
      + "\(list(ends)), by \(number(-winner.difference)) bits per byte (p = \(number(winner.pValue)))."
  }

  func noWinner(_ trials: TrialVerdict, ends: [Int]) -> String {
    "Train \(list(ends)) for \(text): in short trials no other set of layers was better beyond chance."
      + (trials.comparisons.first.map {
        " The best other set, \(list($0.layers)), differed by \(signed($0.difference)) bits per byte (p = \(number($0.pValue)))."
      } ?? "")
  }

  func agreed(_ agreement: CriteriaAgreement, _ ranked: [Int]) -> String {
    "Train \(list(ranked)) for \(text): the criteria agree (Kendall's W \(number(agreement.w?.value ?? 0)), mean rank "
      + "correlation \(number(agreement.mean?.value ?? 0))) and rank these highest. No trial has tested it."
  }

  func noRanking(_ agreement: CriteriaAgreement, _ stability: RankingStability, ends: [Int]) -> String {
    "There is no reliable ranking of layers for \(text): first and last, \(list(ends)). "
      + shortcomings(agreement, stability)
  }

  private func shortcomings(_ agreement: CriteriaAgreement, _ stability: RankingStability) -> String {
    guard let mean = agreement.mean, let p = agreement.pValue else { return "There are no two criteria to compare." }
    if mean.value < LayerChoice.agreementNeeded {
      return
        "The criteria disagree (mean rank correlation \(number(mean.value)), \(LayerChoice.agreementNeeded) needed)."
    }
    if p > level { return "The criteria agree no more than unrelated ones may (p = \(number(p)))." }
    guard let jaccard = stability.jaccard else { return "There are too few documents to cut the text in halves." }
    return "The choice hangs on the documents (those of random halves of the text have a mean Jaccard index of "
      + "\(number(jaccard)), \(LayerChoice.stabilityNeeded) needed)."
  }

  // MARK: Reasons

  func agreement(_ agreement: CriteriaAgreement) -> String {
    guard let mean = agreement.mean, let w = agreement.w, let p = agreement.pValue else {
      return "No two criteria rank the layers, so there is no agreement to measure."
    }
    return "\(agreement.criteria.count) criteria on \(text): Kendall's W \(interval(w)), p = \(number(p)); mean rank "
      + "correlation \(interval(mean))."
  }

  func stability(_ stability: RankingStability, _ ranked: [Int]) -> String {
    guard !ranked.isEmpty else { return "No criterion ranks the layers." }
    let shares = ranked.map { "\($0): \(percent(stability.selectedShares[$0]))" }.joined(separator: ", ")
    let halves =
      stability.jaccard.map {
        "; choices of random halves of the text: Jaccard index \(number($0)) (mean of \(stability.cuts) cuts)"
      } ?? ""
    return
      "Ranked highest by all criteria: \(list(ranked)); chosen in this share of draws of documents: \(shares)\(halves)."
  }

  func trials(_ trials: TrialVerdict) -> String {
    guard let best = trials.comparisons.first else { return "Trials had nothing to compare with first and last." }
    return
      "Best other set of the last trial: \(list(best.layers)), \(signed(best.difference)) bits per byte against first "
      + "and last (\(signed(best.interval[0])) to \(signed(best.interval[1]))), p = \(number(best.pValue))."
  }

  // MARK: Numbers

  /// `layer 3`, `layers 0 and 29`, `layers 0, 1 and 29`.
  func list(_ layers: [Int]) -> String {
    let names = layers.map(String.init)
    guard names.count > 1 else { return "layer " + (names.first ?? "–") }
    return "layers " + names.dropLast().joined(separator: ", ") + " and " + names.last!
  }

  private func interval(_ value: CriteriaAgreement.Value) -> String {
    "\(number(value.value)) (\(number(value.interval[0])) to \(number(value.interval[1])))"
  }

  private func number(_ value: Double) -> String {
    value != 0 && abs(value) < 0.001 ? String(format: "%.1g", value) : String(format: "%.3g", value)
  }

  private func signed(_ value: Double) -> String { (value < 0 ? "−" : "+") + number(abs(value)) }

  private func percent(_ share: Double) -> String { "\(Int((100 * share).rounded()))\u{A0}%" }
}
