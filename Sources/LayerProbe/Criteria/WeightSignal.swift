import Decoders

/// How far the singular values of a layer's matrices stand above those of noise: a baseline that sees no text.
///
/// After Spectrum (arXiv 2406.06623), with the edge of noise where Marchenko and Pastur's law has it, `σ (√n + √m)`, with a
/// robust σ (arXiv 1305.5870), and as a share of energy, which does not depend on the matrix's scale: `Σ_{s > edge} s² /
/// Σ s²`. Spectrum's own edge takes a fifth to all of pure noise for signal. A layer's value is the mean over its
/// matrices. Weights know no language: read this as a control for criteria that see the text.
public struct WeightSignal: LayerCriterion {
  /// The criterion has no settings.
  public init() {}

  /// `weight_signal`.
  public var name: String { "weight_signal" }

  /// Bidiagonalisation of every matrix: `4 n² (m - n/3)` for its shorter side n.
  public func flops(on input: ProbeInput) -> Double {
    let matrices = input.model.decoder.layers.flatMap(\.parameters).filter(\.isDecayed).flatMap(\.matrices)
    return matrices.reduce(0) { sum, matrix in
      let (n, m) = (Double(min(matrix.rows, matrix.columns)), Double(max(matrix.rows, matrix.columns)))
      return sum + 4 * n * n * (m - n / 3)
    }
  }

  /// Singular values of every matrix of every layer; one matrix in f64 at a time.
  public func measure(
    _ input: ProbeInput, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [Score] {
    let decoder = input.model.decoder
    var values: [LayerPart: [Double]] = [:]
    for (index, layer) in decoder.layers.enumerated() {
      var shares: [String: [Double]] = [:]
      for parameter in layer.parameters where parameter.isDecayed {
        shares[parameter.name] = []
        for matrix in parameter.matrices {
          shares[parameter.name]!.append(
            try Self.signal(
              of: decoder.device.download(matrix).map(Double.init), rows: matrix.rows, columns: matrix.columns))
        }
      }
      for part in LayerPart.allCases {
        let own = layer.parameters(of: part).flatMap { shares[$0.name] ?? [] }
        values[part, default: []].append(own.reduce(0, +) / Double(max(own.count, 1)))
      }
      try progress(Double(index + 1) / Double(decoder.layers.count))
    }
    return LayerPart.allCases.map { part in
      let description = ScoreDescription(
        name: part.name(name), unit: "1",
        description: "share of squared singular values above the Marchenko-Pastur edge, mean over the matrices of "
          + part.words,
        source: "after arXiv 2406.06623 and 1305.5870", part: part, subject: .weights, ranks: part == .whole)
      return Score(description: description, values: [ScoreValues(ofWeights: values[part]!)])
    }
  }

  /// The share of a row-major matrix's energy in singular values above the edge of noise.
  /// - Throws: `ProbeError.singularValues` when LAPACK does not converge.
  public static func signal(of matrix: [Double], rows: Int, columns: Int) throws(ProbeError) -> Double {
    guard let values = LinearAlgebra.singularValues(matrix, rows: rows, columns: columns) else {
      throw .singularValues(rows: rows, columns: columns)
    }
    let edge = MarchenkoPastur.edge(ofSingularValues: values, rows: rows, columns: columns)
    let energies = values.map { $0 * $0 }
    let total = energies.reduce(0, +)
    guard total > 0 else { return 0 }
    return zip(values, energies).reduce(0) { $0 + ($1.0 > edge ? $1.1 : 0) } / total
  }
}
