/// What a score is: enough to label it, to rank by it and to find where it comes from.
public struct ScoreDescription: Sendable, Hashable, Codable {
  /// Its key in reports and archives, in snake case.
  public let name: String
  /// Its unit; `1` for a ratio.
  public let unit: String
  /// What it measures, with its formula, in one sentence.
  public let description: String
  /// The paper it is from; empty where it needs none.
  public let source: String
  /// Which weights of a layer it looks at.
  public let part: LayerPart
  /// What its numbers stand in a row for.
  public let axis: ScoreAxis
  /// What it is measured on.
  public let subject: ScoreSubject
  /// What a larger number says.
  public let direction: ScoreDirection
  /// Whether layers are ranked by it; variants of a ranking score are not counted a second time.
  public let ranks: Bool
  /// How documents make the number for all of them.
  public let aggregation: ScoreAggregation

  /// A score's name, unit and meaning; by default one number per layer and document in which more matters more.
  public init(
    name: String, unit: String, description: String, source: String = "", part: LayerPart = .whole,
    axis: ScoreAxis = .layers, subject: ScoreSubject = .text, direction: ScoreDirection = .moreMattersMore,
    ranks: Bool = true, aggregation: ScoreAggregation = .mean
  ) {
    self.name = name
    self.unit = unit
    self.description = description
    self.source = source
    self.part = part
    self.axis = axis
    self.subject = subject
    self.direction = direction
    self.ranks = ranks
    self.aggregation = aggregation
  }

  /// Whether the target language has a say in it; weights alone know no language.
  public var measuresTarget: Bool { subject != .weights }
}

/// The weights of a layer that a score looks at.
public enum LayerPart: String, Sendable, Hashable, Codable, CaseIterable {
  /// All of them.
  case whole
  /// Attention with its norm.
  case attention
  /// The MLP with its norm.
  case mlp
}

/// What the numbers of a score stand in a row for.
///
/// A *state* is the residual stream between layers: state 0 is the embedding's output, state l is what layer l reads, and
/// state L is behind the last layer, before the final norm.
public enum ScoreAxis: String, Sendable, Hashable, Codable, CaseIterable {
  /// One number for each of L layers.
  case layers
  /// One number for each of L + 1 states.
  case states
  /// A matrix of (L + 1) x (L + 1) numbers by state and state, row-major.
  case statePairs = "state_pairs"
  /// One number for each tensor of each layer, in the order of `ProbeScores.tensors`.
  case tensors
}

/// What a score is measured on.
public enum ScoreSubject: String, Sendable, Hashable, Codable, CaseIterable {
  /// Each text for itself.
  case text
  /// The target text against each source text, pair of documents by pair of documents.
  case contrast
  /// The weights alone.
  case weights
}

/// What a larger number says of a layer.
public enum ScoreDirection: String, Sendable, Hashable, Codable, CaseIterable {
  /// That it matters more.
  case moreMattersMore = "more_matters_more"
  /// That it matters less.
  case moreMattersLess = "more_matters_less"
  /// Neither: the score describes.
  case descriptive
}

/// How the documents' own numbers make the number for all of them.
public enum ScoreAggregation: String, Sendable, Hashable, Codable, CaseIterable {
  /// Each document has its own number, and the mean is the score.
  case mean
  /// The score is of all documents at once; kept are its values with each document left out (jackknife).
  case leaveOneOut = "leave_one_out"
}
