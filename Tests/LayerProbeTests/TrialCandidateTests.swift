import LayerProbe
import TestSupport
import Testing

@Suite struct TrialCandidateTests {
  private let profiles: [[Double]] = [
    [1, 9, 2, 8, 3, 0], [10, 70, 20, 90, 30, 5], [0.9, 0.1, 0.2, 0.3, 0.4, 0.8],
  ]

  private func sets(
    _ parameters: [Int], budget: LayerBudget = .layers(2), random: Int = 3, seed: UInt64 = 5
  ) throws -> [TrialResults.Candidate] {
    let evidence = RankingEvidence(ReportSamples.scores(profiles.map { Array($0.prefix(parameters.count)) }))
    return try TrialCandidates.sets(
      evidence, budget: budget, model: ReportSamples.model(parameters), randomSets: random, seed: seed)
  }

  @Test func `sets of custom, of every criterion and of chance, each once`() throws {
    let found = try sets(Array(repeating: 10, count: 6))
    #expect(found[0].layers == [0, 5] && found[0].origins == ["first and last", "best by score_2"])
    #expect(
      found[1].layers == [1, 3] && found[1].origins == ["best by all criteria", "best by score_0", "best by score_1"])
    #expect(found[2].layers == [0, 1] && found[2].origins == ["first"])
    #expect(found[3].layers == [4, 5] && found[3].origins == ["last"])
    #expect(found.suffix(3).map(\.origins) == [["random 1"], ["random 2"], ["random 3"]])
    #expect(found.count == 7 && Set(found.map(\.layers)).count == 7)
    #expect(found.allSatisfy { $0.layers.count == 2 && $0.parameters == 20 && $0.layers == $0.layers.sorted() })
    #expect(try sets(Array(repeating: 10, count: 6)) == found)
    #expect(try sets(Array(repeating: 10, count: 6), seed: 6).map(\.layers) != found.map(\.layers))
  }

  @Test func `where layers differ in size, random sets have no more weights than first and last`() throws {
    let found = try sets([10, 40, 10, 40, 10, 10])
    #expect(found[0].parameters == 20)
    #expect(found.first { $0.origins.contains("best by all criteria") }?.parameters == 80)
    let matched = try #require(found.first { $0.origins.contains("best by all criteria, parameter-matched") })
    #expect(matched.parameters <= 20 && matched.layers == [0, 4])
    for random in found where random.origins[0].hasPrefix("random") { #expect(random.parameters <= 20) }
  }

  @Test func `a share of the weights is a budget too, and small models have few sets`() throws {
    let found = try sets([10, 10, 10], budget: .fraction(0.25), random: 10)
    #expect(found.allSatisfy { $0.layers.count == 2 || $0.parameters <= 20 })
    #expect(Set(found.map(\.layers)) == [[0, 1], [0, 2], [1, 2]])
    #expect(try sets([10, 10], random: 4).map(\.layers) == [[0, 1]])
  }
}
