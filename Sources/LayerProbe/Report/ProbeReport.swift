/// What `probe` found, as `report.json` holds it: keys in snake case, numbers with all their digits, layers counted from 0.
///
/// `docs/probe-report.schema.json` is its JSON Schema.
public struct ProbeReport: Codable, Sendable, Hashable {
  /// The layout of the file.
  public static let schemaVersion = 3

  /// Layout of this report.
  public var schemaVersion: Int
  /// What was typed, word by word.
  public var command: [String]
  /// The model.
  public var checkpoint: ModelOutline
  /// What fixes every draw.
  public var seed: UInt64
  /// How numbers were made.
  public var settings: Settings
  /// The texts, the target first.
  public var texts: [TextSummary]
  /// How the target's documents belong to those of each source text, by its name.
  public var pairings: [String: PairingSummary]
  /// Scores by name.
  public var criteria: [String: ScoreSummary]
  /// How scores differ between target and source, by source text and score.
  public var contrasts: [String: [String: ContrastSummary]]
  /// How far the criteria agree on the target text.
  public var agreement: CriteriaAgreement
  /// How far the ranking of all criteria depends on the documents.
  public var stability: RankingStability
  /// Short trials of training; null where there were none.
  public var trials: TrialResults?
  /// What the trials say of sets of layers.
  public var trialVerdict: TrialVerdict?
  /// What the trials say of the criteria.
  public var predictions: [TrialPrediction]?
  /// What the analysis finds where there is nothing to find.
  public var controls: [ControlSummary]
  /// What the chosen layers cost to train; null where the model was not at hand.
  public var costs: StageCosts?
  /// The choice with its reasons.
  public var selection: LayerChoice
  /// The chosen layers; `--layers @report.json` reads them.
  public var selectedLayers: [Int]
  /// The choice in words.
  public var verdict: String

  enum CodingKeys: String, CodingKey {
    case command, checkpoint, seed, settings, texts, pairings, criteria, contrasts, agreement, stability, trials
    case predictions, controls, costs, selection, verdict
    case schemaVersion = "schema_version"
    case trialVerdict = "trial_verdict"
    case selectedLayers = "selected_layers"
  }

  /// How numbers were made.
  public struct Settings: Codable, Sendable, Hashable {
    /// Documents are cut at so many tokens.
    public var maximumTokens: Int
    /// Draws of documents.
    public var resamples: Int
    /// How often an interval is to hold the true value.
    public var confidence: Double
    /// Flips of signs of pairs.
    public var flips: Int
    /// The accepted chance of a false alarm.
    public var level: Double
    /// What was to be selected.
    public var budget: String

    enum CodingKeys: String, CodingKey {
      case resamples, confidence, flips, level, budget
      case maximumTokens = "maximum_tokens"
    }
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

  /// What pairs of documents rest on.
  public struct PairingSummary: Codable, Sendable, Hashable {
    /// `id`, `order` or `none`.
    public var basis: DocumentPairing.Basis
    /// Pairs.
    public var pairs: Int
  }

  /// The scores in their order.
  public var scores: [ScoreSummary] { criteria.values.sorted { $0.position < $1.position } }

  /// The target's name.
  public var target: String { texts[0].name }
}
