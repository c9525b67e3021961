import Foundation
import LayerProbe
import Testing

@Suite struct ChoiceTests {
  private func makeScores(_ ranking: [[Double]], variant: [Double]? = nil) -> ProbeScores {
    let documents = [
      ProbeScores.Document(index: 0, tokenCount: 5, byteCount: 9),
      ProbeScores.Document(index: 1, tokenCount: 6, byteCount: 7),
    ]
    func score(_ name: String, _ layers: [Double], ranks: Bool) -> Score {
      // Means over the two documents are `layers`.
      Score(
        description: .init(name: name, unit: "1", description: name, ranks: ranks),
        values: [ScoreValues(means: [layers.map { $0 - 1 }, layers.map { $0 + 1 }])])
    }
    return ProbeScores(
      texts: [.init(name: "de", documents: documents, emptyDocumentCount: 3)], pairings: [],
      layerCount: ranking[0].count,
      scores: ranking.enumerated().map { score("score_\($0.offset)", $0.element, ranks: true) }
        + (variant.map { [score("variant", $0, ranks: false)] } ?? []))
  }

  @Test func `criteria that agree choose the layers they rank highest`() {
    let choice = LayerChoice(makeScores([[1, 5, 2, 9, 3], [10, 50, 20, 60, 30]]))
    #expect(choice.layers == [1, 3])
    #expect(choice.isRanked)
    #expect(abs((choice.agreement ?? 0) - 1) < 1e-12)
  }

  @Test func `criteria that disagree choose first and last, and the verdict says so`() {
    let choice = LayerChoice(makeScores([[1, 5, 2, 9, 3], [9, 2, 5, 1, 3]]))
    #expect(choice.layers == [0, 4])
    #expect(!choice.isRanked)
    #expect(choice.verdict.contains("no reliable ranking"))
  }

  @Test func `a variant of a criterion does not vote`() {
    let scores = makeScores([[1, 5, 2, 9, 3], [9, 2, 5, 1, 3]], variant: [1, 5, 2, 9, 3])
    #expect(LayerChoice(scores).criteria == ["score_0", "score_1"])
    #expect(!LayerChoice(scores).isRanked)
  }

  @Test func `one criterion alone is no agreement`() {
    let choice = LayerChoice(makeScores([[1, 5, 2, 9, 3]]), count: 3)
    #expect(choice.layers == [0, 1, 4])
    #expect(choice.agreement == nil)
  }

  @Test func `a report keeps raw values and means of every text, and reads back as it was`() throws {
    let scores = makeScores([[1, 5, 2, 9, 3], [10, 50, 20, 60, 30]])
    let report = try ProbeReport(
      scores, checkpoint: .init(path: "model", layers: 5, hashes: ["config.json": "00"]), maximumTokens: 512,
      bootstrap: Bootstrap(resamples: 20, seed: 1), choice: LayerChoice(scores))
    let bytes = try report.json()
    #expect(try JSONDecoder().decode(ProbeReport.self, from: bytes) == report)
    let object = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    #expect(object["selected_layers"] as? [Int] == [1, 3])
    #expect(object["schema_version"] as? Int == 1)
    let criteria = try #require(object["criteria"] as? [String: [String: Any]])
    let layers = try #require(criteria["score_1"]?["layers"] as? [String: [Double]])
    #expect(layers == ["de": [10, 50, 20, 60, 30]])
    let documents = try #require(criteria["score_0"]?["documents"] as? [String: [[Double]]])
    #expect(documents == ["de": [[0, 4, 1, 8, 2], [2, 6, 3, 10, 4]]])
  }

  @Test func `the page shows the choice, every score, every layer and what was typed`() throws {
    let scores = makeScores([[1, 5, 2, 9, 3], [10, 50, 20, 60, 30]], variant: [4, 4, 4, 4, 7])
    let report = try ProbeReport(
      scores, checkpoint: .init(path: "a <model>", layers: 5, hashes: ["config.json": "00ff"]), maximumTokens: 512,
      bootstrap: Bootstrap(resamples: 20, seed: 1), choice: LayerChoice(scores))
    let html = report.page(command: "elo-surgeon probe x", scores: scores.scores.map(\.description)).html
    for part in [
      report.verdict, "a &lt;model&gt;", "score_0", "score_1", "variant", "60.00000", "00ff", "elo-surgeon probe x",
    ] {
      #expect(html.contains(part), "\(part)")
    }
    #expect(html.components(separatedBy: "<svg").count == 3, "a picture for each ranking score, none for variants")
  }
}
