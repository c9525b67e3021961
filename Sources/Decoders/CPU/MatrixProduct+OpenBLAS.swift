import COpenBLAS
import CKernels

// OpenBLAS knows f32 only: a narrower operand is widened a panel of rows at a time, where the product finds it in cache.
// Panels of about 1 MB: wide enough that OpenBLAS runs at its peak, small enough to stay in the second-level cache.

extension CPUDevice {
  /// Rows of `width` columns in one panel.
  private static func panelRows(width: Int) -> Int { max(16, (262_144 / max(width, 1) + 15) / 16 * 16) }

  /// `product` by `cblas_sgemm`.
  func openBLASProduct(
    m: Int, n: Int, k: Int, _ a: MatrixOperand, _ b: MatrixOperand, beta: Float, _ c: UnsafeMutablePointer<Float>,
    stride: Int, worker: Int
  ) {
    precondition(a.elementType == .f32, "the left operand of a product must be f32, not \(a.elementType)")
    let left = a.values.assumingMemoryBound(to: Float.self)
    if b.elementType == .f32 {
      let right = b.values.assumingMemoryBound(to: Float.self)
      return sgemm(m, n, k, left, a, right, b.stride, b.transposed, beta, c, stride)
    }
    let (rows, columns) = b.transposed ? (n, k) : (k, n)
    let panelRows = min(rows, Self.panelRows(width: columns))
    let panel = packing(worker, count: panelRows * columns)
    for first in Swift.stride(from: 0, to: rows, by: panelRows) {
      let count = min(panelRows, rows - first)
      for row in 0..<count { widenRow(b, first + row, columns, to: panel + row * columns) }
      if b.transposed {
        sgemm(m, count, k, left, a, panel, columns, true, beta, c + first, stride)
      } else {
        let part = left + (a.transposed ? first * a.stride : first)
        sgemm(m, n, count, part, a, panel, columns, false, first == 0 ? beta : 1, c, stride)
      }
    }
  }

  private func widenRow(_ b: MatrixOperand, _ row: Int, _ columns: Int, to output: UnsafeMutablePointer<Float>) {
    let halves = b.values.assumingMemoryBound(to: UInt16.self) + row * b.stride
    if b.elementType == .bf16 {
      elo_widen_bf16(halves, output, columns)
    } else {
      elo_widen_f16(halves, output, columns)
    }
  }

  /// OpenBLAS takes 32-bit sizes, so a larger one stops the program rather than wrapping.
  private func sgemm(
    _ m: Int, _ n: Int, _ k: Int, _ left: UnsafePointer<Float>, _ a: MatrixOperand, _ right: UnsafePointer<Float>,
    _ rightStride: Int, _ transposeRight: Bool, _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ stride: Int
  ) {
    cblas_sgemm(
      CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, transposeRight ? CblasTrans : CblasNoTrans, Int32(m),
      Int32(n), Int32(k), 1, left, Int32(a.stride), right, Int32(rightStride), beta, c, Int32(stride))
  }
}
