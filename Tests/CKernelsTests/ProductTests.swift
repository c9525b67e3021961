import CKernels
import Foundation
import TestSupport
import Testing

/// The program's own products against sums in f64.
@Suite(.enabled(if: !ProductRoutine.supported.isEmpty, "this processor has no AVX-512"))
struct ProductTests {
  static let elements = [ELO_F32, ELO_BF16, ELO_F16]

  /// Every m, n and k from 1 to 70, each with two random others, through all layouts, types and factors.
  @Test(arguments: ProductRoutine.supported) func everySmallShapeIsRightToRounding(_ routine: ProductRoutine) {
    var generator = SeededNumbers(seed: 1)
    for size in 1...70 {
      for place in 0..<3 {
        for layout in 0..<4 {
          var sizes = (0..<3).map { _ in Int.random(in: 1...70, using: &generator) }
          sizes[place] = size
          var example = ProductCase()
          (example.m, example.n, example.k) = (sizes[0], sizes[1], sizes[2])
          (example.transposeA, example.transposeB) = (layout & 1 != 0, layout & 2 != 0)
          example.element = Self.elements.randomElement(using: &generator)!
          example.beta = [0, 1, -0.75].randomElement(using: &generator)!
          example.gap = [0, 3].randomElement(using: &generator)!
          example.fill(&generator)
          expectRight(example, routine)
        }
      }
    }
  }

  /// Shapes with several blocks in every direction, and edges behind them.
  @Test(arguments: ProductRoutine.supported, [(false, false), (true, false), (false, true), (true, true)])
  func severalBlocksAreRightToRounding(_ routine: ProductRoutine, layout: (Bool, Bool)) {
    var generator = SeededNumbers(seed: 2)
    for (m, n, k) in [(401, 45, 333), (37, 2083, 650), (800, 33, 961), (19, 3090, 1100)] {
      var example = ProductCase()
      (example.m, example.n, example.k) = (m, n, k)
      (example.transposeA, example.transposeB) = layout
      example.beta = 1
      example.fill(&generator)
      expectRight(example, routine)
    }
  }

  /// No row may be further off than rounding, nor any value outside the result change.
  private func expectRight(
    _ example: ProductCase, _ routine: ProductRoutine, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let results = example.product(routine)
    for i in 0..<example.m {
      for j in 0..<example.n {
        let (value, magnitude) = example.reference(i, j)
        let error = abs(Double(results[i * example.strideC + j]) - value)
        // k + 1 roundings at most, each of half an ulp of a sum that the magnitudes bound.
        guard error <= Double(example.k + 2) * 0x1p-24 * magnitude else {
          Issue.record("\(example): element \(i), \(j) is off by \(error)", sourceLocation: sourceLocation)
          return
        }
      }
      for gap in example.n..<(i + 1 < example.m ? example.strideC : example.n) {
        let index = i * example.strideC + gap
        #expect(results[index] == example.c[index], "\(example): a value between rows", sourceLocation: sourceLocation)
      }
    }
  }

  /// The root mean square error of shapes of SmolLM2's layers, beside that of fused multiply-adds in the order of k.
  @Test(arguments: ProductRoutine.supported, [(96, 192, 576), (96, 192, 1536), (60, 70, 4096)])
  func theErrorIsNoLargerThanThatOfSumsInOrder(_ routine: ProductRoutine, shape: (m: Int, n: Int, k: Int)) {
    let (m, n, k) = shape
    var generator = SeededNumbers(seed: 3)
    var example = ProductCase()
    (example.m, example.n, example.k, example.transposeB) = (m, n, k, true)
    example.fill(&generator)
    let (ours, theirs) = (example.product(routine), example.sumsInOrder())
    var (ourSquares, theirSquares) = (0.0, 0.0)
    for i in 0..<m {
      for j in 0..<n {
        let value = example.reference(i, j).value
        ourSquares += (Double(ours[i * n + j]) - value) * (Double(ours[i * n + j]) - value)
        theirSquares += (Double(theirs[i * n + j]) - value) * (Double(theirs[i * n + j]) - value)
      }
    }
    let ratio = (ourSquares / theirSquares).squareRoot()
    // Two ways of summing differ by chance; a tenth is more than these samples do.
    #expect(ratio < 1.1, "error \(ratio) of theirs")
  }

  @Test(arguments: ProductRoutine.supported) func narrowOperandsGiveTheBitsOfWidenedOnes(_ routine: ProductRoutine) {
    var generator = SeededNumbers(seed: 4)
    for element in [ELO_BF16, ELO_F16] {
      for transposed in [false, true] {
        var example = ProductCase()
        (example.m, example.n, example.k, example.transposeB) = (29, 83, 1_340, transposed)
        example.element = element
        example.fill(&generator)
        let narrow = example.product(routine)
        example.element = ELO_F32
        #expect(example.product(routine).map(\.bitPattern) == narrow.map(\.bitPattern))
      }
    }
  }

  @Test(arguments: ProductRoutine.supported) func everyHalfIsWidenedExactly(_ routine: ProductRoutine) {
    for element in [ELO_BF16, ELO_F16] {
      for transposed in [false, true] {
        let halves = Array(0...UInt16.max)
        let one: [Float] = [1]
        var results = [Float](repeating: 0, count: halves.count)
        let workspace = UnsafeMutableRawPointer.allocate(byteCount: routine.workspaceCount * 4, alignment: 64)
        defer { workspace.deallocate() }
        one.withUnsafeBytes { one in
          halves.withUnsafeBytes { halves in
            routine.multiply(
              1, results.count, 1, elo_operand(values: one.baseAddress, element: ELO_F32, transposed: 0, stride: 1),
              elo_operand(
                values: halves.baseAddress, element: element, transposed: transposed ? 1 : 0,
                stride: transposed ? 1 : results.count), 0, &results, results.count,
              workspace.bindMemory(to: Float.self, capacity: routine.workspaceCount))
          }
        }
        for (half, result) in zip(halves, results) {
          let expected =
            element == ELO_BF16 ? Float(bitPattern: UInt32(half) << 16) : Float(Float16(bitPattern: half))
          let isRight =
            expected.isNaN || expected.isInfinite && !routine.keepsInfinities
            ? result.isNaN
            : expected.isSubnormal && routine.flushesSubnormals ? result == 0 : result == expected
          #expect(isRight, "\(half): \(result), not \(expected)")
        }
      }
    }
  }

  /// An element must not depend on how callers split rows and columns among threads.
  @Test(arguments: ProductRoutine.supported) func partsOfAProductHaveItsBits(_ routine: ProductRoutine) {
    var generator = SeededNumbers(seed: 5)
    for layout in 0..<4 {
      var example = ProductCase()
      (example.m, example.n, example.k) = (103, 131, 1_700)
      (example.transposeA, example.transposeB) = (layout & 1 != 0, layout & 2 != 0)
      example.fill(&generator)
      let whole = example.product(routine)
      for (rows, columns) in [(0..<103, 16..<61), (5..<6, 0..<131), (48..<103, 77..<131), (12..<90, 3..<4)] {
        let part = example.product(routine, m: rows, n: columns)
        for i in rows {
          for j in columns {
            #expect(part[i * 131 + j].bitPattern == whole[i * 131 + j].bitPattern, "\(rows), \(columns): \(i), \(j)")
          }
        }
      }
    }
  }

  @Test(arguments: ProductRoutine.supported) func withFactorZeroTheOldValuesAreNotRead(_ routine: ProductRoutine) {
    var generator = SeededNumbers(seed: 6)
    var example = ProductCase()
    (example.m, example.n, example.k) = (27, 51, 330)
    example.fill(&generator)
    example.c = example.c.map { _ in .nan }
    let results = example.product(routine)
    #expect(results.allSatisfy { $0.isFinite })
  }

  @Test(arguments: ProductRoutine.supported)
  func nothingToSumLeavesTheFactorTimesTheOldValues(_ routine: ProductRoutine) {
    var generator = SeededNumbers(seed: 7)
    var example = ProductCase()
    (example.m, example.n, example.k, example.gap) = (5, 19, 0, 2)
    for beta in [0, 1, -0.5] as [Float] {
      example.beta = beta
      example.fill(&generator)
      let results = example.product(routine)
      for i in 0..<5 {
        for j in 0..<19 { #expect(results[i * 21 + j] == beta * example.c[i * 21 + j]) }
      }
    }
  }

  /// NaN and infinities reach their row or column, as they do in f64, and no other.
  @Test(arguments: ProductRoutine.supported) func specialValuesStayInTheirRowsAndColumns(_ routine: ProductRoutine) {
    var generator = SeededNumbers(seed: 8)
    for layout in 0..<4 {
      var example = ProductCase()
      (example.m, example.n, example.k) = (31, 45, 37)
      (example.transposeA, example.transposeB) = (layout & 1 != 0, layout & 2 != 0)
      example.fill(&generator)
      example.a[example.transposeA ? 4 * example.strideA + 30 : 30 * example.strideA + 4] = .nan
      example.a[example.transposeA ? 6 * example.strideA + 2 : 2 * example.strideA + 6] = .infinity
      example.b[example.transposeB ? 44 * example.strideB + 9 : 9 * example.strideB + 44] = -.infinity
      let results = example.product(routine)
      for i in 0..<example.m {
        for j in 0..<example.n {
          let (expected, result) = (example.reference(i, j).value, Double(results[i * example.strideC + j]))
          let isRight =
            if expected.isFinite {
              abs(result - expected) < 1e-4
            } else if expected.isInfinite && routine.keepsInfinities {
              result == expected
            } else {
              result.isNaN
            }
          #expect(isRight, "\(example): element \(i), \(j) is \(result), not \(expected)")
        }
      }
    }
  }
}
