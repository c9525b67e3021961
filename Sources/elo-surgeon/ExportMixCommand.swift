import ArgumentParser
import Checkpoints
import Corpora
import ELOTrain
import Foundation
import JSONText
import Tokenizers

struct ExportMixCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export-mix", abstract: "Write texts mixed by weight as one jsonl, for trainers that cannot weight.",
    discussion: """
      Whole documents in the order and the shares of tokens that `pretrain` with the same seed would see, one object a line: \
      its text and its source. A text that ends before the others begins again.
      """)

  @Argument(help: "A checkpoint directory, whose tokenizer counts the tokens.", completion: .directory)
  var checkpoint: String
  @Option(
    help: ArgumentHelp("A text, with its share of the tokens; may be repeated.", valueName: "name=file[:weight]"))
  var text: [String]
  @Option(help: "End behind the document that fills this many tokens.")
  var tokens: Int
  @Option(help: "The .jsonl file to write; must not exist.")
  var output: String
  @Option(help: "Seed of the order.")
  var seed: UInt64 = 42
  @Option(help: "Documents of each text that wait to be drawn at random; 1 keeps the order of the files.")
  var shuffleBuffer = MixtureOptions.defaultShuffleBuffer
  @Option(help: "Field of jsonl files that holds the text.")
  var textField = "text"
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func validate() throws {
    guard !text.isEmpty else { throw ValidationError("give at least one --text NAME=FILE") }
    guard tokens > 0, shuffleBuffer > 0 else {
      throw ValidationError("--tokens and --shuffle-buffer must be at least 1")
    }
  }

  func run() throws {
    Interruption.listen()
    let sources = try TextSource.list(arguments: text)
    let tokenizer = try Tokenizer(directory: directory(checkpoint))
    var documents = try MixedDocuments(
      sources, tokenizer: tokenizer,
      specialTokens: SpecialTokens(directory: directory(checkpoint), tokenizer: tokenizer), textField: textField,
      seed: seed, shuffleBuffer: shuffleBuffer)
    var counts = MixCounts(sources)
    let file = directory(output)
    let partial = file.appendingPathExtension("partial")
    guard !FileManager.default.fileExists(atPath: file.path) else {
      throw CheckpointError.destinationExists(path: file.path)
    }
    // Remains of a process that died.
    try? FileManager.default.removeItem(at: partial)
    do {
      try write(&documents, &counts, to: partial)
      try FileManager.default.moveItem(at: partial, to: file)
    } catch {
      try? FileManager.default.removeItem(at: partial)
      throw error
    }
    for (name, read) in documents.read {
      for (description, finding) in read.flaws.found {
        Transfer.warn(
          "warning: \(name): \(finding.count) \(description) (\(finding.places.joined(separator: "; ")))")
      }
    }
    print(format == .json ? counts.json.text : counts.lines.joined(separator: "\n"))
  }

  private func write(_ documents: inout MixedDocuments, _ counts: inout MixCounts, to url: URL) throws {
    var line = ProgressLine()
    var file = try FileOutput(creating: url)
    while counts.tokens < tokens {
      let document = try documents.next()
      let text = String(decoding: document.bytes, as: UTF8.self)
      try file.append(
        Array(#"{"source": \#(document.text.jsonSpelling), "text": \#(text.jsonSpelling)}\#n"#.utf8))
      counts.note(document)
      line.show(
        "export-mix", fraction: min(1, Double(counts.tokens) / Double(tokens)), details: "\(counts.tokens) tokens",
        secondsLeft: nil)
      guard !Interruption.isRequested else { throw TrainingError.interrupted }
    }
    try file.finish()
    line.finish("export-mix: \(counts.tokens) tokens")
  }
}

/// What was written of each text.
private struct MixCounts {
  private var texts: [(name: String, share: Double, documents: Int, tokens: Int)]

  init(_ sources: [TextSource]) {
    let sum = sources.reduce(0) { $0 + $1.weight }
    texts = sources.map { ($0.name, $0.weight / sum, 0, 0) }
  }

  var tokens: Int { texts.reduce(0) { $0 + $1.tokens } }

  mutating func note(_ document: MixedDocuments.Drawn) {
    guard let index = texts.firstIndex(where: { $0.name == document.text }) else { return }
    texts[index].documents += 1
    texts[index].tokens += document.tokens
  }

  var lines: [String] {
    texts.map {
      String(
        format: "%@: %ld documents, %ld tokens, %.2f %% of all (asked for: %.2f %%)", $0.name, $0.documents, $0.tokens,
        100 * Double($0.tokens) / Double(tokens), 100 * $0.share)
    }
  }

  var json: JSONValue {
    [
      "texts": .array(
        texts.map {
          [
            "name": .string($0.name), "share": .number($0.share), "documents": .integer($0.documents),
            "tokens": .integer($0.tokens),
          ]
        })
    ]
  }
}
