import Corpora
import Foundation

/// Chooses the next token from logits: greedily, or by nucleus sampling (arXiv 1904.09751).
public struct Sampler: Sendable {
  private let temperature: Float
  private let topP: Float
  private var generator: SplitMix64

  /// A sampler; temperature 0 is greedy and needs neither `topP` nor `seed`.
  public init(temperature: Float, topP: Float, seed: UInt64) {
    self.temperature = temperature
    self.topP = topP
    generator = SplitMix64(seed: seed)
  }

  /// The index of the chosen token.
  public mutating func sample(_ logits: [Float]) -> Int {
    let best = logits.indices.max { logits[$0] < logits[$1] }!
    guard temperature > 0 else { return best }
    let weights = logits.map { exp(Double(($0 - logits[best]) / temperature)) }
    let total = weights.reduce(0, +)
    let order = weights.indices.sorted { weights[$0] > weights[$1] }
    var nucleus: [Int] = []
    var mass = 0.0
    for index in order {
      nucleus.append(index)
      mass += weights[index]
      if mass >= Double(topP) * total { break }
    }
    var left = Double.random(in: 0..<mass, using: &generator)
    return nucleus.first {
      left -= weights[$0]
      return left <= 0
    } ?? nucleus[0]
  }
}
