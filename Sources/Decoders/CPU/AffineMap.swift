import COpenBLAS

/// An affine map of the change that a run of layers makes: `y - x ≈ x Wᵀ + b`, with how well it does.
public struct AffineMap: Sendable {
  /// Width D.
  public let width: Int
  /// `[D, D]` row-major.
  public let weight: [Double]
  /// D values.
  public let bias: [Double]

  /// The least-squares map with a ridge penalty on W, in f64.
  ///
  /// With X and C the centred states and changes, `Wᵀ = (XᵀX + λI)⁻¹ XᵀC` and `b = mean(c) - W mean(x)`; λ is
  /// `relativeRidge` times the mean diagonal of XᵀX. Solved by Cholesky factorisation (LAPACK's dposv). 4·n·D² + D³
  /// flops.
  /// - Parameters:
  ///   - states: n states x, `[n, D]` row-major.
  ///   - changes: n changes y - x, likewise.
  /// - Throws: `DecoderError.badBridge` when there is no state, or XᵀX + λI is not positive definite, which only NaN or
  ///   infinite states cause.
  public init(states: [Float], changes: [Float], width D: Int, relativeRidge: Double = 1e-3) throws(DecoderError) {
    precondition(states.count == changes.count && states.count % D == 0, "\(states.count) and \(changes.count) values")
    let n = states.count / D
    guard n > 0 else { throw .badBridge("there is no token to fit it on") }
    let (stateMean, changeMean) = (Self.mean(states, D), Self.mean(changes, D))
    var gram = [Double](repeating: 0, count: D * D)
    var cross = gram
    for rows in Self.blocks(n) {
      let x = Self.centred(states, rows, stateMean)
      let c = Self.centred(changes, rows, changeMean)
      // Column-major for LAPACK: the Gram matrix is symmetric, and the cross product is stored as (XᵀC) by columns.
      cblas_dsyrk(
        CblasColMajor, CblasUpper, CblasNoTrans, Int32(D), Int32(rows.count), 1, x, Int32(D), 1, &gram, Int32(D))
      cblas_dgemm(
        CblasColMajor, CblasNoTrans, CblasTrans, Int32(D), Int32(D), Int32(rows.count), 1, x, Int32(D), c, Int32(D), 1,
        &cross, Int32(D))
    }
    let ridge = relativeRidge * (0..<D).reduce(0) { $0 + gram[$1 * D + $1] } / Double(D)
    for i in 0..<D { gram[i * D + i] += ridge }
    var (order, columns, info) = (Int32(D), Int32(D), Int32(0))
    dposv_("U", &order, &columns, &gram, &order, &cross, &order, &info, 1)
    guard info == 0 else { throw .badBridge("the states hold NaN or infinity, or do not vary at all") }
    // Column j of the solution is the row of W for output j, so its memory is W row by row.
    width = D
    weight = cross
    bias = (0..<D).map { j in
      changeMean[j] - (0..<D).reduce(0) { $0 + cross[j * D + $1] * stateMean[$1] }
    }
  }

  /// The share of the variance that the map explains: of the changes, and of the states behind them, on any states.
  ///
  /// Negative when it does worse than the mean.
  public func explainedVariance(states: [Float], changes: [Float]) -> (ofChange: Double, ofOutput: Double) {
    let D = width
    let n = states.count / D
    let changeMean = Self.mean(changes, D)
    let outputMean = zip(Self.mean(states, D), changeMean).map(+)
    let zero = [Double](repeating: 0, count: D)
    var (residual, changeVariance, outputVariance) = (0.0, 0.0, 0.0)
    for rows in Self.blocks(n) {
      let x = Self.centred(states, rows, zero)
      let c = Self.centred(changes, rows, zero)
      var predicted = [Double](repeating: 0, count: rows.count * D)
      cblas_dgemm(
        CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows.count), Int32(D), Int32(D), 1, x, Int32(D), weight,
        Int32(D), 0, &predicted, Int32(D))
      for i in 0..<rows.count * D {
        let j = i % D
        let error = c[i] - predicted[i] - bias[j]
        residual += error * error
        changeVariance += (c[i] - changeMean[j]) * (c[i] - changeMean[j])
        outputVariance += (x[i] + c[i] - outputMean[j]) * (x[i] + c[i] - outputMean[j])
      }
    }
    return (1 - residual / changeVariance, 1 - residual / outputVariance)
  }

  /// Rows whose f64 copies are held at once.
  private static func blocks(_ n: Int) -> [Range<Int>] {
    stride(from: 0, to: n, by: 256).map { $0..<min(n, $0 + 256) }
  }

  private static func mean(_ values: [Float], _ D: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: D)
    for (i, value) in values.enumerated() { sums[i % D] += Double(value) }
    return sums.map { $0 / Double(values.count / D) }
  }

  private static func centred(_ values: [Float], _ rows: Range<Int>, _ mean: [Double]) -> [Double] {
    let D = mean.count
    return (rows.lowerBound * D..<rows.upperBound * D).map { Double(values[$0]) - mean[$0 % D] }
  }
}
