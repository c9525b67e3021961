import ArgumentParser
import Corpora
import Foundation
import JSONText
import Tokenizers

/// `elo-surgeon tokenize CHECKPOINT FILE`: the ids of each document, a JSON array per line.
struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Print the token ids of each document as a JSON array.",
    discussion: """
      One line per document. No special tokens are added; special tokens written in the text are recognised. An empty \
      document is [].
      """)

  @Argument(
    help: "A checkpoint directory with a tokenizer.json, or tokenizer.model, tekken.json or a .tiktoken file.",
    completion: .directory)
  var checkpoint: String

  @Argument(help: "A .jsonl or .txt file, also .gz or .zst, a directory or a glob of these.", completion: .file())
  var file: String

  @Option(help: "The field of a .jsonl line that holds the text.")
  var textField = "text"

  @Flag(help: "Print what the ids decode to, a JSON string per line, in place of the ids.")
  var decoded = false

  func run() throws {
    let tokenizer = try Tokenizer(directory: URL(filePath: checkpoint))
    let output = FileHandle.standardOutput
    try DocumentReader(path: file, textField: textField).forEach { document in
      let ids = tokenizer.encode(utf8: document.text)
      let line =
        decoded
        ? JSONValue.string(tokenizer.decode(ids)).text : "[\(ids.map(String.init).joined(separator: ","))]"
      try output.write(contentsOf: Data("\(line)\n".utf8))
    }
  }
}
