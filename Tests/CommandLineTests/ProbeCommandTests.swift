import Checkpoints
import Foundation
import JSONText
import TestSupport
import Testing

/// `probe` as a user meets it: what is wrong with the input is named, and no half report is left.
@Suite struct ProbeCommandTests {
  private struct Run {
    let status: Int32
    let output: String
    let errors: String
    /// What lies beside the operands.
    let left: [String]
    let report: JSONNode?
  }

  /// Probes a tiny model on two texts, given by their lines.
  private func probe(
    layers: Int = 2, german: [String] = lines(0..<6), english: [String] = lines(0..<6), options: [String] = [],
    damage: (URL) throws -> Void = { _ in }
  ) throws -> Run {
    try withTemporaryDirectory { directory in
      let model = directory.appending(path: "model")
      try writeTinyCheckpoint(to: model, layers: layers, dtype: .f32)
      try damage(model)
      for (name, lines) in [("de", german), ("en", english)] {
        try Data(lines.joined(separator: "\n").utf8).write(to: directory.appending(path: "\(name).jsonl"))
      }
      let output = directory.appending(path: "out")
      let run = try Program.run(
        [
          "probe", model.path, "--target", "de=\(directory.path)/de.jsonl", "--source", "en=\(directory.path)/en.jsonl",
          "--max-tokens", "24", "--output", output.path,
        ] + options)
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      let report = try? String(contentsOf: output.appending(path: "report.json"), encoding: .utf8)
      return Run(
        status: run.status, output: run.output, errors: run.errors,
        left: left.filter { !["model", "de.jsonl", "en.jsonl"].contains($0) },
        report: try report.map { try JSONText($0).root })
    }
  }

  private static func lines(_ numbers: Range<Int>, ids: Bool = true, _ text: (Int) -> String = words) -> [String] {
    numbers.map { (ids ? #"{"id": "\#($0)", "# : "{") + #""text": "\#(text($0))"}"# }
  }

  private static func words(_ number: Int) -> String { "Zeile \(number) hat Spalten" }

  @Test func aWeightThatIsNoNumberIsNamedWithItsLayer() throws {
    let run = try probe { model in
      let file = model.appending(path: "model.safetensors")
      let tensor = try #require(try readTensors(file)["model.layers.1.mlp.up_proj.weight"])
      var bytes = try Data(contentsOf: file)
      let start = tensor.byteRange.lowerBound + 4 * 7
      bytes.replaceSubrange(start..<start + 4, with: withUnsafeBytes(of: Float.nan) { Data($0) })
      try bytes.write(to: file)
    }
    #expect(run.status == 1)
    #expect(run.errors.contains("layer 1: element 7 of model.layers.1.mlp.up_proj.weight"), "\(run.errors)")
    #expect(run.left == [])
  }

  @Test func aTextWithoutTokensIsNamed() throws {
    let run = try probe(english: Self.lines(0..<3) { _ in "" })
    #expect(run.status == 1)
    #expect(run.errors.contains("the text 'en' has no tokens"), "\(run.errors)")
    #expect(run.left == [])
  }

  @Test func aTextOfOneDocumentWithTokensIsTooShort() throws {
    let run = try probe(german: Self.lines(0..<3) { $0 == 1 ? "eins" : "" })
    #expect(run.status == 1)
    #expect(run.errors.contains("text de: 1 documents with tokens, 2 are needed"), "\(run.errors)")
    #expect(run.left == [])
  }

  @Test func aDocumentWithoutTokensIsPassedOverAndItsPartnerKept() throws {
    let run = try probe(german: Self.lines(0..<6) { $0 == 1 ? "" : Self.words($0) })
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.left == ["out"])
    let texts = try #require(run.report?["texts"]?.elements)
    #expect(texts.map { $0["documents"]?.int } == [5, 6])
    #expect(texts[0]["empty_documents"]?.int == 1)
  }

  @Test func languagesWithoutParallelDocumentsAreScoredWithAWarning() throws {
    let run = try probe(english: Self.lines(10..<16))
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("warning: the documents of de and en share no id"), "\(run.errors)")
    #expect(run.report?["pairings"]?["en"]?["basis"]?.string == "none")
    #expect(run.report?["criteria"]?["retrieval"]?["subjects"]?.members?.count == 0)
    let declared = try probe(
      german: Self.lines(0..<6, ids: false), english: Self.lines(0..<6, ids: false), options: ["--in-order"])
    #expect(declared.status == 0 && !declared.errors.contains("warning"), "\(declared.errors)")
    #expect(declared.report?["criteria"]?["retrieval"]?["subjects"]?["en"] != nil)
  }

  @Test func aModelOfOneLayerHasItsLayerChosen() throws {
    let run = try probe(layers: 1)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.report?["selected_layers"]?.elements?.map(\.int) == [0])
    let refused = try probe(layers: 1, options: ["--layers", "2"])
    #expect(refused.status == 64)
    #expect(refused.errors.contains("2 layers asked for, but the model has 1; ask for 1\n"), "\(refused.errors)")
    #expect(refused.left == [])
  }

  @Test func documentsLongerThanTheModelsPositionsAreRefusedBeforeTheWork() throws {
    let run = try probe(options: ["--max-tokens", "128"])
    #expect(run.status == 1)
    #expect(run.errors.contains("set --max-tokens to 127 or less"), "\(run.errors)")
    #expect(run.left == [])
  }

  @Test func twoTextsOfOneNameAreRefused() throws {
    let run = try probe(options: ["--source", "de=/dev/null"])
    #expect(run.status == 64)
    #expect(run.errors.contains("two texts are named 'de'"), "\(run.errors)")
    #expect(run.left == [])
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func anInterruptedProbeLeavesNothing(signal: Int32) throws {
    try withTemporaryDirectory { directory in
      let (model, text) = (directory.appending(path: "model"), directory.appending(path: "text.jsonl"))
      try writeTinyCheckpoint(to: model, layers: 40)
      try writeTinyText(["der", "die", "Zeile", "Spalte"], to: text)
      let running = try Program.start([
        "probe", model.path, "--target", "de=\(text.path)", "--source", "en=\(text.path)", "--documents", "300",
        "--max-tokens", "120", "--output", directory.appending(path: "out").path,
      ])
      let staging = directory.appending(path: ".out.staging").path
      while running.process.isRunning, !FileManager.default.fileExists(atPath: staging) { usleep(500) }
      kill(running.process.processIdentifier, signal)
      let run = try running.wait()
      #expect(run.status == 130)
      #expect(run.errors.contains("interrupted; nothing was written"), "\(run.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["model", "text.jsonl"])
    }
  }

  @Test(.enabled(if: PrivateDisk.isAllowed, "mount namespaces are not allowed here"))
  func aDiskThatFillsLeavesNoHalfReport() throws {
    try withTemporaryDirectory { directory in
      let (model, text) = (directory.appending(path: "model"), directory.appending(path: "text.jsonl"))
      try writeTinyCheckpoint(to: model, layers: 2)
      try writeTinyText(["der", "die", "Zeile", "Spalte"], to: text)
      // Full before the archive, inside it, and with room for it but not for the files behind it.
      for room in ["size=4k", "size=64k", "size=8m,nr_inodes=3", "size=8m,nr_inodes=5"] {
        let run = try PrivateDisk(options: room).run([
          "probe", model.path, "--target", "de=\(text.path)", "--source", "en=\(text.path)", "--documents", "6",
          "--max-tokens", "24", "--output", "DISK/out",
        ])
        #expect(run.status == 1, "\(room)")
        #expect(run.errors.contains("no space left while writing"), "\(room): \(run.errors)")
        #expect(run.left == [], "\(room): \(run.left)")
      }
    }
  }
}
