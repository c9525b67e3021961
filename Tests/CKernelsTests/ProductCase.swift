import CKernels
import Foundation
import TestSupport

/// One of the program's own products.
struct ProductRoutine: Sendable, CustomStringConvertible {
  let description: String
  let workspaceCount: Int
  /// Whether an infinite operand makes infinities, as in f32, or NaN.
  let keepsInfinities: Bool
  /// Whether subnormal operands count as zeros.
  let flushesSubnormals: Bool
  let multiply:
    @Sendable (
      Int, Int, Int, elo_operand, elo_operand, Float, UnsafeMutablePointer<Float>, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// Those that this processor has.
  static let supported: [ProductRoutine] =
    [(ELO_AVX512, "AVX-512"), (ELO_AVX2, "AVX2")].filter { elo_product_supported($0.0) != 0 }.map { vectors, name in
      ProductRoutine(
        description: name, workspaceCount: elo_product_workspace(vectors), keepsInfinities: true,
        flushesSubnormals: false, multiply: { elo_product(vectors, $0, $1, $2, $3, $4, $5, $6, $7, $8) })
    }
    + (elo_split_product_supported() == 0
      ? []
      : [
        ProductRoutine(
          description: "AMX", workspaceCount: elo_split_product_workspace(), keepsInfinities: false,
          flushesSubnormals: true, multiply: { elo_split_product($0, $1, $2, $3, $4, $5, $6, $7, $8) })
      ])
}

/// One product with random operands, whose rows are further apart than they are wide.
struct ProductCase: CustomStringConvertible {
  var (m, n, k) = (1, 1, 1)
  var (transposeA, transposeB) = (false, false)
  var element = ELO_F32
  var beta: Float = 0
  var gap = 0
  /// Values as stored: rows of `a` are those of op(a), or its columns when it is transposed.
  var (a, b, c): ([Float], [Float], [Float]) = ([], [], [])

  var description: String {
    "\(m) x \(n) x \(k), \(transposeA ? "T" : "N")\(transposeB ? "T" : "N"), type \(element.rawValue), beta \(beta), gap \(gap)"
  }
  var strideA: Int { (transposeA ? m : k) + gap }
  var strideB: Int { (transposeB ? k : n) + gap }
  var strideC: Int { n + gap }

  mutating func fill(_ generator: inout SeededNumbers) {
    a = (0..<(transposeA ? k : m) * strideA).map { _ in .random(in: -1...1, using: &generator) }
    b = (0..<(transposeB ? n : k) * strideB).map { _ in rounded(.random(in: -1...1, using: &generator)) }
    c = (0..<m * strideC).map { _ in .random(in: -1...1, using: &generator) }
  }

  /// A value that `element` can hold.
  private func rounded(_ value: Float) -> Float {
    switch element {
    case ELO_BF16: Float(bitPattern: value.bitPattern & 0xffff_0000)
    case ELO_F16: Float(Float16(value))
    default: value
    }
  }

  func valueA(_ i: Int, _ p: Int) -> Float { a[transposeA ? p * strideA + i : i * strideA + p] }
  func valueB(_ p: Int, _ j: Int) -> Float { b[transposeB ? j * strideB + p : p * strideB + j] }

  /// The result in f64, and the sum of the magnitudes that were added, which bounds its rounding error.
  func reference(_ i: Int, _ j: Int) -> (value: Double, magnitude: Double) {
    var (value, magnitude) = (0.0, 0.0)
    if beta != 0 {
      value = Double(beta) * Double(c[i * strideC + j])
      magnitude = abs(value)
    }
    for p in 0..<k {
      let term = Double(valueA(i, p)) * Double(valueB(p, j))
      value += term
      magnitude += abs(term)
    }
    return (value, magnitude)
  }

  /// What the routine makes of it, each operand at the end of its memory.
  func product(_ routine: ProductRoutine, m rows: Range<Int>? = nil, n columns: Range<Int>? = nil) -> [Float] {
    let (rows, columns) = (rows ?? 0..<m, columns ?? 0..<n)
    let width = element == ELO_F32 ? 4 : 2
    // The last row ends where its values end: no gap behind it.
    let left = GuardedMemory(byteCount: (a.count - gap) * 4)
    let right = GuardedMemory(byteCount: (b.count - gap) * width)
    let out = GuardedMemory(byteCount: (c.count - gap) * 4)
    for (index, value) in a.dropLast(gap).enumerated() {
      left.pointer.storeBytes(of: value, toByteOffset: index * 4, as: Float.self)
    }
    for (index, value) in b.dropLast(gap).enumerated() {
      switch element {
      case ELO_BF16:
        right.pointer.storeBytes(
          of: UInt16(value.bitPattern >> 16), toByteOffset: index * 2, as: UInt16.self)
      case ELO_F16:
        right.pointer.storeBytes(of: Float16(value).bitPattern, toByteOffset: index * 2, as: UInt16.self)
      default: right.pointer.storeBytes(of: value, toByteOffset: index * 4, as: Float.self)
      }
    }
    out.pointer.copyMemory(from: c, byteCount: (c.count - gap) * 4)
    let block = UnsafeMutableRawPointer.allocate(byteCount: routine.workspaceCount * 4, alignment: 64)
    defer { block.deallocate() }
    let workspace = block.bindMemory(to: Float.self, capacity: routine.workspaceCount)
    workspace.update(repeating: .nan, count: routine.workspaceCount)
    let results = out.pointer.assumingMemoryBound(to: Float.self)
    routine.multiply(
      rows.count, columns.count, k,
      elo_operand(
        values: left.pointer + rows.lowerBound * (transposeA ? 1 : strideA) * 4, element: ELO_F32,
        transposed: transposeA ? 1 : 0, stride: strideA),
      elo_operand(
        values: right.pointer + columns.lowerBound * (transposeB ? strideB : 1) * width, element: element,
        transposed: transposeB ? 1 : 0, stride: strideB),
      beta, results + rows.lowerBound * strideC + columns.lowerBound, strideC, workspace)
    return Array(UnsafeBufferPointer(start: results, count: c.count - gap))
  }

  /// What one fused multiply-add after the other in f32 makes of it.
  func sumsInOrder() -> [Float] {
    var out = c
    for i in 0..<m {
      for j in 0..<n {
        out[i * strideC + j] = (0..<k).reduce(beta * c[i * strideC + j]) {
          $0.addingProduct(valueA(i, $1), valueB($1, j))
        }
      }
    }
    return out
  }
}
