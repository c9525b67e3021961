/// Whether paired documents differ at some layers, with the chance of one false alarm among all layers held down.
///
/// Of differences `d_il` of pair i at layer l the statistic is `T_l = |Σ_i d_il| / √(Σ_i d_il²)`, which orders layers as
/// Student's t does. If target and source were alike, each pair's signs could as well be the other way round: pairs' signs
/// are flipped, for all layers of a pair together, and the p-value of a layer is the share of flips in which the *greatest*
/// statistic of any layer reaches `T_l` (single-step max-T; Westfall and Young, 1993; Nichols and Holmes, 2002). Calling
/// layers with p ≤ α different then calls, of layers that are not, one or more with a chance of at most α.
///
/// All 2ⁿ flips are taken where they are no more than `flips`; otherwise so many are drawn, and the p-value is
/// `(1 + reached) / (1 + flips)` (Phipson and Smyth, 2010).
public struct SignFlipTest: Sendable, Hashable {
  /// How many flips are drawn.
  public let flips: Int
  /// What fixes them.
  public let seed: UInt64

  /// A test.
  public init(flips: Int = 5000, seed: UInt64) {
    precondition(flips > 0, "\(flips) flips")
    self.flips = flips
    self.seed = seed
  }

  /// The adjusted p-value of each place; 1 where all pairs' differences are 0.
  /// - Parameter differences: `[pairs][places]`, at least one pair.
  /// - Throws: `ProbeError.statistics`.
  public func adjustedPValues(_ differences: [[Double]]) throws(ProbeError) -> [Double] {
    precondition(!differences.isEmpty, "a test of no pairs")
    let scales = differences[0].indices.map { place in
      differences.reduce(0) { $0 + $1[place] * $1[place] }.squareRoot()
    }
    // Rounding must not tell a flip from its like.
    let observed = statistics(differences, scales) { _ in false }.map { $0 * (1 - 1e-12) }
    var reached = Array(repeating: 0, count: observed.count)
    func count(_ isFlipped: (Int) -> Bool) {
      let greatest = statistics(differences, scales, isFlipped).max() ?? 0
      for place in observed.indices where greatest >= observed[place] { reached[place] += 1 }
    }
    let n = differences.count
    if n < Int.bitWidth - 1, 1 << n <= flips {
      for flip in 0..<1 << n { count { flip >> $0 & 1 == 1 } }
      return reached.map { Double($0) / Double(1 << n) }
    }
    var random = try RandomNumbers(seed: seed)
    for _ in 0..<flips {
      let signs = (0..<n).map { _ in random.index(below: 2) == 1 }
      count { signs[$0] }
    }
    return reached.map { Double(1 + $0) / Double(1 + flips) }
  }

  private func statistics(_ differences: [[Double]], _ scales: [Double], _ isFlipped: (Int) -> Bool) -> [Double] {
    var sums = Array(repeating: 0.0, count: scales.count)
    for (pair, row) in differences.enumerated() {
      let sign = isFlipped(pair) ? -1.0 : 1
      for place in row.indices { sums[place] += sign * row[place] }
    }
    return zip(sums, scales).map { $1 > 0 ? abs($0) / $1 : 0 }
  }
}
