import CKernels
import Foundation
import TestSupport
import Testing

/// Rounding to 16-bit integers, at every length around those of vectors, in memory that ends where the values end.
@Suite struct RoundingTests {
  /// Each value becomes one of its two neighbours, whatever the length.
  @Test func everyValueBecomesANeighbour() {
    var generator = SeededNumbers(seed: 1)
    for count in Array(1...70) + [576] {
      let x = values(count, -30_000...30_000, &generator)
      let y = values(count, -30_000...30_000, &generator)
      let row = guarded(x) { x in pairs((count + 1) / 2) { elo_round_row(x, 0.5, 9, $0, count) } }
      #expect(count % 2 == 0 || row[count] == 0)
      let two = guarded(x) { x in
        guarded(y) { y in pairs(count) { elo_round_two_rows(x, 1, y, -0.25, 9, $0, count) } }
      }
      for i in 0..<count {
        #expect(isNeighbour(row[i], x[i] * 0.5))
        #expect(isNeighbour(two[2 * i], x[i]) && isNeighbour(two[2 * i + 1], y[i] * -0.25))
      }
    }
  }

  private func isNeighbour(_ rounded: some BinaryInteger, _ value: Float) -> Bool {
    // What is drawn has 24 bits, and a value of 30,000 in f32 is as coarse as 0.002.
    Float(rounded) > value.rounded(.down) - 0.01 && Float(rounded) < value.rounded(.up) + 0.01
  }

  /// The mean over seeds is the value.
  @Test func roundingIsRightOnAverage() {
    var generator = SeededNumbers(seed: 2)
    let (count, draws) = (37, 4_000)
    let x = values(count, -20...20, &generator)
    let p = x.map(abs)
    let factors = values(count, 0.5...1.5, &generator)
    var rowSums = [Double](repeating: 0, count: count)
    var (pairSums, sums) = (rowSums, rowSums)
    for draw in 0..<draws {
      let seed = UInt32(truncatingIfNeeded: draw &* 2_654_435_761)
      let row = pairs((count + 1) / 2) { elo_round_row(x, 0.7, seed, $0, count) }
      let two = pairs(count) { elo_round_two_rows(p, 1, x, 0.3, seed, $0, count) }
      var rounded = [UInt16](repeating: 0, count: count)
      elo_round_scaled(p, factors, 3, seed, &rounded, count)
      for i in 0..<count {
        rowSums[i] += Double(row[i])
        pairSums[i] += Double(two[2 * i + 1])
        sums[i] += Double(rounded[i])
      }
    }
    // A deviation of at most a half, and four of the mean's.
    let bound = 4 * 0.5 / Double(draws).squareRoot()
    for i in 0..<count {
      #expect(abs(rowSums[i] / Double(draws) - Double(x[i] * 0.7)) < bound)
      #expect(abs(pairSums[i] / Double(draws) - Double(x[i] * 0.3)) < bound)
      #expect(abs(sums[i] / Double(draws) - Double(p[i] * (3 * factors[i]))) < bound)
    }
  }

  @Test func whatIsExactStaysAndTheLargestFits() {
    let x: [Float] = [0, 1, 2, 32_766, 32_767]
    var rounded = [UInt16](repeating: 9, count: 5)
    elo_round_scaled(x, [1, 1, 1, 1, 1], 1, 7, &rounded, 5)
    #expect(rounded == [0, 1, 2, 32_766, 32_767])
    let row = pairs(3) { elo_round_row([0, -1, 32_767, -32_767, 5], 1, 3, $0, 5) }
    #expect(row == [0, -1, 32_767, -32_767, 5, 0])
  }

  @Test func largeValuesAreFoundInOrder() {
    var generator = SeededNumbers(seed: 3)
    for count in Array(1...70) + [1024] {
      let x = values(count, 0...1, &generator)
      let factors = values(count, 0.5...2, &generator)
      var found = [Int32](repeating: -1, count: count)
      let number = guarded(x) { x in guarded(factors) { elo_find_large(x, $0, 0.9, &found, count) } }
      #expect(Array(found.prefix(number)) == (0..<count).filter { x[$0] * factors[$0] > 0.9 }.map(Int32.init))
    }
    var found: [Int32] = [0, 0]
    #expect(elo_find_large([.nan, 2], [1, 1], 1, &found, 2) == 1 && found[0] == 1)
  }

  @Test func integersAreScaledAndMagnitudesFound() {
    var generator = SeededNumbers(seed: 4)
    for count in 1...70 {
      let integers = (0..<count).map { _ in Int32.random(in: -1_000_000...1_000_000, using: &generator) }
      let scales = values(count, 0.5...2, &generator)
      var scaled = [Float](repeating: 0, count: count)
      let largest = elo_scale_integers(integers, 0.25, scales, &scaled, count)
      #expect(scaled == zip(integers, scales).map { Float($0) * (0.25 * $1) } && largest == scaled.max())
      var sums = [Float](repeating: 1, count: count)
      elo_add_scaled_integers(integers, 0.25, scales, &sums, count)
      for (sum, value) in zip(sums, scaled) { #expect(abs(sum - (1 + value)) <= 1e-6 * max(1, abs(value))) }
      let x = values(count, -3...1, &generator)
      #expect(guarded(x) { elo_largest_magnitude($0, count) } == x.map(abs).max())
      var raised = [Float](repeating: 1, count: count)
      guarded(x) { elo_raise_magnitudes($0, &raised, count) }
      #expect(raised == x.map { max(1, abs($0)) })
    }
  }

  private func values(
    _ count: Int, _ range: ClosedRange<Float>, _ generator: inout SeededNumbers,
    _ special: (Int) -> Float? = { _ in nil }
  ) -> [Float] {
    (0..<count).map { special($0) ?? .random(in: range, using: &generator) }
  }

  private func guarded<T>(_ values: [Float], _ body: (UnsafePointer<Float>) -> T) -> T {
    let memory = GuardedMemory(byteCount: values.count * 4)
    memory.pointer.copyMemory(from: values, byteCount: values.count * 4)
    return body(memory.pointer.assumingMemoryBound(to: Float.self))
  }

  private func pairs(_ count: Int, _ body: (UnsafeMutablePointer<UInt32>) -> Void) -> [Int16] {
    let memory = GuardedMemory(byteCount: count * 4)
    body(memory.pointer.assumingMemoryBound(to: UInt32.self))
    let values = memory.pointer.assumingMemoryBound(to: Int16.self)
    return Array(UnsafeBufferPointer(start: values, count: 2 * count))
  }
}
