import Decoders
import LayerProbe

/// What a trial of a set of layers costs in floating-point operations, products only.
package struct TrialCosts {
  private let layerWeights: [Double]
  private let headWeights: Double
  private let heldOutTokens: Double
  private let options: TrialOptions

  package init(_ decoder: Decoders.Decoder, heldOutTokens: Int, options: TrialOptions) {
    layerWeights = decoder.layers.map { Double($0.weightsPerToken) }
    headWeights = Double(decoder.head.value.count)
    self.heldOutTokens = Double(heldOutTokens)
    self.options = options
  }

  /// The whole model forward, on a token.
  var forward: Double { 2 * (layerWeights.reduce(0, +) + headWeights) }

  /// One set with so many steps: training, alignment, and the held-out documents at three points.
  package func trial(_ layers: [Int], steps: Int) -> Double {
    let weights = layers.reduce(0) { $0 + layerWeights[$1] }
    let detachedTokens = Double(steps * options.detachedRows * options.sequenceLength)
    let alignmentTokens = Double(
      options.alignmentSteps(detachedSteps: steps) * options.alignmentRows * options.sequenceLength)
    let scoring = heldOutTokens * (2 * (weights + headWeights) + 2 * forward)
    return detachedTokens * (6 * weights + 4 * headWeights) + alignmentTokens * 3 * forward + scoring
  }

  /// The most steps with which all sets together need no more operations; 0 when one is too many.
  package func steps(_ sets: [[Int]], within flops: Double) -> Int {
    func total(_ steps: Int) -> Double { sets.reduce(0) { $0 + trial($1, steps: steps) } }
    guard total(1) <= flops else { return 0 }
    var (fits, fails) = (1, 2)
    while total(fails) <= flops { (fits, fails) = (fails, 2 * fails) }
    while fails - fits > 1 {
      let middle = (fits + fails) / 2
      if total(middle) <= flops { fits = middle } else { fails = middle }
    }
    return fits
  }

  /// How many of the sets, from the first on, can be tried with a step each.
  package func affordable(_ sets: [[Int]], within flops: Double) -> Int {
    var left = flops
    return sets.prefix {
      left -= trial($0, steps: 1)
      return left >= 0
    }.count
  }
}
