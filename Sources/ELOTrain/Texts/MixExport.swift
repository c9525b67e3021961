import Checkpoints
import Corpora
import Foundation
import JSONText
import Tokenizers

/// Texts mixed by weight in one jsonl, for trainers that cannot weight.
///
/// Whole documents in the order and the shares of tokens that training with the same seed has, one object a line: `source`,
/// the text's name, and `text`.
public struct MixExport: Sendable {
  /// What was written of one text.
  public struct Text: Sendable {
    /// Its name.
    public let name: String
    /// The share of the tokens that was asked for.
    public let share: Double
    /// Documents written, repeated ones counted again.
    public internal(set) var documents = 0
    /// Their tokens with the special ones around each.
    public internal(set) var tokens = 0
  }

  /// The texts in the order given.
  public private(set) var texts: [Text]
  /// What was found wrong with the texts, a line for each kind of flaw.
  public private(set) var warnings: [String] = []

  /// Tokens of all texts.
  public var tokens: Int { texts.reduce(0) { $0 + $1.tokens } }

  /// Writes a mix.
  /// - Parameters:
  ///   - sources: the texts with their weights.
  ///   - checkpoint: a directory whose tokenizer counts the tokens.
  ///   - textField: the field of jsonl files that holds the text.
  ///   - seed: of the order.
  ///   - shuffleBuffer: documents of each text that wait to be drawn at random.
  ///   - tokens: the document that fills this many is the last.
  ///   - file: what to write; must not exist.
  ///   - report: told the tokens so far after each document; returning false stops with `TrainingError.interrupted`.
  /// - Throws: `CorpusError`, `TokenizerError`, and `CheckpointError` when writing fails; the file is incomplete then.
  public init(
    _ sources: [TextSource], checkpoint: URL, textField: String = "text", seed: UInt64,
    shuffleBuffer: Int = MixtureOptions.defaultShuffleBuffer, tokens wanted: Int, to file: URL,
    report: (Int) -> Bool = { _ in true }
  ) throws {
    let sum = sources.reduce(0) { $0 + $1.weight }
    texts = sources.map { Text(name: $0.name, share: $0.weight / sum) }
    let places = Dictionary(uniqueKeysWithValues: texts.indices.map { (texts[$0].name, $0) })
    let tokenizer = try Tokenizer(directory: checkpoint)
    var documents = try MixedDocuments(
      sources, tokenizer: tokenizer, specialTokens: SpecialTokens(directory: checkpoint, tokenizer: tokenizer),
      textField: textField, seed: seed, shuffleBuffer: shuffleBuffer)
    var output = try FileOutput(creating: file)
    var total = 0
    while total < wanted {
      let document = try documents.next()
      let text = String(decoding: document.bytes, as: UTF8.self)
      try output.append(
        Array(#"{"source": \#(document.text.jsonSpelling), "text": \#(text.jsonSpelling)}\#n"#.utf8))
      if let place = places[document.text] {
        texts[place].documents += 1
        texts[place].tokens += document.tokens
      }
      total += document.tokens
      guard report(total) else { throw TrainingError.interrupted }
    }
    try output.finish()
    warnings = documents.read.flatMap { name, read in
      read.flaws.found.map { "\(name): \($1.count) \($0) (\($1.places.joined(separator: "; ")))" }
    }
  }
}
