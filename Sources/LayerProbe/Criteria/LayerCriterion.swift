import Decoders

/// A way to score layers.
///
/// One criterion may give several scores from the same passes: the first is the one that layers are ranked by, the others
/// are variants of it. In every score more means that the layer matters more.
public protocol LayerCriterion: Sendable {
  /// What is scored, the ranking score first.
  var scores: [ScoreDescription] { get }

  /// Scores every layer on some documents, each for itself.
  /// - Parameter progress: called between passes with the share of them that is done; what it throws ends the scoring.
  /// - Returns: `[scores][documents][layers]`.
  func score(
    _ documents: ArraySlice<ProbeDocument>, on model: ProbedModel, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [[[Double]]]
}

/// What a score is.
public struct ScoreDescription: Sendable, Hashable, Codable {
  /// Its key in reports and archives, in snake case.
  public let name: String
  /// Its unit; `1` for a ratio.
  public let unit: String
  /// What it measures, in one sentence.
  public let description: String

  /// A score's name, unit and meaning.
  public init(name: String, unit: String, description: String) {
    self.name = name
    self.unit = unit
    self.description = description
  }
}

/// A model whose layers are scored, and the token that goes before each document.
public struct ProbedModel {
  /// The model.
  public let decoder: Decoder
  /// Stands before each document and counts in no mean.
  public let prefix: UInt32

  /// A model and its prefix token.
  public init(decoder: Decoder, prefix: UInt32) {
    self.decoder = decoder
    self.prefix = prefix
  }

  /// Number of layers.
  public var layerCount: Int { decoder.layers.count }

  /// Documents in one pass, each behind its own prefix token and with attention kept inside it.
  func batch(_ documents: ArraySlice<ProbeDocument>) -> ProbeBatch {
    var ids: [Int32] = []
    var targets: [Int32] = []
    var positions: [Int32] = []
    var spans: [Range<Int>] = []
    for document in documents {
      let start = ids.count
      ids.append(Int32(bitPattern: prefix))
      ids.append(contentsOf: document.tokens)
      targets.append(contentsOf: document.tokens)
      targets.append(-1)
      positions.append(contentsOf: 0...Int32(document.tokens.count))
      spans.append(start..<ids.count)
    }
    let tokens = TokenBatch(ids: ids, targets: targets, positions: positions, spans: spans, device: decoder.device)
    return ProbeBatch(tokens: tokens, spans: spans)
  }
}

/// Documents on the device, and which rows are whose.
struct ProbeBatch {
  let tokens: TokenBatch
  /// Rows of each document, its prefix token first.
  let spans: [Range<Int>]
}
