import CGSL

/// How certain the mean of a layer's scores is, from resampling whole documents.
///
/// Tokens of one document are alike, so documents are drawn, not tokens: the percentile interval of the cluster bootstrap
/// (Efron, 1979).
public struct Bootstrap: Sendable, Hashable {
  /// How often documents are drawn anew.
  public let resamples: Int
  /// The share of resampled means inside an interval.
  public let confidence: Double
  /// What fixes the draws.
  public let seed: UInt64

  /// A bootstrap.
  public init(resamples: Int = 2000, confidence: Double = 0.95, seed: UInt64) {
    precondition(resamples > 0 && confidence > 0 && confidence < 1, "\(resamples) resamples for \(confidence)")
    self.resamples = resamples
    self.confidence = confidence
    self.seed = seed
  }

  /// What resampling says about each layer.
  public struct Result: Sendable, Hashable {
    /// Interval of each layer's mean.
    public var intervals: [ClosedRange<Double>]
    /// Share of resamples in which a layer is among the `topCount` highest.
    public var topShares: [Double]
  }

  /// Resamples documents, the same draws for all layers.
  /// - Parameters:
  ///   - perDocument: scores `[documents][layers]`, at least one document.
  ///   - topCount: how many layers count as the top.
  /// - Throws: `ProbeError.statistics`.
  public func intervals(of perDocument: [[Double]], topCount: Int) throws(ProbeError) -> Result {
    precondition(!perDocument.isEmpty, "no documents to draw from")
    let layerCount = perDocument[0].count
    var random = try RandomNumbers(seed: seed)
    var means = Array(repeating: [Double](), count: layerCount)
    var topCounts = Array(repeating: 0, count: layerCount)
    for _ in 0..<resamples {
      var sum = Array(repeating: 0.0, count: layerCount)
      for _ in perDocument.indices {
        let document = perDocument[random.index(below: perDocument.count)]
        for layer in 0..<layerCount { sum[layer] += document[layer] }
      }
      for layer in 0..<layerCount { means[layer].append(sum[layer] / Double(perDocument.count)) }
      for layer in highest(topCount, of: sum) { topCounts[layer] += 1 }
    }
    let tail = (1 - confidence) / 2
    let intervals = means.map { layerMeans in
      let sorted = layerMeans.sorted()
      return quantile(tail, ofSorted: sorted)...quantile(1 - tail, ofSorted: sorted)
    }
    return Result(intervals: intervals, topShares: topCounts.map { Double($0) / Double(resamples) })
  }

  /// Linear interpolation between order statistics, as GSL defines it.
  private func quantile(_ share: Double, ofSorted values: [Double]) -> Double {
    gsl_stats_quantile_from_sorted_data(values, 1, values.count, share)
  }
}

/// The indices of the `count` greatest values, in ascending order; of equal values the first.
func highest(_ count: Int, of values: [Double]) -> [Int] {
  let ranked = values.indices.sorted { (values[$0], $1) > (values[$1], $0) }
  return ranked.prefix(count).sorted()
}
