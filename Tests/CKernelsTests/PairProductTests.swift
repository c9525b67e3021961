import CKernels
import TestSupport
import Testing

/// Products of 16-bit integers against sums in Swift: they are exact.
@Suite struct PairProductTests {
  static let vectors = [ELO_PAIRS_PLAIN, ELO_PAIRS_AVX2, ELO_PAIRS_VNNI].filter { elo_pair_product_supported($0) != 0 }

  @Test(arguments: vectors) func productsAreThoseOfTheIntegers(_ vectors: elo_pair_vectors) {
    var generator = SeededNumbers(seed: 1)
    let shapes = (1...40).map { _ in
      (
        Int.random(in: 1...50, using: &generator), Int.random(in: 1...70, using: &generator),
        Int.random(in: 1...40, using: &generator)
      )
    }
    // Several blocks in every direction.
    for (m, n, k) in shapes + [(401, 45, 333), (37, 2083, 30), (100, 33, 1_600)] {
      for transposed in [false, true] {
        let a = integers(m * 2 * k, &generator)
        let b = integers(n * 2 * k, &generator)
        let gap = Int.random(in: 0...3, using: &generator)
        let result = product(vectors, m, n, k, a, b, transposed, gap)
        for i in 0..<m {
          for j in 0..<n {
            var sum: Int32 = 0
            for p in 0..<2 * k {
              let factor = transposed ? b[j * 2 * k + p] : b[(p / 2 * n + j) * 2 + p % 2]
              sum &+= Int32(a[i * 2 * k + p]) * Int32(factor)
            }
            guard result[i * (n + gap) + j] == sum else {
              Issue.record("\(m) x \(n) x \(k), \(transposed): \(i), \(j) is \(result[i * (n + gap) + j]), not \(sum)")
              return
            }
          }
          for j in n..<n + gap { #expect(result[i * (n + gap) + j] == -1) }
        }
      }
    }
  }

  @Test(arguments: vectors) func theLargestIntegersWrap(_ vectors: elo_pair_vectors) {
    let a = [Int16](repeating: .max, count: 6)
    let b = [Int16](repeating: -.max, count: 6)
    let expected = (0..<6).reduce(Int32(0)) { sum, _ in sum &- 32767 * 32767 }
    #expect(product(vectors, 1, 1, 3, a, b, true, 0) == [expected])
  }

  private func integers(_ count: Int, _ generator: inout SeededNumbers) -> [Int16] {
    (0..<count).map { _ in .random(in: -Int16.max...Int16.max, using: &generator) }
  }

  /// `a` is `[m, 2 k]`; `b` is `[n, 2 k]` when transposed, else `[k, n]` pairs.
  private func product(
    _ vectors: elo_pair_vectors, _ m: Int, _ n: Int, _ k: Int, _ a: [Int16], _ b: [Int16], _ transposed: Bool,
    _ gap: Int
  ) -> [Int32] {
    var c = [Int32](repeating: -1, count: m * (n + gap))
    let workspace = UnsafeMutableRawPointer.allocate(
      byteCount: max(64, elo_pair_product_workspace(vectors) * 4), alignment: 64)
    defer { workspace.deallocate() }
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in
        elo_pair_product(
          vectors, m, n, k,
          elo_pairs(values: a.bindMemory(to: UInt32.self).baseAddress, transposed: 0, stride: k),
          elo_pairs(
            values: b.bindMemory(to: UInt32.self).baseAddress, transposed: transposed ? 1 : 0,
            stride: transposed ? k : n), &c, n + gap, workspace.assumingMemoryBound(to: Float.self))
      }
    }
    return c
  }
}
