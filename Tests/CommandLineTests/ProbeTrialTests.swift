import Foundation
import JSONText
import TestSupport
import Testing

/// `probe --trial-minutes` as a user meets it.
@Suite struct ProbeTrialTests {
  /// A tiny model and a text, and the command that probes it.
  private func withCommand(
    _ body: (_ directory: URL, _ arguments: [String]) throws -> Void
  ) throws {
    try withTemporaryDirectory { directory in
      let (model, text) = (directory.appending(path: "model"), directory.appending(path: "text.jsonl"))
      try writeTinyCheckpoint(to: model)
      try writeTinyText(["der", "die", "Zeile", "Spalte"], to: text)
      try body(
        directory,
        [
          "probe", model.path, "--target", "de=\(text.path)", "--source", "en=\(text.path)", "--max-tokens", "24",
          "--output", directory.appending(path: "out").path,
        ])
    }
  }

  @Test func theChoiceFollowsTheTrialsAndDetachTakesIt() throws {
    try withCommand { directory, arguments in
      let run = try Program.run(arguments + ["--documents", "6", "--trial-minutes", "0.1", "--trial-random-sets", "1"])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.errors.contains("tried "), "\(run.errors)")
      let file = directory.appending(path: "out/report.json")
      let report = try JSONText(String(contentsOf: file, encoding: .utf8)).root
      let sets = try #require(report["trials"]?["candidates"]?.elements)
      #expect(sets.count >= 2 && sets[0]["layers"]?.elements?.map(\.int) == [0, 3])
      #expect(sets.allSatisfy { ($0["rounds"]?.elements?.count ?? 0) >= 1 })
      #expect(report["selection"]?["basis"]?.string == "trials")
      #expect(try #require(report["predictions"]?.elements).count == 5)
      let page = try String(contentsOf: directory.appending(path: "out/report.html"), encoding: .utf8)
      for part in ["Gain of the aligned model", "Did the criteria foretell the gain?"] { #expect(page.contains(part)) }
      let chosen = try #require(report["selected_layers"]?.elements).compactMap(\.int)
      let detached = try Program.run([
        "detach", directory.appending(path: "model").path, "--layers", "@\(file.path)", "--dry-run", "--format", "json",
      ])
      #expect(detached.status == 0, "\(detached.errors)")
      #expect(try JSONText(detached.output).root["layers"]?.elements?.compactMap(\.int) == chosen)
    }
  }

  @Test func aTextThatIsTooShortForTrialsIsRefusedBeforeTheWork() throws {
    try withCommand { directory, arguments in
      let run = try Program.run(arguments + ["--documents", "290", "--trial-minutes", "1"])
      #expect(run.status == 1)
      #expect(run.errors.contains("text de: behind the 290 documents"), "\(run.errors)")
      #expect(!run.errors.contains("scored in"), "\(run.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["model", "text.jsonl"])
    }
  }

  @Test func timeThatIsTooShortForTrialsGivesAReportWithoutThem() throws {
    try withCommand { directory, arguments in
      let run = try Program.run(arguments + ["--documents", "4", "--trial-minutes", "0.00001"])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.errors.contains("warning: no trials"), "\(run.errors)")
      let report = try JSONText(
        String(contentsOf: directory.appending(path: "out/report.json"), encoding: .utf8)
      ).root
      #expect(report["trials"] == nil && report["selection"]?["basis"]?.string != "trials")
    }
  }

  @Test func interruptedTrialsLeaveNothing() throws {
    try withCommand { directory, arguments in
      let running = try Program.start(arguments + ["--documents", "2", "--trial-minutes", "5"])
      // The scoring is over in a moment; trials would go on for minutes.
      sleep(3)
      kill(running.process.processIdentifier, SIGINT)
      let run = try running.wait()
      #expect(run.status == 130)
      #expect(run.errors.contains("scored in") && run.errors.contains("interrupted"), "\(run.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["model", "text.jsonl"])
    }
  }

  @Test(arguments: [["--trial-minutes", "-1"], ["--trial-random-sets", "-2"], ["--trial-minutes", "inf"]])
  func negativeBudgetsAreWrongUsage(_ options: [String]) throws {
    try withCommand { _, arguments in
      let run = try Program.run(arguments + options.map { $0 })
      #expect(run.status == 64, "\(run.errors)")
    }
  }
}
