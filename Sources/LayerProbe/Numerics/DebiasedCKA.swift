import Decoders

/// Linear centred kernel alignment with the bias of few rows taken out, and its values with each row left out.
///
///     CKA(X, Y) = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)),  K = X Xᵀ, L = Y Yᵀ, diagonals set to 0
///     HSIC(K, L) = [ Σ K∘L + 1ᵀK1 1ᵀL1 / ((n-1)(n-2)) - 2/(n-2) 1ᵀK L1 ] / (n(n-3))
///
/// HSIC is the unbiased estimator of Song et al. (2012), as arXiv 2405.01012 uses it: the biased one (arXiv 1905.00414)
/// comes near 1 for unrelated states when rows are few against their width. The ratio may be negative and is not clipped.
struct DebiasedCKA {
  /// The least number of rows: with one left out the estimator needs four.
  static let fewestRows = 5

  /// An `[n, n]` Gram matrix without its diagonal, and the sums of its rows.
  struct Kernel {
    let n: Int
    let values: [Double]
    let rowSums: [Double]
    let sum: Double

    /// The kernel of `n` rows that stand one behind the other.
    init(rows: [Double], count n: Int) {
      precondition(n >= fewestRows, "\(n) rows for a debiased kernel alignment")
      var gram = LinearAlgebra.gram(rows, count: n)
      for row in 0..<n { gram[row * n + row] = 0 }
      self.n = n
      values = gram
      rowSums = (0..<n).map { row in gram[row * n..<(row + 1) * n].reduce(0, +) }
      sum = rowSums.reduce(0, +)
    }
  }

  /// HSIC of all rows first, then with each row left out in turn.
  static func dependences(_ K: Kernel, _ L: Kernel) -> [Double] {
    let n = K.n
    precondition(L.n == n, "kernels of \(n) and of \(L.n) rows")
    var products = Array(repeating: 0.0, count: n)
    var (whole, rowProduct) = (0.0, 0.0)
    for i in 0..<n {
      for j in i * n..<(i + 1) * n { products[i] += K.values[j] * L.values[j] }
      whole += products[i]
      rowProduct += K.rowSums[i] * L.rowSums[i]
    }
    let all = dependence(whole, K.sum, L.sum, rowProduct, n)
    return [all]
      + (0..<n).map { i in
        // Without row and column i: each other row's sum loses its element i.
        var rest = -K.rowSums[i] * L.rowSums[i]
        for j in 0..<n {
          rest += (K.rowSums[j] - K.values[i * n + j]) * (L.rowSums[j] - L.values[i * n + j])
        }
        return dependence(
          whole - 2 * products[i], K.sum - 2 * K.rowSums[i], L.sum - 2 * L.rowSums[i], rest, n - 1)
      }
  }

  private static func dependence(
    _ product: Double, _ sumK: Double, _ sumL: Double, _ rowProduct: Double, _ count: Int
  ) -> Double {
    let n = Double(count)
    return (product + sumK * sumL / ((n - 1) * (n - 2)) - 2 / (n - 2) * rowProduct) / (n * (n - 3))
  }

  /// The alignments of pairs of kernels, with each row left out too.
  /// - Returns: values by pair; a pair of states that do not vary over the rows has 0.
  static func values(_ kernels: [(Kernel, Kernel)]) -> ScoreValues {
    let rows = kernels.map { K, L in
      let (cross, own, other) = (dependences(K, L), dependences(K, K), dependences(L, L))
      return cross.indices.map { index in
        let scale = own[index] * other[index]
        return scale > 0 ? cross[index] / scale.squareRoot() : 0
      }
    }
    let count = rows.first?.count ?? 1
    return ScoreValues(
      estimate: rows.map { $0[0] }, leavingOut: (1..<count).map { left in rows.map { $0[left] } })
  }
}
