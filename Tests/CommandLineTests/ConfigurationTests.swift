import Foundation
import JSONText
import TestSupport
import Testing

/// `adapt` from a YAML file: every flag a key, the resolved file that runs it again, and what is refused.
@Suite(.serialized) struct ConfigurationTests {
  @Test func theResolvedConfigurationRunsItAgain() throws {
    try withTinyAdaptation { yaml, directory in
      let config = directory.appending(path: "run.yaml")
      try Data(yaml.utf8).write(to: config)
      let (first, again) = (directory.appending(path: "first").path, directory.appending(path: "again").path)
      // The command line overrides the file.
      let run = try Program.run("adapt", "--config", config.path, "--output", first, "--align-tokens", "1024")
      #expect(run.status == 0, "\(run.errors)")
      let resolved = try String(contentsOfFile: first + "/adapt.yaml", encoding: .utf8)
      #expect(resolved.contains("\nalign-tokens: 1024\n") && resolved.contains("\nwarmup: 2\n"))
      // Neither in the file nor on the command line.
      #expect(resolved.contains("\nthreads: ") && resolved.contains("\nresult: last\n"))
      #expect(resolved.contains("\ncross-documents: false\n") && !resolved.contains("resume"))
      let repeated = try Program.run("adapt", "--config=\(first)/adapt.yaml", "--output", again)
      #expect(repeated.status == 0, "\(repeated.errors)")
      for name in ["model.safetensors", "training.json"] {
        let (a, b) = (
          try Data(contentsOf: URL(filePath: "\(first)/\(name)")),
          FileManager.default.contents(atPath: "\(again)/\(name)")
        )
        #expect(a == b, "\(name)")
      }
      let second = try String(contentsOfFile: again + "/adapt.yaml", encoding: .utf8)
      #expect(second == resolved.replacing("\noutput: \(first)\n", with: "\noutput: \(again)\n"))
    }
  }

  @Test func everyFlagIsAKey() throws {
    let help = try JSONText(Program.run("adapt", "--experimental-dump-help").output).root
    let arguments = try #require(help["command"]?["arguments"]?.elements)
    let names = arguments.compactMap { $0["preferredName"]?["name"]?.string }.filter {
      !["config", "help", "version"].contains($0)
    }
    #expect(names.count > 30)
    try withTemporaryDirectory { directory in
      let config = directory.appending(path: "all.yaml")
      try Data(names.map { "\($0): null\n" }.joined().utf8).write(to: config)
      let run = try Program.run("adapt", "--config", config.path)
      // All of them known, and none of them given.
      #expect(run.status == 64 && run.errors.contains("<checkpoint>"), "\(run.errors)")
    }
  }

  @Test(
    arguments: [
      ("warmup: 2\nlearnin-rate: 1e-3\n", ":2: there is no key 'learnin-rate', did you mean 'learning-rate'?"),
      ("learning_rate: 1e-3", ":1: there is no key 'learning_rate', did you mean 'learning-rate'?"),
      ("quasar: 1", ":1: there is no key 'quasar'."),
      ("warmup: 1\n\nminutes: soon", ":3: The value 'soon' is invalid for '--minutes <minutes>'"),
      ("minutes: [1, 2]", ":1: minutes takes one value"),
      ("cross-documents: maybe", ":1: cross-documents takes true or false"),
      ("held-out: {a: b}", ":1: held-out takes a value or a list of values"),
      ("schedule: sine", ":1: The value 'sine' is invalid for '--schedule <schedule>'"),
      ("align-tokens: 3\nminutes: 1", ":1,2: give --minutes, or --tokens and --align-tokens"),
      ("warmup: 1\nwarmup: 2", "'warmup'"), ("a: 1\n b: 2", "2:3"), ("- a", ":1: keys with their values"),
    ])
  func whatIsWrongInTheFileIsNamedWithItsLine(_ yaml: String, mentions: String) throws {
    try withTemporaryDirectory { directory in
      let config = directory.appending(path: "c.yaml")
      try Data("\(yaml)\n".utf8).write(to: config)
      let run = try Program.run(
        "adapt", "model", "--target", "de=a", "--source", "en=b", "--output", "\(directory.path)/out", "--config",
        config.path)
      #expect(run.status == 64, "\(run.errors)")
      #expect(run.errors.contains(config.path) && run.errors.contains(mentions), "\(run.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["c.yaml"])
    }
  }

  @Test func aFileThatIsNotThereIsNamed() throws {
    let run = try Program.run("adapt", "--config", "/no/such/file.yaml")
    #expect(run.status == 64 && run.errors.contains("/no/such/file.yaml"), "\(run.errors)")
  }

  private func withTinyAdaptation(_ body: (_ yaml: String, _ directory: URL) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      try writeTinyCheckpoint(to: directory.appending(path: "model"))
      try writeTinyText(["der", "die", "Zeile", "Spalte"], to: directory.appending(path: "de.jsonl"))
      try writeTinyText(["the", "row", "of", "a", "table"], to: directory.appending(path: "en.jsonl"))
      let yaml = """
        # A tiny run.
        checkpoint: \(directory.path)/model
        method: elo
        target: de=\(directory.path)/de.jsonl
        source: en=\(directory.path)/en.jsonl
        held-out: [ "de=\(directory.path)/de.jsonl" ]
        tokens: 2048
        align-tokens: 4096
        sequence-length: 64
        warmup: 2
        learning-rate: 3e-3
        evaluation-tokens: 600
        keep-frozen: null
        """
      try body(yaml, directory)
    }
  }
}
