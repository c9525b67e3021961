import LayerProbe
import TestSupport
import Testing

@Suite struct SelectionTests {
  private let five = ReportSamples.model(Array(repeating: 10, count: 5))

  private func choice(
    _ scores: ProbeScores, budget: LayerBudget = .layers(2), trials: TrialResults? = nil
  ) throws -> ProbeReport {
    try ProbeAnalysis(budget: budget, resamples: 200, flips: 500, seed: 1)
      .report(scores, model: five, maximumTokens: 512, trials: trials)
  }

  // Orders of five layers: all the same, and each another.
  private let alike: [[Double]] = [[1, 5, 2, 9, 3], [10, 50, 20, 60, 30], [0.1, 0.8, 0.3, 0.9, 0.4]]
  private let unlike: [[Double]] = [[1, 5, 2, 9, 3], [9, 2, 5, 1, 3], [3, 9, 1, 2, 5]]

  @Test func `criteria that agree choose the layers they rank highest`() throws {
    let report = try choice(ReportSamples.scores(alike))
    #expect(report.selectedLayers == [1, 3])
    #expect(report.selection.basis == .agreement)
    #expect(isNear(try #require(report.agreement.mean).value, 1))
    #expect(report.verdict.contains("layers 1 and 3") && report.verdict.contains("No trial"))
  }

  @Test func `criteria that disagree choose first and last, and the verdict says so`() throws {
    let report = try choice(ReportSamples.scores(unlike))
    #expect(report.selectedLayers == [0, 4])
    #expect(report.selection.basis == .convention)
    #expect(report.verdict.contains("no reliable ranking") && report.verdict.contains("disagree"))
  }

  @Test func `a choice that hangs on the documents is no choice`() throws {
    // The means have one order, of which hardly a document knows.
    let report = try choice(ReportSamples.scores(alike.map { $0.map { $0 / 1000 } }, noise: 30))
    #expect(report.selection.basis == .convention)
    #expect(try #require(report.stability.jaccard) < 0.7)
  }

  @Test func `two criteria that agree on few layers may do so by chance`() throws {
    let report = try choice(ReportSamples.scores(Array(alike.prefix(2))))
    #expect(isNear(try #require(report.agreement.mean).value, 1))
    #expect(report.selection.basis == .convention)
    #expect(report.verdict.contains("no more than unrelated ones may"))
  }

  @Test func `one criterion alone is no agreement`() throws {
    let report = try choice(ReportSamples.scores([alike[0]]), budget: .layers(3))
    #expect(report.selectedLayers == [0, 1, 4])
    #expect(report.agreement.mean == nil)
    #expect(report.verdict.contains("no two criteria"))
  }

  @Test func `variants, descriptions of states and weights do not vote; less can matter more`() throws {
    let descriptions: [ScoreDescription] = [
      .init(name: "a", unit: "1", description: ""),
      .init(name: "variant", unit: "1", description: "", ranks: false),
      .init(name: "similarity", unit: "1", description: "", direction: .moreMattersLess),
      .init(name: "b", unit: "1", description: ""),
    ]
    let scores = ReportSamples.scores(
      [alike[0], unlike[1], alike[1].map { -$0 }, alike[2]], descriptions: descriptions)
    let report = try choice(scores)
    #expect(report.agreement.criteria == ["a", "similarity", "b"])
    #expect(isNear(try #require(report.agreement.mean).value, 1))
    #expect(report.selectedLayers == [1, 3])
  }

  @Test func `draws and halves say how sure a choice is`() throws {
    let sure = try choice(ReportSamples.scores(alike)).stability
    #expect(sure.selectedShares == [0, 1, 0, 1, 0])
    #expect(sure.jaccard == 1 && sure.jaccardRange == [1, 1] && sure.halfDocuments == 6)
    let unsure = try choice(
      ReportSamples.scores([[0, 1, 2, 2.02, 0], [0, 1, 2, 2.02, 0]], noise: 0.3), budget: .layers(1))
    #expect(unsure.selection.basis != .trials)
    #expect((0.05...0.95).contains(unsure.stability.selectedShares[2]))
    #expect(abs(unsure.stability.selectedShares.reduce(0, +) - 1) < 1e-12)
  }

  @Test func `intervals of agreement hold its value and widen with noise`() throws {
    let calm = try #require(try choice(ReportSamples.scores(alike, noise: 0.05)).agreement.w)
    let noisy = try #require(try choice(ReportSamples.scores(alike, noise: 3)).agreement.w)
    #expect(calm.interval[0] <= calm.value && calm.value <= calm.interval[1])
    #expect(noisy.interval[1] - noisy.interval[0] > calm.interval[1] - calm.interval[0])
  }

  // MARK: Trials

  @Test func `a set that trains better than first and last beyond chance is taken, whatever the criteria say`() throws {
    let trials = ReportSamples.trials(differences: [([2, 3], -0.1), ([1, 4], 0.02)])
    let report = try choice(ReportSamples.scores(alike), trials: trials)
    #expect(report.selectedLayers == [2, 3])
    #expect(report.selection.basis == .trials)
    let best = try #require(report.trialVerdict?.comparisons.first)
    #expect(best.layers == [2, 3] && best.pValue < 0.01)
    #expect(best.interval[0] < -0.1 && best.interval[1] > -0.11 && best.interval[1] < -0.09)
    #expect(report.verdict.contains("layers 2 and 3") && report.verdict.contains("bits per byte"))
  }

  @Test func `trials without a winner keep first and last, even where criteria agree`() throws {
    let trials = ReportSamples.trials(differences: [([1, 3], -0.0005), ([1, 4], 0.02)], noise: 0.05)
    let report = try choice(ReportSamples.scores(alike), trials: trials)
    #expect(report.selectedLayers == [0, 4])
    #expect(report.selection.basis == .trials)
    #expect(report.verdict.contains("no other set"))
  }

  @Test func `a criterion that foretells the gain correlates with it, its reverse the other way`() throws {
    // Sets of higher layers gain more.
    let sets = [[1, 2], [1, 3], [2, 3], [3, 4], [2, 4]]
    let trials = ReportSamples.trials(differences: sets.map { ($0, -0.05 * Double($0[0] + $0[1])) }, noise: 0.001)
    let predictions = try #require(
      try choice(ReportSamples.scores([[1, 2, 3, 4, 5], [5, 4, 3, 2, 1]]), trials: trials).predictions)
    #expect(predictions.map(\.criterion) == ["score_0", "score_1", "all criteria"])
    #expect(try #require(predictions[0].aligned).value > 0.6 && predictions[0].reattached!.value > 0.6)
    #expect(try #require(predictions[1].aligned).value < -0.6)
    #expect(predictions[2].aligned == nil, "two reverse criteria give every set the same sum")
    let first = try #require(predictions[0].aligned)
    let interval = try #require(first.interval)
    #expect(interval[0] < first.value && first.value < interval[1])
  }

  // MARK: Budgets

  @Test func `ends go inwards from first and last`() {
    #expect(LayerBudget.endsInwards(layerCount: 5) == [0, 4, 1, 3, 2])
    #expect(LayerBudget.layers(3).ends(of: five) == [0, 1, 4])
    #expect(LayerBudget.layers(1).ends(of: five) == [0])
  }

  @Test func `a fraction takes layers in order as long as they fit`() {
    // 150 weights in all: 40 % are 60.
    let model = ReportSamples.model([30, 25, 20, 15, 10])
    #expect(LayerBudget.fraction(0.4).choose(from: [0, 1, 4, 2, 3], of: model) == [0, 1])
    #expect(LayerBudget.fraction(0.4).choose(from: [0, 2, 1, 4, 3], of: model) == [0, 2, 4])
    #expect(LayerBudget.fraction(1).choose(from: [0, 1, 2, 3, 4], of: model) == [0, 1, 2, 3, 4])
  }

  @Test func `budgets that no set has are refused`() {
    #expect(throws: ProbeError.badBudget(.layers(asked: 6, layerCount: 5))) {
      try LayerBudget.layers(6).check(for: five)
    }
    #expect(throws: ProbeError.badBudget(.layers(asked: 0, layerCount: 5))) {
      try LayerBudget.layers(0).check(for: five)
    }
    #expect(throws: ProbeError.badBudget(.fraction(asked: 0.05, smallestLayer: 0.1))) {
      try LayerBudget.fraction(0.05).check(for: five)
    }
    #expect(throws: ProbeError.self) { try LayerBudget.fraction(1.5).check(for: five) }
    #expect("\(ProbeError.badBudget(.fraction(asked: 0.05, smallestLayer: 0.1)))".contains("ask for at least"))
    #expect(ProbeError.badBudget(.layers(asked: 6, layerCount: 5)).isWrongUsage)
  }
}
