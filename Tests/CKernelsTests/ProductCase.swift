import CKernels
import COpenBLAS
import Foundation
import TestSupport

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

  /// What `elo_product` makes of it, each operand at the end of its memory.
  func product(m rows: Range<Int>? = nil, n columns: Range<Int>? = nil) -> [Float] {
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
    let workspace = UnsafeMutablePointer<Float>.allocate(capacity: elo_product_workspace())
    workspace.update(repeating: .nan, count: elo_product_workspace())
    defer { workspace.deallocate() }
    let results = out.pointer.assumingMemoryBound(to: Float.self)
    elo_product(
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

  /// What OpenBLAS makes of it.
  func openBLAS() -> [Float] {
    var out = c
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, Int32(m), Int32(n),
      Int32(k), 1, a, Int32(strideA), b, Int32(strideB), beta, &out, Int32(strideC))
    return out
  }
}
