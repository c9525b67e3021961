import Foundation
import JSONText
import TestSupport
import Testing

/// Training killed at random moments and gone on with: the result is, byte for byte, that of the run that was not killed,
/// and what is lost is at most what came after the last save.
///
/// ELO_SURGEON_TRAINING_KILLS sets how many runs of each command are killed; the long run is 50.
@Suite(.serialized) struct TrainingCrashTests {
  private static let kills =
    ProcessInfo.processInfo.environment["ELO_SURGEON_TRAINING_KILLS"].flatMap { Int($0) } ?? 2
  private static let saveEvery = 6
  /// Steps of each command; of adapt, of its shorter stage.
  private static let steps = ["pretrain": 48, "align": 36, "adapt": 16]

  @Test(arguments: ["pretrain", "align", "adapt"])
  func aKilledRunGoesOnToTheSameBytes(_ command: String) throws {
    try withTemporaryDirectory { directory in
      let arguments = try prepare(command, in: directory)
      let (output, expected) = (directory.appending(path: "out"), directory.appending(path: "expected"))
      let start = ContinuousClock.now
      let whole = try Program.run(arguments + ["--output", output.path])
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      try #require(whole.status == 0, "\(whole.errors)")
      try FileManager.default.moveItem(at: output, to: expected)
      var counts = (finished: 0, resumed: 0, afresh: 0, twice: 0)
      var random = SeededNumbers(seed: 21)
      for kill in 0..<Self.kills {
        // Every third run is killed again while it goes on.
        let deaths = kill % 3 == 2 ? 2 : 1
        for death in 0..<deaths {
          // Half of the moments are any time, half any place in the steps, which are a part of the time only.
          let place = Double.random(in: 0...1.02, using: &random)
          if (kill + death) % 2 == 0 {
            try killed(arguments + resuming(output), after: place * seconds)
          } else {
            let stage = command == "adapt" ? Bool.random(using: &random) ? "/trained.partial" : "/aligned.partial" : ""
            try killed(
              arguments + resuming(output), after: Double.random(in: 0...0.01, using: &random),
              lines: Int(place * Double(Self.steps[command]!)), of: "\(output.path).partial\(stage)/metrics.jsonl")
          }
          if command != "adapt" { try expectLittleLost(output, kill) }
        }
        counts.twice += deaths - 1
        let again = try Program.run(arguments + resuming(output))
        #expect(again.status == 0, "kill \(kill): \(again.errors)")
        if again.errors.contains("finished before") {
          counts.finished += 1
        } else if again.errors.contains("went on after") || again.errors.contains("done before") {
          counts.resumed += 1
        } else {
          counts.afresh += 1
        }
        #expect(try differences(output, expected) == [], "kill \(kill)")
        #expect(!FileManager.default.fileExists(atPath: output.path + ".partial"), "kill \(kill)")
        try FileManager.default.removeItem(at: output)
      }
      print("\(command): \(Self.kills) killed runs: \(counts)")
    }
  }

  private func resuming(_ output: URL) -> [String] { ["--output", output.path, "--resume"] }

  /// A command of about a second on a tiny model, without its output.
  private func prepare(_ command: String, in directory: URL) throws -> [String] {
    let model = directory.appending(path: "model").path
    try writeTinyCheckpoint(to: URL(filePath: model))
    let (de, en) = (directory.appending(path: "de.jsonl"), directory.appending(path: "en.jsonl"))
    try writeTinyText(["der", "die", "Zeile", "Spalte", "wählen", "öffnen", "Tabelle"], to: de)
    try writeTinyText(["the", "row", "column", "select", "open", "table", "of"], to: en)
    let shared = [
      "--sequence-length", "64", "--evaluate-every", "10", "--evaluation-tokens", "600", "--save-every",
      "\(Self.saveEvery)", "--threads", "2", "--learning-rate", "3e-3",
    ]
    let texts = ["--text", "de=\(de.path):9", "--text", "en=\(en.path)", "--held-out", "de=\(de.path)"]
    switch command {
    case "align": return ["align", model] + texts + ["--steps", "\(Self.steps[command]!)"] + shared
    case "adapt":
      return ["adapt", model, "--method", "elo", "--target", "de=\(de.path)", "--source", "en=\(en.path)"] + shared
        + ["--tokens", "8000", "--align-tokens", "4096"]
    default:
      let detached = directory.appending(path: "detached").path
      for arguments in [
        ["detach", model, "--layers", "first,last", "--output", detached],
        ["bridge", detached, "--base", model, "--text", "de=\(de.path)", "--tokens", "4096"],
      ] {
        let run = try Program.run(arguments)
        try #require(run.status == 0, "\(run.errors)")
      }
      return ["pretrain", detached] + texts + ["--steps", "\(Self.steps[command]!)"] + shared
    }
  }

  /// Kills a run some time after its start, or after a file has some lines.
  private func killed(_ arguments: [String], after seconds: Double, lines: Int = 0, of file: String? = nil) throws {
    let running = try Program.start(arguments)
    while let file, running.process.isRunning {
      let text = FileManager.default.contents(atPath: file) ?? Data()
      if text.count(where: { $0 == 0x0A }) >= lines { break }
      usleep(500)
    }
    usleep(UInt32(seconds * 1e6))
    kill(running.process.processIdentifier, SIGKILL)
    _ = try running.wait()
  }

  /// The newest save is the last that was due before the last line of the metrics.
  private func expectLittleLost(_ output: URL, _ kill: Int) throws {
    let work = output.path + ".partial"
    let metrics = (try? String(contentsOfFile: work + "/metrics.jsonl", encoding: .utf8)) ?? ""
    // The last line may be cut short.
    let lines = metrics.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    guard let last = try lines.last.map({ try JSONText(String($0)).root["step"]?.int }) ?? nil else { return }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: work + "/saves")) ?? []
    let saved = names.compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil }.max() ?? 0
    #expect(saved >= (last - 1) / Self.saveEvery * Self.saveEvery, "kill \(kill) in step \(last) lost \(last - saved)")
  }

  /// The files that differ between two directories, the time of steps, stages and products aside.
  private func differences(_ first: URL, _ second: URL) throws -> [String] {
    let files = FileManager.default
    let names = try [first, second].map { Set(try files.subpathsOfDirectory(atPath: $0.path)) }
    return try names[0].union(names[1]).sorted().filter { name in
      let contents = [first, second].map { files.contents(atPath: $0.appending(path: name).path) }
      guard name.hasSuffix(".json") || name.hasSuffix(".jsonl"), let a = contents[0], let b = contents[1] else {
        // The page shows times.
        return name != "report.html" && contents[0] != contents[1]
      }
      return try timeless(a) != timeless(b)
    }
  }

  private func timeless(_ bytes: Data) throws -> String {
    var lines: [String] = []
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      // The command of a report has --resume in it or not.
      guard !line.contains("\"--resume\"") else { continue }
      let timed = /"(seconds|product_flops_per_second)" ?: ?[-+.e0-9]+/
      lines.append(line.replacing(timed, with: "").trimmingCharacters(in: ["\t", " ", ","]))
    }
    return lines.joined(separator: "\n")
  }
}
