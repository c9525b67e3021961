import Checkpoints
import Foundation
import JSONText
import TestSupport
import Testing

/// `elo-surgeon recipe` as a user runs it.
@Suite struct RecipeCommandTests {
  @Test func aRecipeHasTheMixOfExportMixAndSaysHowTheResultReturns() throws {
    try withDetached { detached, directory in
      let texts = ["--text", "de=\(directory.path)/de.jsonl:9", "--text", "en=\(directory.path)/en.jsonl"]
      let output = directory.appending(path: "recipe")
      let run = try Program.run(
        ["recipe", detached, "--for", "trl", "--tokens", "20000", "--output", output.path, "--format", "json"] + texts)
      #expect(run.status == 0, "\(run.errors)")
      let printed = try JSONText(run.output).root
      // 4,096 tokens a step, whole steps.
      #expect(printed["steps"]?.int == 5 && printed["result"]?.string == "result")
      #expect(printed["trained_layers"]?.elements?.map(\.int) == [0, 1])
      let page = try String(contentsOf: output.appending(path: "README.md"), encoding: .utf8)
      #expect(page.contains("elo-surgeon attach result --to BASE --cast --output adapted"))
      #expect(page.contains("cd \(output.path)\npython train.py"))
      let mix = directory.appending(path: "mix.jsonl")
      let export = try Program.run(["export-mix", detached, "--tokens", "20480", "--output", mix.path] + texts)
      #expect(export.status == 0, "\(export.errors)")
      #expect(try Data(contentsOf: output.appending(path: "mix.jsonl")) == Data(contentsOf: mix))
    }
  }

  @Test func whatCannotBeWrittenIsRefusedAndLeavesNothing() throws {
    try withDetached { detached, directory in
      let output = directory.appending(path: "recipe")
      func recipe(_ model: String, _ trainer: String, _ text: String = "de.jsonl", steps: String = "2") throws
        -> Program.Outcome
      {
        try Program.run(
          "recipe", model, "--for", trainer, "--steps", steps, "--output", output.path, "--text",
          "de=\(directory.path)/\(text)")
      }
      let unknown = try recipe(detached, "unsloth")
      #expect(unknown.status == 64 && unknown.errors.contains("unsloth"), "\(unknown.errors)")
      let whole = try recipe("\(directory.path)/base", "trl")
      #expect(whole.status == 1 && whole.errors.contains("no surgery.json"), "\(whole.errors)")
      let textless = try recipe(detached, "trl", "missing.jsonl")
      #expect(textless.status == 1 && textless.errors.contains("missing.jsonl"), "\(textless.errors)")
      let none = try recipe(detached, "trl", steps: "0")
      #expect(none.status == 64, "\(none.errors)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
          == ["base", "de.jsonl", "detached", "en.jsonl"])
    }
  }

  private func withDetached(_ body: (_ detached: String, _ directory: URL) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      let (base, detached) = (directory.appending(path: "base"), directory.appending(path: "detached"))
      try writeTinyCheckpoint(to: base)
      try writeTinyText(["der", "die", "Zeile", "Spalte"], to: directory.appending(path: "de.jsonl"))
      try writeTinyText(["the", "row", "of", "a", "table"], to: directory.appending(path: "en.jsonl"))
      let run = try Program.run(["detach", base.path, "--layers", "first,last", "--output", detached.path])
      #expect(run.status == 0, "\(run.errors)")
      try body(detached.path, directory)
    }
  }
}
