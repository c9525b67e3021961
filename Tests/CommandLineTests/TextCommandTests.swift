import Foundation
import JSONText
import TestSupport
import Testing

/// Texts on the command line: mixed into a file, with flaws, in a cache.
@Suite struct TextCommandTests {
  @Test func aMixIsWrittenWithItsShares() throws {
    try withTexts { model, directory in
      let output = directory.appending(path: "mix.jsonl")
      let arguments = [
        "export-mix", model, "--text", "de=\(directory.path)/de.jsonl:9", "--text", "en=\(directory.path)/en.jsonl",
        "--tokens", "20000", "--output", output.path, "--format", "json",
      ]
      let run = try Program.run(arguments)
      #expect(run.status == 0, "\(run.errors)")
      let texts = try #require(try JSONText(run.output).root["texts"]?.elements)
      let tokens = texts.compactMap { $0["tokens"]?.int }
      #expect(tokens.reduce(0, +) >= 20_000 && tokens.reduce(0, +) < 20_300)
      #expect(abs(Double(tokens[0]) / Double(tokens[0] + tokens[1]) - 0.9) < 0.01)
      let lines = try String(contentsOf: output, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == texts.reduce(0) { $0 + $1["documents"]!.int! })
      let source = try String(contentsOf: directory.appending(path: "de.jsonl"), encoding: .utf8)
      let first = try JSONText(String(lines[0])).root
      #expect(first["source"]?.string == "de" && source.contains(#"{"text": "\#(first["text"]!.string!)"}"#))
      let again = try Program.run(arguments)
      #expect(again.status == 1 && again.errors.contains(output.path))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
          == ["de.jsonl", "en.jsonl", "mix.jsonl", "model"])
    }
  }

  @Test func flawsOfATextEndNoTrainingAndAreNamed() throws {
    try withTexts { model, directory in
      let file = directory.appending(path: "de.jsonl")
      var bytes = try Data(contentsOf: file)
      bytes.append(contentsOf: Array("\n{\"text\": \"".utf8) + [0xFF] + Array("\"}\n{\"text\": \"\"}\n".utf8))
      try bytes.write(to: file)
      let output = directory.appending(path: "out")
      let run = try Program.run(
        "align", model, "--text", "de=\(file.path)", "--steps", "2", "--sequence-length", "64", "--output", output.path)
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.errors.contains("warning: de: 1 documents that are not UTF-8, passed over"), "\(run.errors)")
      #expect(run.errors.contains("\(file.path):301, byte "), "\(run.errors)")
      #expect(run.errors.contains("de: 1024 tokens, 100.00 % of all"), "\(run.errors)")
      let report = try JSONText(String(contentsOf: output.appending(path: "texts.json"), encoding: .utf8)).root
      let flaws = report["texts"]?.elements?.first?["read"]?["flaws"]
      #expect(flaws?["empty"]?["count"]?.int == 1 && flaws?["invalid_utf8"]?["count"]?.int == 1)
    }
  }

  @Test func aCacheChangesNothing() throws {
    try withTexts { model, directory in
      let weights = try ["none", "new", "old"].map { name in
        let output = directory.appending(path: name)
        let run = try Program.run(
          ["align", model, "--text", "de=\(directory.path)/de.jsonl", "--steps", "2", "--sequence-length", "64"]
            + ["--threads", "1", "--output", output.path]
            + (name == "none" ? [] : ["--token-cache", directory.appending(path: "cache").path]))
        #expect(run.status == 0, "\(run.errors)")
        return try Data(contentsOf: output.appending(path: "model.safetensors"))
      }
      #expect(weights[0] == weights[1] && weights[1] == weights[2])
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path + "/cache").count == 2)
    }
  }

  private func withTexts(_ body: (_ model: String, _ directory: URL) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      let model = directory.appending(path: "model")
      try writeTinyCheckpoint(to: model)
      try writeTinyText(["der", "die", "Zeile", "Spalte"], to: directory.appending(path: "de.jsonl"))
      try writeTinyText(["the", "row", "of", "a", "table"], to: directory.appending(path: "en.jsonl"))
      try body(model.path, directory)
    }
  }
}
