import COpenBLAS

/// BLAS and LAPACK routines on host numbers in f64, for statistics of what models compute.
///
/// They are here because headers of GSL and of OpenBLAS do not go together in one module.
package enum LinearAlgebra {
  /// The Gram matrix `rows · rowsᵀ`, `[n, n]` row-major, of `n` rows that stand one behind the other.
  package static func gram(_ rows: [Double], count n: Int) -> [Double] {
    let width = rows.count / n
    precondition(rows.count == n * width, "\(rows.count) numbers in \(n) rows")
    var result = Array(repeating: 0.0, count: n * n)
    cblas_dsyrk(
      CblasRowMajor, CblasUpper, CblasNoTrans, Int32(n), Int32(width), 1, rows, Int32(width), 0, &result, Int32(n))
    for row in 1..<max(n, 1) {
      for column in 0..<row { result[row * n + column] = result[column * n + row] }
    }
    return result
  }

  /// `rows · othersᵀ`, `[n, m]` row-major, of `n` and `m` rows of one width.
  package static func products(_ rows: [Double], count n: Int, _ others: [Double], count m: Int) -> [Double] {
    let width = rows.count / n
    precondition(rows.count == n * width && others.count == m * width, "rows of different widths")
    var result = Array(repeating: 0.0, count: n * m)
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, Int32(n), Int32(m), Int32(width), 1, rows, Int32(width), others,
      Int32(width), 0, &result, Int32(m))
    return result
  }

  /// The singular values of a row-major matrix, the greatest first (LAPACK's `dgesdd`).
  /// - Returns: nil when the iteration does not converge.
  package static func singularValues(_ matrix: [Double], rows: Int, columns: Int) -> [Double]? {
    precondition(matrix.count == rows * columns && !matrix.isEmpty, "\(matrix.count) numbers in \(rows) x \(columns)")
    // LAPACK is column-major and sees the transpose, which has the same singular values.
    var (m, n, status) = (Int32(columns), Int32(rows), Int32(0))
    var (copy, values) = (matrix, Array(repeating: 0.0, count: min(rows, columns)))
    var integers = Array(repeating: Int32(0), count: 8 * values.count)
    var (one, query, best) = (Int32(1), Int32(-1), 0.0)
    dgesdd_("N", &m, &n, &copy, &m, &values, nil, &one, nil, &one, &best, &query, &integers, &status, 1)
    var size = Int32(best)
    var work = Array(repeating: 0.0, count: Int(size))
    dgesdd_("N", &m, &n, &copy, &m, &values, nil, &one, nil, &one, &work, &size, &integers, &status, 1)
    return status == 0 ? values : nil
  }
}
