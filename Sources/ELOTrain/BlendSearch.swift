import Checkpoints
import Decoders
import Foundation
import ModelSurgery

/// Chooses how much of a training to take at attach, by what held-out text says of the whole model.
///
/// Between 0, the base, and 1, the trained layers as they are, the score of base + factor (trained - base) is smooth, so a
/// few factors show where it is best.
public struct BlendSearch: Sendable {
  /// How the model with one factor scores.
  public struct Point: Codable, Sendable {
    /// How much of the training is taken.
    public var factor: Double
    /// The scores.
    public var texts: [TextScore]
    /// The mean over the texts of their bits per byte, by which factors are compared.
    public var bitsPerByte: Double { texts.reduce(0) { $0 + $1.bitsPerByte } / Double(texts.count) }
  }

  /// The factors that are tried, ascending.
  public var factors = [0.25, 0.5, 0.75, 1]

  /// A search among quarters.
  public init() {}

  /// Scores the whole model with each factor.
  /// - Parameters:
  ///   - plan: an attachment, whose own factor does not matter.
  ///   - heldOut: at least one text.
  ///   - progress: called with tokens done and in all; returning false stops with `TrainingError.interrupted`.
  /// - Returns: the points, and the best factor: the lowest mean, of equals the smallest.
  /// - Throws: `CheckpointError`, `DecoderError`, `TrainingError.notFinite`, `.interrupted`.
  public func run(
    _ plan: AttachPlan, heldOut: TextSet, device: any Device, progress: (Int, Int) -> Bool = { _, _ in true }
  ) throws -> (points: [Point], best: Double) {
    let decoder = try Decoder(plan.base, device: device)
    let evaluator = Evaluator(
      context: min(2048, decoder.configuration.maximumPositions), prefix: heldOut.specialTokens.prefix)
    let moved = try plan.moves.filter { try !$0.base.hasBytes(of: $0.trained) }
    let parameters = Dictionary(uniqueKeysWithValues: decoder.parameters.map { ($0.name, $0) })
    let perFactor = heldOut.texts.reduce(0) { $0 + $1.tokenCount }
    var points: [Point] = []
    for factor in factors {
      for move in moved {
        guard let parameter = parameters[move.base.name] else { continue }
        let (base, trained) = (
          device.download(device.wrap(move.base)), device.download(device.wrap(move.trained))
        )
        parameter.replaceValue(
          with: zip(base, trained).map { $0 + Float(factor) * ($1 - $0) }, on: device)
      }
      var before = points.count * perFactor
      let scores = try heldOut.texts.map { text in
        let score = try evaluator.score(text, with: decoder) { done, _ in
          progress(before + done, factors.count * perFactor)
        }
        before += text.tokenCount
        return score
      }
      points.append(Point(factor: factor, texts: scores))
    }
    return (points, points.min { $0.bitsPerByte < $1.bitsPerByte }!.factor)
  }
}
