/// Losses and gradient norms of the last steps, by which the next step is judged.
///
/// A step whose loss or gradient is NaN or infinite is skipped: its gradient does not reach the weights. With a
/// threshold so is one whose loss or gradient norm lies that many standard deviations above the mean of the last steps
/// (the update skipping of llm.c).
public struct SpikeHistory: Codable, Sendable, Hashable {
  /// What counts as a spike and how many are borne.
  public struct Options: Sendable, Hashable {
    /// Standard deviations above the mean; nil judges finiteness only.
    public var threshold: Double?
    /// Steps that may be skipped in a row; one more ends the run.
    public var limit = 5

    /// Only finiteness is judged.
    public init() {}
  }

  /// Steps that the mean and the deviation are taken over.
  static let window = 128
  /// No step counts as a spike before so many.
  static let fewest = 32

  private var losses: [Double] = []
  private var norms: [Double] = []
  /// Steps skipped in all.
  public private(set) var skipped = 0
  /// Steps skipped in a row up to now.
  public private(set) var skippedInRow = 0

  enum CodingKeys: String, CodingKey {
    case losses, norms, skipped
    case skippedInRow = "skipped_in_row"
  }

  /// No steps so far.
  public init() {}

  /// Judges a step.
  /// - Returns: why it is to be skipped, nil when it is not.
  public mutating func judge(loss: Double, gradientNorm: Double, _ options: Options) -> String? {
    let reason = verdict("the loss", loss, losses, options) ?? verdict("the gradient", gradientNorm, norms, options)
    guard reason == nil else {
      skipped += 1
      skippedInRow += 1
      return reason
    }
    skippedInRow = 0
    if options.threshold != nil {
      losses = losses.suffix(Self.window - 1) + [loss]
      norms = norms.suffix(Self.window - 1) + [gradientNorm]
    }
    return nil
  }

  private func verdict(_ what: String, _ value: Double, _ history: [Double], _ options: Options) -> String? {
    guard value.isFinite else { return "\(what) is NaN or infinite" }
    guard let threshold = options.threshold, history.count >= Self.fewest else { return nil }
    let mean = history.reduce(0, +) / Double(history.count)
    let deviation = (history.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(history.count)).squareRoot()
    let score = (value - mean) / max(deviation, .leastNormalMagnitude)
    guard score > threshold else { return nil }
    let rounded = (score * 10).rounded() / 10
    return "\(what) is \(rounded) standard deviations above the mean of the last \(history.count) steps"
  }
}
