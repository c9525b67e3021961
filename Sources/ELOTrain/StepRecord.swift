import Foundation

/// One line of `metrics.jsonl`.
public struct StepRecord: Codable, Sendable, Hashable {
  /// Steps taken, this one included; 0 for an evaluation before the first.
  public var step: Int
  /// Tokens taken in so far.
  public var tokens: Int
  /// Mean negative log-likelihood in nats per predicted token, before the step.
  public var loss: Double?
  /// What keeping some texts as they were adds to the loss, where there are such; not part of `loss`.
  public var penalty: Double?
  /// Learning rate of the step.
  public var learningRate: Double?
  /// Global norm of the gradients before clipping.
  public var gradientNorm: Double?
  /// Wall-clock seconds of the step, without evaluation.
  public var seconds: Double?
  /// Norm of the difference between the gradient that the step would have had with an approximated head and its own, without,
  /// over the norm of its own; in the steps that measure it.
  public var headError: Double?
  /// With a rounded head: a bound on the expected relative error of the gradient before the final norm, as a root mean
  /// square over every sixteenth token.
  public var headErrorBound: Double?
  /// With a rounded head: the share of words, over tokens, that were scored in integers alone.
  public var headRoundedShare: Double?
  /// Why the step did not change the weights, nil when it did; a loss or norm that is no number is left out then.
  public var skipped: String?
  /// Scores of the held-out texts, where the step was followed by an evaluation.
  public var texts: [TextScore]?

  enum CodingKeys: String, CodingKey {
    case step, tokens, loss, penalty, seconds, skipped, texts
    case learningRate = "learning_rate"
    case gradientNorm = "gradient_norm"
    case headError = "head_error"
    case headErrorBound = "head_error_bound"
    case headRoundedShare = "head_rounded_share"
  }

  /// The record as one line of JSON, numbers with all their digits.
  public func jsonLine() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
