import Decoders

/// Block Influence (ShortGPT, arXiv 2403.03853): how far a layer turns the residual stream, `1 - mean_t cos(x_t, y_t)` with
/// x the stream before the layer and y behind it.
///
/// Behind the last layer the stream is taken before the final norm, which would turn it once more. One forward pass for all
/// layers; cosines are accumulated in f64.
public struct BlockInfluence: DocumentCriterion {
  /// The criterion has no settings.
  public init() {}

  /// One score, `block_influence`.
  public var scores: [ScoreDescription] {
    [
      ScoreDescription(
        name: "block_influence", unit: "1",
        description: "1 - mean cosine between the residual stream before and behind the layer, before the final norm",
        source: "arXiv 2403.03853")
    ]
  }

  /// One forward pass over all documents.
  public func score(
    _ documents: ArraySlice<ProbeDocument>, on model: ProbedModel, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [[[Double]]] {
    let batch = model.batch(documents)
    let device = model.decoder.device
    var influence = Array(repeating: Array(repeating: 0.0, count: model.layerCount), count: documents.count)
    var before: [Float] = []
    let observation = Decoder.Observation { index, stream in
      let after = device.download(stream)
      if index > 0 {
        for (document, span) in batch.spans.enumerated() {
          let rows = span.dropFirst()
          let sum = rows.reduce(0) { $0 + Self.cosine(before, after, row: $1, width: stream.columns) }
          influence[document][index - 1] = 1 - sum / Double(rows.count)
        }
      }
      before = after
    }
    model.decoder.observe(batch.tokens, observation)
    try progress(1)
    return [influence]
  }

  private static func cosine(_ a: [Float], _ b: [Float], row: Int, width: Int) -> Double {
    var (dot, squareA, squareB) = (0.0, 0.0, 0.0)
    for index in row * width..<(row + 1) * width {
      let (x, y) = (Double(a[index]), Double(b[index]))
      dot += x * y
      squareA += x * x
      squareB += y * y
    }
    return dot / (squareA * squareB).squareRoot()
  }
}
