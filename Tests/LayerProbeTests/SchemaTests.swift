import Foundation
import LayerProbe
import TestSupport
import Testing

/// The published schema against what is written.
///
/// A real report was checked with Python's `jsonschema` too (scripts/check-report).
@Suite struct SchemaTests {
  private let schema = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "docs/probe-report.schema.json")

  private func report(trials: TrialResults?) throws -> ProbeReport {
    let profiles: [[Double]] = [[1, 5, 2, 9, 3], [10, 50, 20, 60, 30], [0.1, 0.8, 0.3, 0.9, 0.4]]
    var report = try ProbeAnalysis(resamples: 100, flips: 100, seed: 1).report(
      ReportSamples.scores(profiles), model: ReportSamples.model(Array(repeating: 10, count: 5)), maximumTokens: 512,
      trials: trials, command: ["elo-surgeon", "probe"])
    let decoder = try Expected.load().model("tied-grouped-f32").decoder
    report.costs = StageCosts(decoder, layers: [0, 1], rate: trials == nil ? nil : 1e9)
    return report
  }

  @Test(arguments: [false, true])
  func `every report is as the published schema says`(_ hasTrials: Bool) throws {
    let trials = hasTrials ? ReportSamples.trials(differences: [([2, 3], -0.1), ([1, 3], 0.1)]) : nil
    let problems = try SchemaCheck(schema).problems(of: report(trials: trials).json())
    #expect(problems == [])
  }

  @Test func `what the schema does not know, misses or bounds is a problem`() throws {
    let check = try SchemaCheck(schema)
    let whole = try report(trials: nil).json()
    func problems(_ change: (inout [String: Any]) -> Void) throws -> [String] {
      var object = try #require(try JSONSerialization.jsonObject(with: whole) as? [String: Any])
      change(&object)
      return try check.problems(of: JSONSerialization.data(withJSONObject: object))
    }
    #expect(try problems { _ in } == [])
    #expect(try problems { $0["more"] = 1 } == [": more is not in the schema"])
    #expect(try problems { $0["verdict"] = nil } == [": no verdict"])
    #expect(try problems { $0["schema_version"] = 2 } == ["/schema_version: not 3"])
    #expect(try problems { $0["selected_layers"] = [0, "one"] } == [#"/selected_layers/1: not ["integer"]"#])
    #expect(try problems { $0["selected_layers"] = [-1] } == ["/selected_layers/0: below 0"])
  }
}
