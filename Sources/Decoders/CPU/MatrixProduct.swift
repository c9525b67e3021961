import COpenBLAS

/// `c = alpha op(a) op(b) + beta c` for row-major matrices, on the calling thread.
///
/// `c` is `[m, n]`; `op(a)` is `[m, k]`, `op(b)` is `[k, n]`; the leading dimensions are distances between stored rows.
/// OpenBLAS takes 32-bit sizes, so a larger one stops the program rather than wrapping.
@inline(__always)
func matrixProduct(
  m: Int, n: Int, k: Int, alpha: Float = 1, _ a: UnsafePointer<Float>, lda: Int, transposeA: Bool = false,
  _ b: UnsafePointer<Float>, ldb: Int, transposeB: Bool = false, beta: Float, _ c: UnsafeMutablePointer<Float>,
  ldc: Int
) {
  guard m > 0, n > 0 else { return }
  cblas_sgemm(
    CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, Int32(m), Int32(n),
    Int32(k), alpha, a, Int32(lda), b, Int32(ldb), beta, c, Int32(ldc))
}
