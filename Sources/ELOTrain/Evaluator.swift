import Corpora
import Decoders
import Foundation
import Tokenizers

/// How well a model predicts one text.
public struct TextScore: Codable, Sendable, Hashable {
  /// The name that the text was given.
  public var name: String
  /// Documents, empty ones included.
  public var documents: Int
  /// Tokens scored.
  public var tokens: Int
  /// UTF-8 bytes of the documents.
  public var bytes: Int
  /// Negative log-likelihood of all tokens, in nats.
  public var nll: Double
  /// exp(nll / tokens).
  public var perplexity: Double
  /// nll / (ln 2 · bytes).
  public var bitsPerByte: Double
  /// Of each document: nll in nats and bytes, for intervals over documents.
  public var perDocument: [DocumentScore]

  /// One document's part.
  public struct DocumentScore: Sendable, Hashable {
    /// Negative log-likelihood in nats.
    public var nll: Double
    /// UTF-8 bytes.
    public var bytes: Int
  }

  enum CodingKeys: String, CodingKey {
    case name, documents, tokens, bytes, nll, perplexity
    case bitsPerByte = "bits_per_byte"
  }

  init(name: String, tokens: Int, perDocument: [DocumentScore]) {
    self.name = name
    self.tokens = tokens
    self.perDocument = perDocument
    documents = perDocument.count
    bytes = perDocument.reduce(0) { $0 + $1.bytes }
    nll = perDocument.reduce(0) { $0 + $1.nll }
    perplexity = exp(nll / Double(tokens))
    bitsPerByte = nll / (log(2) * Double(bytes))
  }

  /// Reads a score; what was scored document by document is not part of the file.
  public init(from decoder: any Swift.Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    documents = try container.decode(Int.self, forKey: .documents)
    tokens = try container.decode(Int.self, forKey: .tokens)
    bytes = try container.decode(Int.self, forKey: .bytes)
    nll = try container.decode(Double.self, forKey: .nll)
    perplexity = try container.decodeIfPresent(Double.self, forKey: .perplexity) ?? .infinity
    bitsPerByte = try container.decode(Double.self, forKey: .bitsPerByte)
    perDocument = []
  }

  /// Writes a score; a perplexity beyond all numbers, which JSON lacks, is left out.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(documents, forKey: .documents)
    try container.encode(tokens, forKey: .tokens)
    try container.encode(bytes, forKey: .bytes)
    try container.encode(nll, forKey: .nll)
    if perplexity.isFinite { try container.encode(perplexity, forKey: .perplexity) }
    try container.encode(bitsPerByte, forKey: .bitsPerByte)
  }
}

/// Scores texts: every token of a document exactly once, in windows of a context length, as lm-evaluation-harness's
/// `loglikelihood_rolling` with `context_len` 1.
///
/// The first token is predicted from the prefix token; windows follow one another, and the last one reaches back to fill
/// the context. No special tokens are added inside.
public struct Evaluator: Sendable {
  /// Tokens of one window.
  public let context: Int
  /// The token before each document.
  public let prefix: UInt32
  /// Windows are computed together up to about this many tokens.
  static let tokensPerPass = 4096

  /// An evaluator; the usual context is the smaller of 2048 and the model's limit.
  public init(context: Int, prefix: UInt32) {
    precondition(context > 0, "a context of \(context)")
    self.context = context
    self.prefix = prefix
  }

  /// Tokens that go in and the part of them that is scored.
  package struct Window {
    package let document: Int
    /// What goes in: the prefix token or tokens before the targets.
    package let ids: [Int32]
    /// What follows each, -1 where another window scores it.
    package let targets: [Int32]
  }

  /// Scores a text.
  /// - Parameter progress: called with tokens done and tokens in all; returning false stops with `interrupted`.
  /// - Throws: `TrainingError.notFinite` naming the document whose score is NaN or infinite, `.interrupted`.
  public func score(
    _ text: TokenizedText, with decoder: Decoders.Decoder, progress: (Int, Int) -> Bool = { _, _ in true }
  ) throws(TrainingError) -> TextScore {
    var perDocument = (0..<text.documentCount).map {
      TextScore.DocumentScore(nll: 0, bytes: text.byteCount(ofDocument: $0))
    }
    var pending: [Window] = []
    var done = 0
    func flush() throws(TrainingError) {
      guard !pending.isEmpty else { return }
      for (window, nll) in zip(pending, scores(of: pending, with: decoder)) {
        guard nll.isFinite else { throw .notFinite("the score of document \(window.document) of text \(text.name)") }
        perDocument[window.document].nll += nll
        done += window.targets.count { $0 >= 0 }
      }
      pending.removeAll(keepingCapacity: true)
      guard progress(done, text.tokenCount) else { throw .interrupted }
    }
    for document in 0..<text.documentCount {
      for window in windows(of: Array(text.tokens(ofDocument: document)), document: document) {
        pending.append(window)
        if pending.reduce(0, { $0 + $1.ids.count }) >= Self.tokensPerPass { try flush() }
      }
    }
    try flush()
    return TextScore(name: text.name, tokens: done, perDocument: perDocument)
  }

  package func windows(of tokens: [UInt32], document: Int) -> [Window] {
    let stream = ([prefix] + tokens).map { Int32(bitPattern: $0) }
    return stride(from: 0, to: tokens.count, by: context).map { scored in
      let end = min(tokens.count, scored + context)
      let start = max(0, end - context)
      let targets = (start..<end).map { $0 < scored ? -1 : stream[$0 + 1] }
      return Window(document: document, ids: Array(stream[start..<end]), targets: targets)
    }
  }

  private func scores(of windows: [Window], with decoder: Decoders.Decoder) -> [Double] {
    var spans: [Range<Int>] = []
    for window in windows {
      let start = spans.last?.upperBound ?? 0
      spans.append(start..<start + window.ids.count)
    }
    let batch = TokenBatch(
      ids: windows.flatMap(\.ids), targets: windows.flatMap(\.targets),
      positions: windows.flatMap { $0.ids.indices.map(Int32.init) }, spans: spans, device: decoder.device)
    let losses = decoder.losses(batch)
    return spans.map { losses[$0].reduce(0) { $0 + Double($1) } }
  }
}
