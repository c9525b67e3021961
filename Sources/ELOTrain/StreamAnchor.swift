import Corpora
import Decoders

/// A text on which training is to change little.
public struct AnchoredText: Sendable, Hashable, CustomStringConvertible {
  /// The text's name.
  public let name: String
  /// How much a change weighs against the loss.
  public let weight: Double

  /// Anchors a text.
  public init(name: String, weight: Double) {
    self.name = name
    self.weight = weight
  }

  /// Reads `en=0.5`.
  /// - Throws: `TrainingError.badAnchor`.
  public init(argument: String) throws(TrainingError) {
    guard let sign = argument.lastIndex(of: "="), sign > argument.startIndex,
      let weight = Double(argument[argument.index(after: sign)...]), weight.isFinite, weight > 0
    else { throw .badAnchor(argument) }
    self.init(name: String(argument[..<sign]), weight: weight)
  }

  /// The text as it is written.
  public var description: String { "\(name)=\(weight)" }
}

/// Keeps what trained layers give on some texts near what they gave before the training.
///
/// The penalty is, summed over the trained layers, the mean over a text's tokens of `|x - r|² / |r|²`, times the text's
/// weight: x the residual stream behind the layer (and behind the bridge that follows it), r that of the untrained model.
/// Relative to r, so that tokens with massive states weigh no more than others.
final class StreamAnchor {
  private let untrained: Decoders.Decoder
  /// Places in the stream, behind the trained layers.
  private let places: Set<Int>
  /// Weight of each text of the mixture.
  private let weights: [Double]
  /// Of each place what the untrained model has there, for the anchored rows of the batch that is under way.
  private var references: [Int: Tensor] = [:]

  /// - Parameters:
  ///   - untrained: the model as it was, with its bridges; only read.
  ///   - trained: the decoder that is trained.
  ///   - texts: the names of the mixture's texts.
  /// - Throws: `TrainingError.noSuchText`.
  init(
    _ anchored: [AnchoredText], untrained: Decoders.Decoder, trained: Decoders.Decoder, texts: [String]
  ) throws(TrainingError) {
    for text in anchored where !texts.contains(text.name) { throw .noSuchText(text.name, known: texts) }
    self.untrained = untrained
    weights = texts.map { name in anchored.last { $0.name == name }?.weight ?? 0 }
    places = Set(trained.reachedLayers.map { $0 + 1 })
  }

  /// The factor of each text's tokens in a step: its weight over their number in all parts.
  func scales(_ parts: [PackedBatch]) -> [Double] {
    weights.indices.map { text in
      let tokens = parts.reduce(0) { $0 + $1.tokensBySource[text] }
      return tokens == 0 ? 0 : weights[text] / Double(tokens)
    }
  }

  /// Runs the untrained model on the rows of a part that anchored texts fill, for `penalty`.
  /// - Returns: nil when there are none.
  func prepare(_ part: PackedBatch, scales: [Double]) -> Rows? {
    let pieces = part.pieces.filter { scales[$0.text] > 0 }
    guard !pieces.isEmpty else { return nil }
    // Whole spans: where attention crosses documents a piece sees what stands before it.
    let spans = part.spans.filter { span in pieces.contains { $0.positions.overlaps(span) } }
    var starts: [Int] = []
    var count = 0
    for span in spans {
      starts.append(count)
      count += span.count
    }
    let device = untrained.device
    let batch = TokenBatch(
      ids: spans.flatMap { part.ids[$0] }, targets: Array(repeating: -1, count: count),
      positions: spans.flatMap { part.positions[$0] },
      spans: zip(spans, starts).map { $1..<$1 + $0.count }, device: device)
    references = [:]
    untrained.observe(
      batch,
      .init { index, stream in
        guard self.places.contains(index) else { return }
        let copy = device.makeTensor(rows: stream.rows, columns: stream.columns)
        device.copy(stream, to: copy)
        self.references[index] = copy
      })
    return Rows(
      pieces.map { piece in
        let span = spans.firstIndex { $0.contains(piece.positions.lowerBound) }!
        let start = starts[span] + piece.positions.lowerBound - spans[span].lowerBound
        return (piece.positions, start..<start + piece.positions.count, scales[piece.text])
      })
  }

  /// Rows of a batch that are anchored, where the untrained model's stand, and their factor.
  struct Rows {
    fileprivate let rows: [(batch: Range<Int>, reference: Range<Int>, scale: Double)]
    fileprivate init(_ rows: [(batch: Range<Int>, reference: Range<Int>, scale: Double)]) { self.rows = rows }
  }

  /// The penalty of a place in the stream; its gradient is added.
  func penalty(_ rows: Rows, at index: Int, _ stream: Tensor, gradient: Tensor) -> Double {
    guard let reference = references[index] else { return 0 }
    return rows.rows.reduce(0) { sum, piece in
      sum + piece.scale
        * untrained.device.relativeDistance(
          stream.rows(piece.batch), from: reference.rows(piece.reference), scale: Float(piece.scale),
          gradient: gradient.rows(piece.batch))
    }
  }
}
