import Corpora

/// How far a training run is: everything it needs to go on but weights and moments.
public struct RunProgress: Codable, Sendable, Hashable {
  /// The best evaluation so far.
  public struct Best: Codable, Sendable, Hashable {
    /// The step it followed.
    public var step: Int
    /// The mean over the held-out texts of their bits per byte.
    public var bitsPerByte: Double
    /// Evaluations since then.
    public var evaluationsSince = 0

    enum CodingKeys: String, CodingKey {
      case step
      case bitsPerByte = "bits_per_byte"
      case evaluationsSince = "evaluations_since"
    }
  }

  /// Steps taken, skipped ones included.
  public internal(set) var step = 0
  /// Tokens taken in.
  public internal(set) var tokens = 0
  /// Seconds of the budget that are spent.
  public internal(set) var elapsedSeconds = 0.0
  /// Steps that changed the weights: what the moments' bias correction counts.
  public internal(set) var optimizerSteps = 0
  /// The place in the texts.
  public internal(set) var cursor: MixtureCursor
  /// Tokens taken in of each text.
  public internal(set) var tokensByText: [Int]
  /// What steps are judged by.
  public internal(set) var spikes = SpikeHistory()
  /// The best evaluation, nil before the first.
  public internal(set) var best: Best?

  enum CodingKeys: String, CodingKey {
    case step, tokens, cursor, spikes, best
    case elapsedSeconds = "elapsed_seconds"
    case optimizerSteps = "optimizer_steps"
    case tokensByText = "tokens_by_text"
  }

  init(cursor: MixtureCursor) {
    self.cursor = cursor
    tokensByText = cursor.texts.map { _ in 0 }
  }

  /// Takes an evaluation into account.
  /// - Returns: whether it is better than all before.
  mutating func note(_ scores: [TextScore]) -> Bool {
    let mean = scores.reduce(0) { $0 + $1.bitsPerByte } / Double(scores.count)
    if let best, !(mean < best.bitsPerByte) {
      self.best!.evaluationsSince += 1
      return false
    }
    best = Best(step: step, bitsPerByte: mean)
    return true
  }
}
