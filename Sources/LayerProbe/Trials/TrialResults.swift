/// What short trials of training measured: ELO's own question, asked of several sets of layers at equal token budgets.
///
/// Each candidate is detached with what stands in for the missing layers, trained, put back, and aligned by a brief training
/// of the whole model; the losses of held-out documents are taken at each of these points. All candidates of a round have the
/// same tokens in the same order, and each round begins anew from the model as it came. Rounds have equal parts of the time,
/// so that tokens grow as candidates get fewer: from each round the better half goes on (successive halving; Karnin, Koren
/// and Somekh, 2013; Jamieson and Talwalkar, arXiv 1502.07943). First and last layer stay to the end, to compare with.
public struct TrialResults: Codable, Sendable, Hashable {
  /// How they were run.
  public var settings: Settings
  /// Held-out documents of the target as the model came, then of the source.
  public var base: Losses
  /// What was tried, the reference first.
  public var candidates: [Candidate]
  /// Seconds that everything took.
  public var seconds: Double

  /// Settings that all candidates share.
  public struct Settings: Codable, Sendable, Hashable {
    /// Minutes that were given.
    public var minutes: Double
    /// Tokens of the detached training, by round.
    public var detachedTokens: [Int]
    /// Tokens of the alignment, by round.
    public var alignmentTokens: [Int]
    /// The highest learning rate of the detached training.
    public var learningRate: Double
    /// The highest learning rate of the alignment.
    public var alignmentLearningRate: Double
    /// Share of tokens that the source text has.
    public var sourceShare: Double
    /// Tokens of one step of the detached training.
    public var detachedStepTokens: Int
    /// Tokens of one step of the alignment.
    public var alignmentStepTokens: Int
    /// Tokens that bridges for the missing layers were fitted on; 0 without bridges.
    public var bridgeTokens: Int
    /// What fixes random sets and the order of the text.
    public var seed: UInt64

    enum CodingKeys: String, CodingKey {
      case minutes, seed
      case detachedTokens = "detached_tokens"
      case alignmentTokens = "alignment_tokens"
      case learningRate = "learning_rate"
      case alignmentLearningRate = "alignment_learning_rate"
      case sourceShare = "source_share"
      case detachedStepTokens = "detached_step_tokens"
      case alignmentStepTokens = "alignment_step_tokens"
      case bridgeTokens = "bridge_tokens"
    }

    /// Settings.
    public init(
      minutes: Double, detachedTokens: [Int], alignmentTokens: [Int], learningRate: Double,
      alignmentLearningRate: Double, sourceShare: Double, detachedStepTokens: Int, alignmentStepTokens: Int,
      bridgeTokens: Int, seed: UInt64
    ) {
      self.minutes = minutes
      self.detachedTokens = detachedTokens
      self.alignmentTokens = alignmentTokens
      self.learningRate = learningRate
      self.alignmentLearningRate = alignmentLearningRate
      self.sourceShare = sourceShare
      self.detachedStepTokens = detachedStepTokens
      self.alignmentStepTokens = alignmentStepTokens
      self.bridgeTokens = bridgeTokens
      self.seed = seed
    }
  }

  /// Bits per UTF-8 byte of held-out documents, document by document.
  public struct Losses: Codable, Sendable, Hashable {
    /// Of the target's documents.
    public var target: [Double]
    /// Of the source's documents.
    public var source: [Double]

    /// Losses of documents.
    public init(target: [Double], source: [Double]) {
      self.target = target
      self.source = source
    }

    /// The target's mean.
    public var targetMean: Double { target.reduce(0, +) / Double(target.count) }
    /// The source's mean.
    public var sourceMean: Double { source.reduce(0, +) / Double(source.count) }
  }

  /// What one candidate came to in one round.
  public struct Round: Codable, Sendable, Hashable {
    /// The detached stack alone, trained.
    public var detached: Losses
    /// The whole model with the trained layers back.
    public var reattached: Losses
    /// The whole model, aligned.
    public var aligned: Losses

    /// The losses of one round.
    public init(detached: Losses, reattached: Losses, aligned: Losses) {
      self.detached = detached
      self.reattached = reattached
      self.aligned = aligned
    }
  }

  /// A set of layers.
  public struct Candidate: Codable, Sendable, Hashable {
    /// The origin of the candidate that others are compared with.
    public static let referenceOrigin = "first and last"

    /// Why it was tried, such as `first and last`; several reasons where several lead to it.
    public var origins: [String]
    /// The layers, ascending.
    public var layers: [Int]
    /// How many weights they have.
    public var parameters: Int
    /// Its rounds, as far as it came.
    public var rounds: [Round]

    /// A candidate.
    public init(origins: [String], layers: [Int], parameters: Int, rounds: [Round] = []) {
      self.origins = origins
      self.layers = layers
      self.parameters = parameters
      self.rounds = rounds
    }
  }

  /// Everything that was measured.
  public init(settings: Settings, base: Losses, candidates: [Candidate], seconds: Double) {
    precondition(!candidates.isEmpty && !candidates[0].rounds.isEmpty, "trials without a trial")
    self.settings = settings
    self.base = base
    self.candidates = candidates
    self.seconds = seconds
  }

  /// First and last layer: what others are compared with.
  public var reference: Candidate { candidates[0] }

  /// The candidates of the last round, the reference first.
  public var finalists: [Candidate] {
    let rounds = candidates.map(\.rounds.count).max()!
    return candidates.filter { $0.rounds.count == rounds }
  }

  /// How much a candidate gained on the target in its first round by some point, in bits per byte: what all candidates
  /// have at equal budgets.
  public func gain(of candidate: Candidate, _ point: KeyPath<Round, Losses>) -> Double {
    base.targetMean - candidate.rounds[0][keyPath: point].targetMean
  }
}
