import ArgumentParser
import Checkpoints
import Corpora
import ELOTrain
import Foundation
import JSONText

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
    let file = directory(output)
    let partial = file.appendingPathExtension("partial")
    guard !FileManager.default.fileExists(atPath: file.path) else {
      throw CheckpointError.destinationExists(path: file.path)
    }
    // Remains of a process that died.
    try? FileManager.default.removeItem(at: partial)
    let mix: MixExport
    do {
      mix = try MixExport(
        sources, checkpoint: directory(checkpoint), textField: textField, seed: seed, shuffleBuffer: shuffleBuffer,
        tokens: tokens, to: partial, label: "export-mix")
      try FileManager.default.moveItem(at: partial, to: file)
    } catch {
      try? FileManager.default.removeItem(at: partial)
      throw error
    }
    print(format == .json ? mix.json.text : mix.lines.joined(separator: "\n"))
  }
}
