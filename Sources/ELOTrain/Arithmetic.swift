/// What a training step computes, and what the machine can.
public struct Arithmetic: Sendable, Hashable, Codable {
  /// Floating-point operations of a step for each of its tokens: products alone, as `Decoder.trainingFlops` counts them.
  public let flopsPerToken: Double
  /// Operations a second that products reach on this machine, measured before the first step.
  public let productRate: Double

  enum CodingKeys: String, CodingKey {
    case flopsPerToken = "flops_per_token"
    case productRate = "product_flops_per_second"
  }

  /// The share of the product rate that a number of tokens a second is.
  public func utilization(tokensPerSecond: Double) -> Double { tokensPerSecond * flopsPerToken / productRate }
}
