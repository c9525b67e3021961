import Decoders

/// Ablation: how much worse documents are predicted when a layer is passed over, its input taken as its output.
///
/// The intact model and each layer's absence are one forward pass each. Without the first or the last layer the others see
/// what they never saw in training: their scores tower over the rest, and scores of layers do not add up.
public struct Ablation: DocumentCriterion {
  /// The criterion has no settings.
  public init() {}

  /// `ablation_nats_per_token` and the variant `ablation_nats_per_byte`.
  public var scores: [ScoreDescription] {
    [
      ScoreDescription(
        name: "ablation_nats_per_token", unit: "nats/token",
        description: "mean loss without the layer minus mean loss of the intact model"),
      ScoreDescription(
        name: "ablation_nats_per_byte", unit: "nats/byte",
        description: "summed loss without the layer minus that of the intact model, over the document's UTF-8 bytes",
        ranks: false),
    ]
  }

  /// One forward pass for the intact model and one for each layer.
  public func score(
    _ documents: ArraySlice<ProbeDocument>, on model: ProbedModel, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [[[Double]]] {
    let batch = model.batch(documents)
    func nll(without layers: Set<Int>) -> [Double] {
      let losses = model.decoder.losses(batch.tokens, observing: Decoder.Observation(skippedLayers: layers))
      return batch.spans.map { losses[$0].reduce(0) { $0 + Double($1) } }
    }
    let intact = nll(without: [])
    var ablated: [[Double]] = []
    for layer in 0..<model.layerCount {
      try progress(Double(layer + 1) / Double(model.layerCount + 1))
      ablated.append(nll(without: [layer]))
    }
    try progress(1)
    let perToken = documents.enumerated().map { position, document in
      ablated.map { ($0[position] - intact[position]) / Double(document.tokens.count) }
    }
    let perByte = documents.enumerated().map { position, document in
      ablated.map { ($0[position] - intact[position]) / Double(document.byteCount) }
    }
    return [perToken, perByte]
  }
}
