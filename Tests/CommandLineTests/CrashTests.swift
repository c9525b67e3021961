import Foundation
import TestSupport
import Testing

/// Whatever kills the program, and whenever: the old state is there, or the new one, or one that running the command
/// again completes; never a mixture that looks sound.
///
/// ELO_SURGEON_KILLS sets how often each operation is killed, ELO_SURGEON_MEGABYTES on a model of what size; the long run
/// is 200 kills and 300 MB.
@Suite(.serialized) struct CrashTests {
  private static let kills = setting("ELO_SURGEON_KILLS", otherwise: 8)
  private static let megabytes = setting("ELO_SURGEON_MEGABYTES", otherwise: 48)

  private static func setting(_ name: String, otherwise value: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? value
  }

  @Test(arguments: ["detach", "attach"])
  func aKilledCopyIsAbsentOrWholeAndTheNextRunSucceeds(_ operation: String) throws {
    try withOperands { files in
      let command = operation == "detach" ? files.detach : files.attach
      let output = files.directory.appending(path: "out")
      let arguments = command + ["--output", output.path]
      let (expected, seconds) = try measuredRun(arguments, output: output)
      var counts = (absent: 0, whole: 0, remains: 0)
      var random = SeededNumbers(seed: 11)
      for kill in 0..<Self.kills {
        try FileManager.default.removeItem(at: output)
        try killed(arguments, after: Double.random(in: 0...1.05 * seconds, using: &random))
        if FileManager.default.fileExists(atPath: output.path) {
          counts.whole += 1
          #expect(try differences(output, expected).isEmpty, "kill \(kill) left a mixture")
          continue
        }
        counts.absent += 1
        let staging = files.directory.appending(path: ".out.staging").path
        let hadRemains = FileManager.default.fileExists(atPath: staging)
        let again = try Program.run(arguments)
        #expect(again.status == 0, "kill \(kill): \(again.errors)")
        if hadRemains {
          counts.remains += 1
          #expect(again.errors.contains("removed the remains of an unfinished run"), "kill \(kill): \(again.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: staging))
        #expect(try differences(output, expected).isEmpty, "kill \(kill): the second run made something else")
      }
      print("\(operation): \(Self.kills) kills: \(counts)")
    }
  }

  @Test func aKilledPatchIsOldOrNewOrCompletedByTheNextRun() throws {
    try withOperands { files in
      let (old, base) = (files.base, files.directory.appending(path: "patched"))
      let new = files.directory.appending(path: "new")
      let arguments = ["attach", files.trained.path, "--to", base.path, "--in-place"]
      #expect(try Program.run(files.attach + ["--output", new.path]).status == 0)
      try FileManager.default.copyItem(at: old, to: base)
      let (expected, seconds) = try measuredRun(arguments, output: base)
      #expect(try differences(new, expected).isEmpty, "a patch and a copy differ")
      var counts = (old: 0, new: 0, halfway: 0)
      var random = SeededNumbers(seed: 12)
      for kill in 0..<Self.kills {
        try FileManager.default.removeItem(at: base)
        try FileManager.default.copyItem(at: old, to: base)
        let journal = base.appending(path: ".elo-surgeon.journal").path
        // Every other kill waits for the patching itself, which is short beside the reading before it.
        let wait = Double.random(in: 0...1.05 * seconds, using: &random)
        try killed(arguments, after: kill % 2 == 0 ? wait : wait / 10, of: kill % 2 == 0 ? nil : journal)
        if FileManager.default.fileExists(atPath: journal) {
          counts.halfway += 1
          let verification = try Program.run("verify", base.path)
          #expect(verification.status == 1, "kill \(kill): a half-patched checkpoint looked sound")
          #expect(verification.output.contains("--in-place"), "kill \(kill): \(verification.output)")
        } else if try differences(base, expected).isEmpty {
          counts.new += 1
        } else {
          counts.old += 1
          let differing = try differences(base, old)
          #expect(
            differing.allSatisfy { $0 == ".elo-surgeon.journal.new" }, "kill \(kill) left a mixture: \(differing)")
        }
        let again = try Program.run(arguments)
        #expect(again.status == 0, "kill \(kill): \(again.errors)")
        #expect(try differences(base, expected).isEmpty, "kill \(kill): the second run made something else")
      }
      print("attach --in-place: \(Self.kills) kills: \(counts)")
    }
  }

  private struct Operands {
    let directory: URL
    let base: URL
    let trained: URL
    var detach: [String] { ["detach", base.path, "--layers", "first:2,last:2"] }
    var attach: [String] { ["attach", trained.path, "--to", base.path] }
  }

  /// A base and its trained layers.
  private func withOperands(_ body: (Operands) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      let files = Operands(
        directory: directory, base: directory.appending(path: "base"), trained: directory.appending(path: "trained"))
      try writeBulkyCheckpoint(to: files.base, megabytes: Self.megabytes)
      let detached = directory.appending(path: "detached")
      let run = try Program.run(files.detach + ["--output", detached.path])
      #expect(run.status == 0, "\(run.errors)")
      try writeTrained(detached, to: files.trained)
      try body(files)
    }
  }

  /// Runs a command to its end; gives a copy of what it made, and how long it took.
  private func measuredRun(_ arguments: [String], output: URL) throws -> (expected: URL, seconds: Double) {
    let start = ContinuousClock.now
    let run = try Program.run(arguments)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    #expect(run.status == 0, "\(run.errors)")
    let expected = output.deletingLastPathComponent().appending(path: "expected")
    try FileManager.default.copyItem(at: output, to: expected)
    return (expected, seconds)
  }

  /// Kills a run some time after its start, or after a file appears.
  private func killed(_ arguments: [String], after seconds: Double, of file: String? = nil) throws {
    let running = try Program.start(arguments)
    while let file, running.process.isRunning, !FileManager.default.fileExists(atPath: file) { usleep(200) }
    usleep(UInt32(seconds * 1e6))
    kill(running.process.processIdentifier, SIGKILL)
    _ = try running.wait()
  }

  /// The files that differ between two directories or are in one only.
  private func differences(_ first: URL, _ second: URL) throws -> [String] {
    let files = FileManager.default
    let names = try [first, second].map { Set(try files.subpathsOfDirectory(atPath: $0.path)) }
    return names[0].union(names[1]).sorted().filter { name in
      !files.contentsEqual(atPath: first.appending(path: name).path, andPath: second.appending(path: name).path)
    }
  }
}
