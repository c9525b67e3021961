import Foundation
import JSONText
import TestSupport
import Testing

/// Whole commands on a tiny checkpoint: what they print, what they leave, how they fail.
@Suite(.serialized) struct CommandTests {
  @Test func theWholeWayRunsAndReports() throws {
    try withTinyFiles { model, de, en, directory in
      let output = directory.appending(path: "adapted").path
      let run = try Program.run(
        "adapt", model, "--method", "elo", "--target", "de=\(de)", "--source", "en=\(en)", "--output", output,
        "--tokens",
        "6000",
        "--align-tokens", "3000", "--sequence-length", "64", "--batch-size", "4", "--warmup", "2", "--learning-rate",
        "3e-3", "--align-learning-rate", "3e-3", "--evaluation-tokens", "2000", "--evaluate-every", "10")
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("re-attached"))
      let report = try JSONText([UInt8](Data(contentsOf: URL(filePath: output).appending(path: "report.json")))).root
      #expect(report["schema_version"]?.int == 2)
      #expect(report["layers"]?.elements?.compactMap(\.int) == [0, 3])
      #expect(report["bridges"]?.elements?.count == 1)
      #expect(report["points"]?.elements?.compactMap { $0["point"]?.string } == ["base", "re-attached", "aligned"])
      #expect(report["points"]?.elements?.allSatisfy { $0["texts"]?.elements?.count == 2 } == true)
      let bits = report["points"]?.elements?.compactMap { $0["texts"]?.elements?.first?["bits_per_byte"]?.double } ?? []
      #expect(bits.count == 3)
      #expect(bits[2] < bits[0])
      let page = try String(contentsOf: URL(filePath: output).appending(path: "report.html"), encoding: .utf8)
      #expect(page.contains("<svg"))
      #expect(!page.contains("<script"))
      #expect(page.contains("--align-tokens 3000"))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: output).sorted() == [
          "adapt.yaml", "config.json", "model.safetensors", "report.html", "report.json", "tokenizer.json",
          "tokenizer_config.json", "training.json",
        ])
      let evaluation = try Program.run("evaluate", output, "--text", "de=\(de)", "--format", "json")
      #expect(evaluation.status == 0, "\(evaluation.errors)")
    }
  }

  @Test func lowRankTrainingReportsItsCost() throws {
    try withTinyFiles { model, de, en, directory in
      let output = directory.appending(path: "low-rank").path
      let adapt = [
        "adapt", model, "--method", "lora", "--target", "de=\(de)", "--source", "en=\(en)", "--output", output,
      ]
      let run = try Program.run(
        adapt + [
          "--align-tokens", "2000", "--sequence-length", "64", "--evaluation-tokens", "1000", "--lora-rank", "4",
        ])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.errors.contains("needs: memory train 0.1 GB of "))
      let report = try JSONText([UInt8](Data(contentsOf: URL(filePath: output).appending(path: "report.json")))).root
      #expect(report["method"]?.string == "lora")
      #expect(report["arithmetic"]?["align"]?["flops_per_token"]?.double ?? 0 > 0)
      let samples = try #require(report["samples"]?.elements)
      #expect(samples.compactMap { $0["point"]?.string } == ["base", "base", "aligned", "aligned"])
      let page = try String(contentsOf: URL(filePath: output).appending(path: "report.html"), encoding: .utf8)
      #expect(page.contains("Gain and forgetting") && page.contains("GFLOP/s"))
      let refused = try Program.run(adapt + ["--layers", "0,1"])
      #expect(refused.status == 64 && refused.errors.contains("--layers says how layers are detached"))
      for flag in [["--head-words", "100"], ["--rounded-head"]] {
        let trainedHead = try Program.run(adapt.map { $0 == "lora" ? "full" : $0 } + flag)
        #expect(trainedHead.status == 64 && trainedHead.errors.contains("\(flag[0]) needs a frozen head"))
      }
      let both = try Program.run(adapt + ["--head-words", "100", "--rounded-head"])
      #expect(both.status == 64 && both.errors.contains("give one of them"))
    }
  }

  @Test func theMethodFullIsUsualAndHasNoReattachedPoint() throws {
    try withTinyFiles { model, de, en, directory in
      let output = directory.appending(path: "full").path
      let run = try Program.run(
        "adapt", model, "--target", "de=\(de)", "--source", "en=\(en)", "--output", output,
        "--align-tokens", "2000", "--sequence-length", "64", "--evaluation-tokens", "1000")
      #expect(run.status == 0, "\(run.errors)")
      #expect(!run.output.contains("re-attached"))
    }
  }

  @Test func evaluationGivesTheDocumentedKeys() throws {
    try withTinyFiles { model, de, _, directory in
      let run = try Program.run("evaluate", model, "--text", "german=\(de)", "--format", "json", "--context", "32")
      #expect(run.status == 0, "\(run.errors)")
      let text = try #require(JSONText(run.output).root["texts"]?.elements?.first)
      #expect(
        text.members?.map(\.key).sorted() == [
          "bits_per_byte", "bits_per_byte_interval", "bytes", "documents", "name", "nll", "per_document", "perplexity",
          "tokens",
        ])
      #expect(text["name"]?.string == "german")
      // One token for each byte.
      #expect(text["tokens"]?.int == text["bytes"]?.int)
      let nll = try #require(text["nll"]?.double)
      let bytes = try #require(text["bytes"]?.double)
      #expect(abs(try #require(text["bits_per_byte"]?.double) - nll / (log(2) * bytes)) < 1e-12)
    }
  }

  @Test func aModelDiffersFromItselfByNothingAndFromOtherDocumentsNotAtAll() throws {
    try withTinyFiles { model, de, en, directory in
      let printed = try Program.run("evaluate", model, "--text", "de=\(de)", "--format", "json").output
      let scores = directory.appending(path: "scores.json")
      try Data(printed.utf8).write(to: scores)
      let same = try Program.run("evaluate", model, "--text", "de=\(de)", "--against", scores.path)
      #expect(same.status == 0, "\(same.errors)")
      #expect(same.output.contains("+0.0000 bits/byte  ±0.0000"))
      let other = try Program.run("evaluate", model, "--text", "de=\(en)", "--against", scores.path)
      #expect(other.status == 1)
      #expect(other.errors.contains("not of the same documents of de"))
      let wrong = try Program.run("evaluate", model, "--text", "de=\(de)", "--against", de)
      #expect(wrong.status == 1)
      #expect(wrong.errors.contains("evaluate --format json"))
    }
  }

  @Test func detachedAndRestoredIsTheSameFileByFile() throws {
    try withTinyFiles { model, _, _, directory in
      let (detached, restored) = (directory.appending(path: "d").path, directory.appending(path: "r").path)
      #expect(try Program.run("detach", model, "--layers", "first,2", "--output", detached).status == 0)
      #expect(try Program.run("attach", detached, "--to", model, "--output", restored).status == 0)
      for name in try FileManager.default.contentsOfDirectory(atPath: model) {
        let (a, b) = (
          try Data(contentsOf: URL(filePath: model + "/" + name)),
          try Data(contentsOf: URL(filePath: restored + "/" + name))
        )
        #expect(a == b, "\(name)")
      }
    }
  }

  @Test func generationContinuesThePrompt() throws {
    try withTinyFiles { model, _, _, _ in
      let run = try Program.run("generate", model, "--prompt", "der ", "--max-tokens", "5", "--threads", "1")
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.hasPrefix("der "))
      let sampled = try (0..<2).map { _ in
        try Program.run("generate", model, "--prompt", "der ", "--temperature", "1", "--seed", "5").output
      }
      #expect(sampled[0] == sampled[1])
    }
  }

  @Test func aChatUsesTheTemplateThatEveryStepCarries() throws {
    try withTinyFiles { model, _, _, directory in
      let without = try Program.run("generate", model, "--chat", "--prompt", "hallo")
      #expect(without.status == 1 && without.errors.contains("has no chat template"), "\(without.errors)")
      let template = "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}\n{% endfor %}<assistant>"
      try template.write(toFile: model + "/chat_template.jinja", atomically: true, encoding: .utf8)
      let (detached, attached) = (directory.path + "/chat-detached", directory.path + "/chat-attached")
      #expect(try Program.run("detach", model, "--layers", "first,last", "--output", detached).status == 0)
      #expect(try Program.run("attach", detached, "--to", model, "--output", attached).status == 0)
      let answers = try [model, detached, attached].map { checkpoint in
        try Program.run(
          "generate", checkpoint, "--chat", "--system", "kurz", "--prompt", " hallo ", "--max-tokens", "4", "--threads",
          "1")
      }
      #expect(answers.allSatisfy { $0.status == 0 }, "\(answers.map(\.errors))")
      #expect(answers[0].output == answers[2].output && !answers[0].output.contains("hallo"))
      // The same text written out, behind the prefix token that a template writes for itself, gives other logits but no error.
      #expect(try Program.run("generate", model, "--system", "kurz", "--prompt", "hallo").status == 64)
    }
  }

  @Test(
    arguments: [
      (["evaluate", "/no/such/model", "--text", "de=/tmp"], 1, "/no/such/model"),
      (["evaluate", "{MODEL}"], 64, "--text"),
      (["evaluate", "{MODEL}", "--text", "de"], 64, "NAME=FILE"),
      (["evaluate", "{MODEL}", "--text", "de=/no/such/file.jsonl"], 1, "/no/such/file.jsonl"),
      (["evaluate", "{MODEL}", "--text", "de={EMPTY}"], 1, "{EMPTY}"),
      (["evaluate", "{MODEL}", "--text", "de={DE}", "--context", "4096"], 1, "4096"),
      (["evaluate", "{NOCONFIG}", "--text", "de={DE}"], 1, "config.json"),
      (["evaluate", "{TRUNCATED}", "--text", "de={DE}"], 1, "model.safetensors"),
      (["evaluate", "{UNKNOWN}", "--text", "de={DE}"], 1, "quasar"),
      (["pretrain", "{MODEL}", "--text", "de={DE}", "--steps", "1", "--output", "{OUT}"], 1, "surgery.json"),
      (["align", "{MODEL}", "--text", "de={DE}", "--output", "{OUT}"], 64, "--minutes"),
      (
        ["align", "{MODEL}", "--text", "de={DE}", "--steps", "1", "--sequence-length", "512", "--output", "{OUT}"], 1,
        "128"
      ),
      (["align", "{MODEL}", "--text", "de={DE}", "--steps", "1", "--output", "{MODEL}"], 1, "{MODEL}"),
      (["detach", "{MODEL}", "--layers", "first,9", "--output", "{OUT}"], 64, "9"),
      (["nonsense"], 64, "nonsense"),
    ] as [([String], Int32, String)])
  func aWrongCommandSaysWhatIsWrong(_ arguments: [String], status: Int32, mentions: String) throws {
    try withTinyFiles { model, de, _, directory in
      let places = try brokenPlaces(in: directory, model: model, text: de)
      func filled(_ word: String) -> String {
        places.reduce(word) { $0.replacing($1.key, with: $1.value) }
      }
      let run = try Program.run(arguments.map(filled))
      #expect(run.status == status, "\(run.errors)")
      #expect(run.errors.contains(filled(mentions)), "\(run.errors)")
      #expect(run.output.isEmpty)
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(!left.contains { $0.hasPrefix("OUT") || $0.hasSuffix(".staging") || $0.hasSuffix(".partial") })
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func anInterruptedTrainingLeavesNothing(_ signalNumber: Int32) throws {
    try withTinyFiles { model, de, _, directory in
      let output = directory.appending(path: "out").path
      let running = try Program.start([
        "align", model, "--text", "de=\(de)", "--steps", "1000000", "--sequence-length", "64", "--output", output,
      ])
      let metrics = URL(filePath: output + ".partial/metrics.jsonl")
      let deadline = Date.now + 60
      while ((try? Data(contentsOf: metrics).count) ?? 0) == 0, Date.now < deadline { usleep(20_000) }
      kill(running.process.processIdentifier, signalNumber)
      let outcome = try running.wait()
      #expect(outcome.status == 130)
      #expect(outcome.errors.contains("interrupted"))
      #expect(!FileManager.default.fileExists(atPath: output))
      #expect(!FileManager.default.fileExists(atPath: output + ".partial"))
    }
  }

  /// Directories and files that a command must refuse, by the word that stands for them in a test's arguments.
  private func brokenPlaces(in directory: URL, model: String, text: String) throws -> [String: String] {
    let files = FileManager.default
    func copy(_ name: String) throws -> URL {
      let place = directory.appending(path: name)
      try files.copyItem(atPath: model, toPath: place.path)
      return place
    }
    let noConfig = try copy("noconfig")
    try files.removeItem(at: noConfig.appending(path: "config.json"))
    let truncated = try copy("truncated").appending(path: "model.safetensors")
    try Data(contentsOf: truncated).dropLast(100).write(to: truncated)
    let unknown = try copy("unknown").appending(path: "config.json")
    try Data(String(contentsOf: unknown, encoding: .utf8).replacing("\"llama\"", with: "\"quasar\"").utf8)
      .write(to: unknown)
    let empty = directory.appending(path: "empty.jsonl")
    try Data().write(to: empty)
    return [
      "{MODEL}": model, "{DE}": text, "{EMPTY}": empty.path, "{NOCONFIG}": noConfig.path,
      "{TRUNCATED}": directory.appending(path: "truncated").path,
      "{UNKNOWN}": directory.appending(path: "unknown").path,
      "{OUT}": directory.appending(path: "OUT").path,
    ]
  }

  private func withTinyFiles(_ body: (_ model: String, _ de: String, _ en: String, _ directory: URL) throws -> Void)
    throws
  {
    try withTemporaryDirectory { directory in
      let model = directory.appending(path: "model")
      try writeTinyCheckpoint(to: model)
      let (de, en) = (directory.appending(path: "de.jsonl"), directory.appending(path: "en.jsonl"))
      try writeTinyText(["der", "die", "Zeile", "Spalte", "wählen", "öffnen", "Tabelle"], to: de)
      try writeTinyText(["the", "row", "column", "select", "open", "table", "of"], to: en)
      try body(model.path, de.path, en.path, directory)
    }
  }
}
