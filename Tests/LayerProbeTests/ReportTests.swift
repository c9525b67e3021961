import Foundation
import LayerProbe
import TestSupport
import Testing

@Suite struct ReportTests {
  private let model = ReportSamples.model(Array(repeating: 10, count: 5))
  private let profiles: [[Double]] = [[1, 5, 2, 9, 3], [10, 50, 20, 60, 30], [0.1, 0.8, 0.3, 0.9, 0.4]]

  private func report(_ scores: ProbeScores, trials: TrialResults? = nil) throws -> ProbeReport {
    try ProbeAnalysis(resamples: 300, flips: 500, seed: 1).report(
      scores, model: model, maximumTokens: 512, trials: trials, command: ["elo-surgeon", "probe", "a <model>"])
  }

  @Test func `a report reads back as it was, trials and all`() throws {
    let report = try report(
      ReportSamples.scores(profiles), trials: ReportSamples.trials(differences: [([2, 3], -0.1)]))
    #expect(try ProbeReport(json: report.json()) == report)
  }

  @Test func `the file has the keys of its contract, and lists of numbers on one line`() throws {
    let bytes = try report(ReportSamples.scores(profiles)).json()
    let object = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    #expect(object["schema_version"] as? Int == 3)
    #expect(object["selected_layers"] as? [Int] == [1, 3])
    #expect(object["verdict"] is String)
    let checkpoint = try #require(object["checkpoint"] as? [String: Any])
    #expect(checkpoint["path"] as? String == "a <model>" && checkpoint["hashes"] is [String: String])
    let criteria = try #require(object["criteria"] as? [String: [String: Any]])
    let subjects = try #require(criteria["score_1"]?["subjects"] as? [String: [String: Any]])
    #expect((subjects["de"]?["values"] as? [Double])?.count == 5)
    #expect((subjects["en"]?["documents"] as? [[Double]])?.count == 12)
    let longest = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.contains("\"values\"") }
    #expect(try #require(longest).contains("["))
    #expect(try #require(longest).filter { $0 == "," }.count >= 4)
  }

  @Test func `intervals hold the means, and those of the jackknife come from documents left out`() throws {
    let description = ScoreDescription(
      name: "cka", unit: "1", description: "", direction: .descriptive, ranks: false, aggregation: .leaveOneOut)
    let base = ReportSamples.scores(profiles)
    let leavingOut = (0..<12).map { document in (0..<5).map { Double($0) + (document == 0 ? 0.2 : 0) } }
    let values = ScoreValues(estimate: [0, 1, 2, 3, 4], leavingOut: leavingOut)
    let scores = ProbeScores(
      texts: base.texts, pairings: base.pairings, layerCount: 5,
      scores: base.scores + [Score(description: description, values: [values, values])])
    let report = try report(scores)
    for summary in report.scores {
      let numbers = try #require(summary.subjects["de"])
      for (value, (low, high)) in zip(numbers.values, zip(try #require(numbers.lower), try #require(numbers.upper))) {
        #expect(low < value && value < high)
      }
    }
    let found = try #require(report.criteria["cka"]?.subjects["de"])
    let expected = Jackknife().intervals(of: values.estimate, leavingOut: leavingOut)
    #expect(found.upper == expected.map(\.upperBound))
    #expect(found.topShares == nil && found.documents == nil)
  }

  @Test func `contrasts compare per byte and find the layer that differs`() throws {
    // Both texts score alike per token, and one layer more in the target; the target has 4 bytes a token, the source 6.
    let shifted = ReportSamples.scores([[2, 2, 2, 2, 2]], documents: 16, noise: 0.05, shift: [0, 0, 0, 1, 0])
    let contrast = try #require(try report(shifted).contrasts["en"]?["score_0"])
    #expect(contrast.unit == "nats/byte" && contrast.pairs == 16)
    #expect(isNear(contrast.differences.values[0], 2.0 / 4 - 2.0 / 6, 0.01))
    #expect(isNear(contrast.differences.values[3], 3.0 / 4 - 2.0 / 6, 0.01))
    #expect(
      contrast.differences.significant(level: 0.05) == [0, 1, 2, 3, 4], "per byte the target's scores are all higher")
    #expect(isNear(contrast.shares.values[3], 3.0 / 11 - 2.0 / 10, 0.01))
    #expect(isNear(contrast.shares.values[0], 2.0 / 11 - 2.0 / 10, 0.01))
  }

  @Test func `squares of the loss are compared per byte squared, ratios as they are`() throws {
    let descriptions = [
      ScoreDescription(name: "fisher", unit: "(nats/token)^2", description: ""),
      ScoreDescription(name: "ratio", unit: "1", description: ""),
    ]
    let scores = ReportSamples.scores(
      [[2, 2, 2, 2, 2], [2, 2, 2, 2, 2]], noise: 0.001, descriptions: descriptions)
    let contrasts = try #require(try report(scores).contrasts["en"])
    #expect(contrasts["fisher"]?.unit == "(nats/byte)^2")
    #expect(isNear(try #require(contrasts["fisher"]).differences.values[0], 2.0 / 16 - 2.0 / 36, 0.01))
    #expect(abs(try #require(contrasts["ratio"]).differences.values[0]) < 0.01)
  }

  @Test func `languages that do not differ are called different no more often than the level says`() throws {
    var alarms = 0
    for seed in 0..<60 as Range<UInt64> {
      var numbers = SeededNumbers(seed: seed)
      let differences = (0..<14).map { _ in
        let document = Double(numbers.normal(1))
        return (0..<8).map { _ in document + Double(numbers.normal(1)) }
      }
      alarms += try SignFlipTest(flips: 300, seed: seed).adjustedPValues(differences).contains { $0 <= 0.05 } ? 1 : 0
    }
    #expect(alarms <= 8, "3 of 60 are expected, with a standard deviation of 1.7")
  }

  @Test func `scores and contrasts as comma-separated values have a row for each number`() throws {
    let report = try report(
      ReportSamples.scores(
        profiles, descriptions: [ScoreDescription(name: "a", unit: "nats, \"odd\"", description: "")]))
    let rows = report.scoresCSV.split(separator: "\n")
    #expect(rows.count == 1 + 3 * 2 * 5)
    #expect(rows[1].hasPrefix("a,de,\"nats, \"\"odd\"\"\",layers,0,,"))
    #expect(
      rows.allSatisfy {
        $0.replacing("\"nats, \"\"odd\"\"\"", with: "u").split(separator: ",", omittingEmptySubsequences: false).count
          == 10
      })
    #expect(report.contrastsCSV.split(separator: "\n").count == 1 + 3 * 5)
  }

  @Test func `trials as comma-separated values have a row for each document's loss`() throws {
    let scores = ReportSamples.scores(profiles)
    #expect(try report(scores).trialsCSV == nil)
    let trials = ReportSamples.trials(differences: [([2, 3], -0.1)])
    let rows = try #require(try report(scores, trials: trials).trialsCSV).split(separator: "\n")
    // 20 documents of both texts: the base, two sets of two rounds, one of one, three points each.
    #expect(rows.count == 1 + 40 * (1 + 3 * (2 + 2 + 1)))
    #expect(rows[1] == ",,0,base,target,0,\(trials.base.target[0])")
    #expect(rows[41].hasPrefix("0 4,first and last,1,detached,target,0,"))
    #expect(rows.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 7 })
  }

  @Test func `the page shows the choice, every score, every layer and what was typed`() throws {
    let report = try report(ReportSamples.scores(profiles))
    let html = report.page.html
    for part in ["layers 1 and 3", "a &lt;model&gt;", "Score 0", "Score 1", "00ff", "elo-surgeon probe"] {
      #expect(html.contains(part), "\(part)")
    }
  }
}
