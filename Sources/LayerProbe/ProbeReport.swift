import Foundation

/// What `probe` found, as `report.json` holds it: keys in snake case, numbers with all their digits, layers 0-based.
public struct ProbeReport: Codable, Sendable, Hashable {
  /// The layout of the file.
  public static let schemaVersion = 1

  /// Layout of this report.
  public var schemaVersion: Int
  /// The model.
  public var checkpoint: CheckpointIdentity
  /// What fixes the resampling.
  public var seed: UInt64
  /// How intervals were made.
  public var bootstrap: BootstrapSettings
  /// Documents are cut at so many tokens.
  public var maximumTokens: Int
  /// The texts, the target first.
  public var texts: [TextSummary]
  /// Scores by name.
  public var criteria: [String: CriterionSummary]
  /// How far the criteria agree on the target text.
  public var agreement: AgreementSummary
  /// The choice; `--layers @report.json` reads it.
  public var selectedLayers: [Int]
  /// The choice in words.
  public var verdict: String

  enum CodingKeys: String, CodingKey {
    case checkpoint, seed, bootstrap, texts, criteria, agreement, verdict
    case schemaVersion = "schema_version"
    case maximumTokens = "maximum_tokens"
    case selectedLayers = "selected_layers"
  }

  /// Which model was scored.
  public struct CheckpointIdentity: Codable, Sendable, Hashable {
    /// The directory as it was given.
    public var path: String
    /// Number of layers.
    public var layers: Int
    /// SHA-256 in hexadecimal by file: config.json, and the header of each file of weights.
    public var hashes: [String: String]

    /// A model's identity.
    public init(path: String, layers: Int, hashes: [String: String]) {
      self.path = path
      self.layers = layers
      self.hashes = hashes
    }
  }

  /// How intervals were made.
  public struct BootstrapSettings: Codable, Sendable, Hashable {
    /// Draws of documents.
    public var resamples: Int
    /// Share of resampled means inside.
    public var confidence: Double
  }

  /// One text.
  public struct TextSummary: Codable, Sendable, Hashable {
    /// The name that it was given.
    public var name: String
    /// `target` or `source`.
    public var role: String
    /// Documents scored.
    public var documents: Int
    /// Documents without tokens, left out.
    public var emptyDocuments: Int
    /// Tokens scored.
    public var tokens: Int
    /// Their UTF-8 bytes.
    public var bytes: Int

    enum CodingKeys: String, CodingKey {
      case name, role, documents, tokens, bytes
      case emptyDocuments = "empty_documents"
    }
  }

  /// One score; every dictionary is by the text's name.
  public struct CriterionSummary: Codable, Sendable, Hashable {
    /// Its unit.
    public var unit: String
    /// What it measures.
    public var description: String
    /// Whether layers are ranked by it, or it is a variant.
    public var ranks: Bool
    /// Mean over documents, by layer.
    public var layers: [String: [Double]]
    /// Lower and upper end of each mean's interval.
    public var intervals: [String: [[Double]]]
    /// Share of resamples in which the layer is among the highest, as many as are selected.
    public var topShares: [String: [Double]]
    /// Raw values, `[documents][layers]`.
    public var documents: [String: [[Double]]]

    enum CodingKeys: String, CodingKey {
      case unit, description, ranks, layers, intervals, documents
      case topShares = "top_shares"
    }
  }

  /// Correlations between ranking scores.
  public struct AgreementSummary: Codable, Sendable, Hashable {
    /// The text they are from.
    public var text: String
    /// Names in the order of rows and columns.
    public var criteria: [String]
    /// Spearman correlations, null where one does not vary.
    public var spearman: [[Double?]]
    /// Mean over pairs.
    public var mean: Double?
  }

  /// Summarises scores; the first text is the target, the others are sources.
  /// - Throws: `ProbeError.statistics`.
  public init(
    _ scores: ProbeScores, checkpoint: CheckpointIdentity, maximumTokens: Int, bootstrap: Bootstrap, choice: LayerChoice
  ) throws(ProbeError) {
    schemaVersion = Self.schemaVersion
    self.checkpoint = checkpoint
    seed = bootstrap.seed
    self.bootstrap = BootstrapSettings(resamples: bootstrap.resamples, confidence: bootstrap.confidence)
    self.maximumTokens = maximumTokens
    texts = scores.texts.enumerated().map { position, text in
      TextSummary(
        name: text.name, role: position == 0 ? "target" : "source", documents: text.documents.count,
        emptyDocuments: text.emptyDocumentCount, tokens: text.documents.reduce(0) { $0 + $1.tokenCount },
        bytes: text.documents.reduce(0) { $0 + $1.byteCount })
    }
    criteria = [:]
    for score in scores.scores where score.description.subject == .text && score.description.axis == .layers {
      var summary = CriterionSummary(
        unit: score.description.unit, description: score.description.description, ranks: score.description.ranks,
        layers: [:],
        intervals: [:], topShares: [:], documents: [:])
      for (position, text) in scores.texts.enumerated() {
        let perDocument = score.values(ofText: position).perDocument
        summary.layers[text.name] = score.means(ofText: position)
        summary.intervals[text.name] = try bootstrap.intervals(of: perDocument).map { [$0.lowerBound, $0.upperBound] }
        summary.topShares[text.name] = try bootstrap.topShares(
          of: perDocument, count: choice.layers.count)
        summary.documents[text.name] = perDocument
      }
      criteria[score.description.name] = summary
    }
    agreement = AgreementSummary(
      text: scores.texts[0].name, criteria: choice.criteria, spearman: choice.correlations, mean: choice.agreement)
    selectedLayers = choice.layers
    verdict = choice.verdict
  }

  /// The file's bytes.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }
}
