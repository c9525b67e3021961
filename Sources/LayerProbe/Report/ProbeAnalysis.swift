/// From scores to a report: intervals, contrasts, agreement, the choice.
public struct ProbeAnalysis: Sendable, Hashable {
  /// How intervals are made.
  public var bootstrap: Bootstrap
  /// How differences are tested.
  public var test: SignFlipTest
  /// The accepted chance of a false alarm.
  public var level = 0.05
  /// What is to be selected.
  public var budget: LayerBudget

  /// An analysis whose draws a seed fixes.
  public init(budget: LayerBudget = .layers(2), resamples: Int = 2000, flips: Int = 5000, seed: UInt64) {
    self.budget = budget
    bootstrap = Bootstrap(resamples: resamples, seed: seed)
    test = SignFlipTest(flips: flips, seed: seed)
  }

  /// Makes the report; the first text is the target, the others are sources.
  /// - Parameters:
  ///   - model: the model that was scored.
  ///   - maximumTokens: where documents were cut.
  ///   - trials: what trials measured, nil where there were none.
  ///   - command: what was typed.
  /// - Throws: `ProbeError.badBudget`, `.statistics`.
  public func report(
    _ scores: ProbeScores, model: ModelOutline, maximumTokens: Int, trials: TrialResults? = nil,
    command: [String] = []
  ) throws(ProbeError) -> ProbeReport {
    precondition(scores.layerCount == model.layerCount, "\(scores.layerCount) and \(model.layerCount) layers")
    try budget.check(for: model)
    let evidence = RankingEvidence(scores)
    let draws = try evidence.draws(bootstrap)
    let agreement = CriteriaAgreement(evidence, draws: draws, bootstrap)
    let stability = try RankingStability(
      evidence, draws: draws, bootstrap, budget: budget, model: model, cuts: RankingStability.standardCuts)
    var verdict: TrialVerdict?
    if let trials { verdict = try TrialVerdict(trials, bootstrap) }
    let choice = LayerChoice(
      agreement: agreement, stability: stability, evidence: evidence, trials: verdict, budget: budget, model: model,
      level: level)
    let sameLanguage = try sameLanguage(scores, text: scores.texts.count > 1 ? 1 : 0)
    return ProbeReport(
      schemaVersion: ProbeReport.schemaVersion, command: command, checkpoint: model, seed: bootstrap.seed,
      settings: .init(
        maximumTokens: maximumTokens, resamples: bootstrap.resamples, confidence: bootstrap.confidence,
        flips: test.flips, level: level, budget: budget.words),
      texts: Self.texts(scores), pairings: Self.pairings(scores),
      criteria: try summaries(scores, topCount: choice.layers.count), contrasts: try contrasts(scores),
      agreement: agreement, stability: stability, trials: trials, trialVerdict: verdict,
      predictions: trials.map { TrialPrediction.all($0, evidence, confidence: bootstrap.confidence) },
      controls: sameLanguage.map { [$0] } ?? [], costs: nil, selection: choice,
      selectedLayers: choice.layers, verdict: choice.verdict)
  }

  private static func texts(_ scores: ProbeScores) -> [ProbeReport.TextSummary] {
    scores.texts.enumerated().map { position, text in
      .init(
        name: text.name, role: position == 0 ? "target" : "source", documents: text.documents.count,
        emptyDocuments: text.emptyDocumentCount, tokens: text.documents.reduce(0) { $0 + $1.tokenCount },
        bytes: text.documents.reduce(0) { $0 + $1.byteCount })
    }
  }

  private static func pairings(_ scores: ProbeScores) -> [String: ProbeReport.PairingSummary] {
    var pairings: [String: ProbeReport.PairingSummary] = [:]
    for (text, pairing) in zip(scores.texts.dropFirst(), scores.pairings) {
      pairings[text.name] = .init(basis: pairing.basis, pairs: pairing.count)
    }
    return pairings
  }

  private func summaries(_ scores: ProbeScores, topCount: Int) throws(ProbeError) -> [String: ScoreSummary] {
    var summaries: [String: ScoreSummary] = [:]
    for (position, score) in scores.scores.enumerated() {
      let subjects = score.values.indices.map { scores.subjectName($0, of: score.description.subject) }
      summaries[score.description.name] = try ScoreSummary(
        score, position: position, subjects: subjects, topCount: topCount, bootstrap: bootstrap)
    }
    return summaries
  }

  /// Of every score of single texts that has one number per layer or state, and per document.
  private func contrasts(_ scores: ProbeScores) throws(ProbeError) -> [String: [String: ContrastSummary]] {
    var contrasts: [String: [String: ContrastSummary]] = [:]
    let compared = scores.scores.filter {
      $0.description.subject == .text && [.layers, .states].contains($0.description.axis)
        && $0.description.aggregation == .mean
    }
    for (source, text) in scores.texts.dropFirst().enumerated() {
      for score in compared {
        contrasts[text.name, default: [:]][score.description.name] = try ContrastSummary(
          score, source: source, in: scores, bootstrap: bootstrap, test: test)
      }
    }
    return contrasts
  }
}
