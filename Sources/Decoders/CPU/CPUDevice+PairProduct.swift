import CKernels

/// A stored matrix of pairs of 16-bit integers, an operand of an integer product as it is or transposed.
struct PairOperand {
  let values: UnsafePointer<UInt32>
  /// Pairs from one stored row to the next.
  let stride: Int
  var transposed = false

  fileprivate var cOperand: elo_pairs { elo_pairs(values: values, transposed: transposed ? 1 : 0, stride: stride) }
}

extension CPUDevice {
  /// `c = a op(b)` modulo 2^32 over the integers in k pairs, on the calling thread, which is worker `worker`.
  ///
  /// `c` is `[m, n]` with `stride` elements from row to row.
  func pairProduct(
    m: Int, n: Int, k: Int, _ a: PairOperand, _ b: PairOperand, _ c: UnsafeMutablePointer<Int32>, stride: Int,
    worker: Int
  ) {
    let workspace = packing(worker, count: elo_pair_product_workspace(pairVectors))
    elo_pair_product(pairVectors, m, n, k, a.cOperand, b.cOperand, c, stride, workspace)
  }

  /// The instructions that go with `products`.
  private var pairVectors: elo_pair_vectors {
    switch products {
    case .amx, .avx512: elo_pair_product_supported(ELO_PAIRS_VNNI) != 0 ? ELO_PAIRS_VNNI : ELO_PAIRS_AVX2
    case .avx2: ELO_PAIRS_AVX2
    case .openBLAS: ELO_PAIRS_PLAIN
    }
  }
}
