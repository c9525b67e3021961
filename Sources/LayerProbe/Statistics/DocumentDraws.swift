/// Documents drawn anew from themselves with replacement, many times: what a bootstrap resamples.
///
/// Tokens of one document are alike, so whole documents are drawn, never tokens (the cluster bootstrap). The same seed and
/// number of documents give the same draws: what is computed from different scores of one text belongs together.
package struct DocumentDraws {
  /// `[draws][documents]`: how often each document was drawn.
  package let counts: [[Double]]

  /// Draws of as many documents as there are.
  /// - Throws: `ProbeError.statistics` without memory for the generator.
  package init(documents: Int, draws: Int, seed: UInt64) throws(ProbeError) {
    precondition(documents > 0 && draws > 0, "\(draws) draws of \(documents) documents")
    var random = try RandomNumbers(seed: seed)
    counts = (0..<draws).map { _ in
      var counts = Array(repeating: 0.0, count: documents)
      for _ in 0..<documents { counts[random.index(below: documents)] += 1 }
      return counts
    }
  }

  /// Draws that are given.
  package init(counts: [[Double]]) {
    self.counts = counts
  }

  /// The mean of each draw's documents, `[draws][places]`.
  /// - Parameter values: `[documents][places]`.
  package func means(of values: [[Double]]) -> [[Double]] {
    moments(of: values, withSquares: false).map(\.means)
  }

  /// Means, and where asked for the standard deviations (over n - 1), of each draw's documents.
  func moments(of values: [[Double]], withSquares: Bool) -> [(means: [Double], deviations: [Double])] {
    let n = values.count
    let places = values[0].count
    // Squares are of what is left without the mean, which a large mean would drown.
    let center = values[0].indices.map { place in values.reduce(0) { $0 + $1[place] } / Double(n) }
    let centered = values.map { row in row.indices.map { row[$0] - center[$0] } }
    return counts.map { counts in
      precondition(counts.count == n, "draws of \(counts.count) documents for \(n)")
      var sums = Array(repeating: 0.0, count: places)
      var squares = Array(repeating: 0.0, count: withSquares ? places : 0)
      for document in 0..<n where counts[document] > 0 {
        let weight = counts[document]
        for place in 0..<places { sums[place] += weight * centered[document][place] }
        guard withSquares else { continue }
        for place in 0..<places { squares[place] += weight * centered[document][place] * centered[document][place] }
      }
      let deviations = squares.indices.map { place in
        let rest = squares[place] - sums[place] * sums[place] / Double(n)
        // What rounding leaves of draws that are all one document is no spread.
        return rest > 1e-12 * squares[place] ? (rest / Double(n - 1)).squareRoot() : 0
      }
      return (sums.indices.map { center[$0] + sums[$0] / Double(n) }, deviations)
    }
  }
}
