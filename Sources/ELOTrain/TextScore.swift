import Foundation

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
  /// The 95 % interval of the bits per byte, nil below five documents.
  public var interval: DocumentInterval?
  /// Of each document: nll in nats and bytes, for intervals over documents; empty in the lines of `metrics.jsonl`.
  public var perDocument: [DocumentScore]

  /// One document's part.
  public struct DocumentScore: Codable, Sendable, Hashable {
    /// Negative log-likelihood in nats.
    public var nll: Double
    /// UTF-8 bytes.
    public var bytes: Int

    package init(nll: Double, bytes: Int) { (self.nll, self.bytes) = (nll, bytes) }
  }

  enum CodingKeys: String, CodingKey {
    case name, documents, tokens, bytes, nll, perplexity
    case bitsPerByte = "bits_per_byte"
    case interval = "bits_per_byte_interval"
    case perDocument = "per_document"
  }

  package init(name: String, tokens: Int, perDocument: [DocumentScore]) {
    self.name = name
    self.tokens = tokens
    self.perDocument = perDocument
    documents = perDocument.count
    bytes = perDocument.reduce(0) { $0 + $1.bytes }
    nll = perDocument.reduce(0) { $0 + $1.nll }
    perplexity = exp(nll / Double(tokens))
    bitsPerByte = nll / (log(2) * Double(bytes))
    interval = DocumentInterval(of: bitsPerByte, leavingOut: bitsPerByteLeavingOut)
  }

  /// The same without its documents.
  var summary: TextScore {
    var summary = self
    summary.perDocument = []
    return summary
  }

  /// Reads a score.
  public init(from decoder: any Swift.Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    documents = try container.decode(Int.self, forKey: .documents)
    tokens = try container.decode(Int.self, forKey: .tokens)
    bytes = try container.decode(Int.self, forKey: .bytes)
    nll = try container.decode(Double.self, forKey: .nll)
    perplexity = try container.decodeIfPresent(Double.self, forKey: .perplexity) ?? .infinity
    bitsPerByte = try container.decode(Double.self, forKey: .bitsPerByte)
    interval = try container.decodeIfPresent(DocumentInterval.self, forKey: .interval)
    perDocument = try container.decodeIfPresent([DocumentScore].self, forKey: .perDocument) ?? []
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
    try container.encodeIfPresent(interval, forKey: .interval)
    if !perDocument.isEmpty { try container.encode(perDocument, forKey: .perDocument) }
  }
}
