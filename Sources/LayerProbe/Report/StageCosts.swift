import Decoders

/// What each stage of an adaptation costs for a choice of layers, beside plain training of the whole model.
///
/// Operations are those of matrix products: two for each weight that a token meets forward, two more for the gradient that
/// goes on, two more for the gradient of a trained weight; attention over other tokens is left out. Memory is that of
/// weights, gradients and two moments in f32 (16 bytes) for each trained weight, the stored bytes of frozen ones, and the
/// activations of one part of a step.
public struct StageCosts: Codable, Sendable, Hashable {
  /// One stage.
  public struct Stage: Codable, Sendable, Hashable {
    /// What it is called.
    public var name: String
    /// Tokens that go through it.
    public var tokens: Int
    /// Floating-point operations.
    public var flops: Double
    /// Bytes of memory at its peak.
    public var bytes: Double
    /// Seconds at the rate that was measured; null without one.
    public var seconds: Double?
  }

  /// Floating-point operations a second that this machine reached in the probe's backward passes; null when none was timed.
  public var rate: Double?
  /// The stages of the method, then plain training with as many tokens.
  public var stages: [Stage]

  /// Budgets of the stages.
  public struct Budget: Sendable, Hashable {
    /// Tokens of training, detached and aligned together.
    public var tokens = 1_000_000
    /// The share of them that the alignment has.
    public var alignmentShare = 0.1
    /// Tokens that the bridge is fitted on.
    public var bridgeTokens = 32_768
    /// Tokens of one part of a step of the detached training.
    public var detachedTokensPerPass = 2048
    /// Tokens of one part of a step of the whole model's training.
    public var wholeTokensPerPass = 1024

    /// The budgets that commands have by default, with a million tokens of training.
    public init() {}
  }

  /// The costs for some layers of a model.
  /// - Parameters:
  ///   - layers: ascending.
  ///   - rate: floating-point operations a second, nil when none were timed.
  public init(_ decoder: Decoder, layers: [Int], budget: Budget = Budget(), rate: Double?) {
    self.rate = rate
    let sizes = Sizes(decoder)
    let alignment = Int(Double(budget.tokens) * budget.alignmentShare)
    let bridges = Self.gapCount(layers, of: decoder.layers.count)
    func stage(_ name: String, _ tokens: Int, flops: Double, bytes: Double) -> Stage {
      let total = flops * Double(tokens)
      return Stage(name: name, tokens: tokens, flops: total, bytes: bytes, seconds: rate.map { total / $0 })
    }
    let whole = sizes.training(Array(decoder.layers.indices), trainsAll: true, bridges: 0)
    let detached = sizes.training(layers, trainsAll: false, bridges: bridges)
    stages = [
      stage(
        "bridge", budget.bridgeTokens, flops: 2 * sizes.metWeights.reduce(0, +),
        bytes: sizes.storedBytes + 4 * Double(budget.bridgeTokens * decoder.configuration.width * 2 * bridges)),
      stage(
        "detached training", budget.tokens - alignment, flops: detached.flops,
        bytes: detached.bytes(budget.detachedTokensPerPass)),
      stage("alignment", alignment, flops: whole.flops, bytes: whole.bytes(budget.wholeTokensPerPass)),
      stage(
        "plain training of all layers", budget.tokens, flops: whole.flops, bytes: whole.bytes(budget.wholeTokensPerPass)
      ),
    ]
  }

  /// How many runs of layers a choice leaves out.
  private static func gapCount(_ layers: [Int], of layerCount: Int) -> Int {
    zip([-1] + layers, layers + [layerCount]).count { $0 + 1 < $1 }
  }
}

/// The sizes of a decoder that costs follow from.
private struct Sizes {
  let configuration: DecoderConfiguration
  /// Weights of each layer, and those of its matrices that one token meets.
  let layerWeights: [Double]
  let metWeights: [Double]
  let headWeights: Double
  let allWeights: Double
  /// Bytes of each layer as stored, and of everything.
  let layerBytes: [Double]
  let otherBytes: Double

  init(_ decoder: Decoder) {
    func count(_ parameters: [Parameter]) -> Double { Double(parameters.reduce(0) { $0 + $1.value.count }) }
    func bytes(_ parameters: [Parameter]) -> Double {
      Double(parameters.reduce(0) { $0 + $1.value.count * $1.value.elementType.byteWidth })
    }
    configuration = decoder.configuration
    layerWeights = decoder.layers.map { count($0.parameters) }
    metWeights = decoder.layers.map { Double($0.weightsPerToken) }
    headWeights = Double(decoder.head.value.count)
    allWeights = count(decoder.parameters)
    layerBytes = decoder.layers.map { bytes($0.parameters) }
    otherBytes = bytes(decoder.parameters) - layerBytes.reduce(0, +)
  }

  var storedBytes: Double { layerBytes.reduce(otherBytes, +) }

  struct Training {
    /// Floating-point operations for each token.
    let flops: Double
    /// Bytes without activations.
    let weightBytes: Double
    /// Bytes of activations for each token of a pass.
    let tokenBytes: Double

    func bytes(_ tokens: Int) -> Double { weightBytes + tokenBytes * Double(tokens) }
  }

  func training(_ layers: [Int], trainsAll: Bool, bridges: Int) -> Training {
    let weights = layers.reduce(0) { $0 + layerWeights[$1] }
    let metByToken = layers.reduce(0) { $0 + metWeights[$1] }
    let bridgeWeights = Double(bridges * configuration.width * configuration.width)
    let trained = trainsAll ? allWeights : weights
    let frozen = trainsAll ? 0 : otherBytes + 4 * bridgeWeights
    let innerWidth = configuration.experts.map { $0.chosenCount * $0.width } ?? configuration.intermediateWidth
    let (D, I, H, K) = (
      Double(configuration.width), Double(innerWidth),
      Double(configuration.headCount * configuration.headWidth),
      Double(configuration.keyValueHeadCount * configuration.headWidth)
    )
    // Of each layer: input, middle, queries, keys, values, what attention gives, gate and up; once: streams and gradients.
    let perLayer = 2 * D + 2 * H + 2 * K + 2 * I
    let shared = 4 * D + 2 * I + 2 * H + 2 * K
    return Training(
      flops: 6 * metByToken + (trainsAll ? 6 : 4) * headWeights + 4 * bridgeWeights, weightBytes: 16 * trained + frozen,
      tokenBytes: 4 * (Double(layers.count) * perLayer + shared))
  }
}
