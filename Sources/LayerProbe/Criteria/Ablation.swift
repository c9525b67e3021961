import Decoders

/// Ablation: how much worse documents are predicted when something is taken out of a layer.
///
/// The change of the loss, ablated minus intact, in nats per token and per UTF-8 byte of the document (languages differ in
/// tokens per byte). Taken out is the whole layer (as Shortened LLaMA, arXiv 2402.02834, scores it), its attention, its MLP,
/// or what in its update depends on the token: the layer then adds its mean update over all scored tokens of the text,
/// which keeps later layers nearer to what they know.
///
/// Passes share what lies below the ablated layer: of L layers about L/2 are computed for each ablation, and the head.
/// Without the first or the last layer the others see what they never saw in training: their scores tower over the rest,
/// and scores of layers do not add up.
public struct Ablation: LayerCriterion {
  /// What is taken out.
  public enum Target: String, Sendable, Hashable, CaseIterable {
    /// The whole layer.
    case layer
    /// Attention alone.
    case attention
    /// The MLP alone.
    case mlp
    /// The update's part that depends on the token.
    case variation
  }

  /// What is taken out of each layer in turn.
  public let target: Target
  /// How many documents of each text are scored, from its beginning; nil for all.
  public let maximumDocuments: Int?

  /// An ablation of the first so many documents of each text.
  public init(_ target: Target = .layer, maximumDocuments: Int? = nil) {
    precondition(maximumDocuments.map { $0 > 0 } ?? true, "no documents to score")
    self.target = target
    self.maximumDocuments = maximumDocuments
  }

  /// `ablation`, or `ablation_` and what is taken out.
  public var name: String { target == .layer ? "ablation" : "ablation_\(target.rawValue)" }

  /// The layers above each ablated one, and a head for each.
  public func flops(on input: ProbeInput) -> Double {
    Double(input.tokenCount(ofFirst: maximumDocuments)) * flopsPerToken(input.model)
  }

  private func flopsPerToken(_ model: ProbedModel) -> Double {
    let (layers, cost) = (Double(model.layerCount), model.cost)
    return cost.forward + layers * (cost.head + (layers - 1) / 2 * cost.layer)
  }

  /// A shared pass through all layers, and from each layer on one without it.
  public func measure(
    _ input: ProbeInput, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [Score] {
    let documents = input.documents(first: maximumDocuments)
    let total = documents.reduce(0) { $0 + $1.count }
    var done = 0
    var perToken: [ScoreValues] = []
    var perByte: [ScoreValues] = []
    for (text, documents) in documents.enumerated() {
      let ablations = try ablations(input, text: text)
      var changes: [[Double]] = []
      for group in input.model.passes(over: documents) {
        changes += try lossChanges(group, ablations, on: input.model) { share throws(ProbeError) in
          try progress((Double(done) + share * Double(group.count)) / Double(total))
        }
        done += group.count
      }
      perToken.append(
        ScoreValues(
          means: zip(documents, changes).map { document, nats in nats.map { $0 / Double(document.tokens.count) } }))
      perByte.append(
        ScoreValues(
          means: zip(documents, changes).map { document, nats in nats.map { $0 / Double(document.byteCount) } }))
    }
    return [
      Score(description: description("nats_per_token", unit: "nats/token", ranks: target == .layer), values: perToken),
      Score(description: description("nats_per_byte", unit: "nats/byte", ranks: false), values: perByte),
    ]
  }

  private func description(_ suffix: String, unit: String, ranks: Bool) -> ScoreDescription {
    let (part, ablated): (LayerPart, String) =
      switch target {
      case .layer: (.whole, "the layer passed over")
      case .attention: (.attention, "the layer's attention passed over")
      case .mlp: (.mlp, "the layer's MLP passed over")
      case .variation: (.whole, "the layer's update replaced by its mean over the text's tokens")
      }
    return ScoreDescription(
      name: "\(name)_\(suffix)", unit: unit,
      description: "summed loss of the document with \(ablated) minus that of the intact model, per "
        + (unit == "nats/byte" ? "UTF-8 byte" : "token"),
      source: target == .layer ? "arXiv 2402.02834" : "", part: part, ranks: ranks)
  }

  /// What is taken out of each layer.
  private func ablations(_ input: ProbeInput, text: Int) throws(ProbeError) -> [LayerAblation] {
    let (decoder, layers) = (input.model.decoder, 0..<input.model.layerCount)
    switch target {
    case .layer: return layers.map { _ in .layer }
    case .attention: return layers.map { _ in .attention }
    case .mlp: return layers.map { _ in .mlp }
    case .variation:
      let means = try input.meanStates(ofText: text)
      return layers.map { layer in
        let row = decoder.device.makeTensor(rows: 1, columns: decoder.configuration.width)
        decoder.device.upload(zip(means[layer + 1], means[layer]).map { Float($0 - $1) }, to: row)
        return .update(row)
      }
    }
  }

  /// The change of each document's summed loss, `[documents][layers]`.
  private func lossChanges(
    _ documents: ArraySlice<ProbeDocument>, _ ablations: [LayerAblation], on model: ProbedModel,
    _ progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [[Double]] {
    let (decoder, batch, layers) = (model.decoder, model.batch(documents), model.layerCount)
    let (intact, ablated) = (decoder.makeStream(batch.tokens), decoder.makeStream(batch.tokens))
    decoder.embed(batch.tokens, into: intact)
    var sums: [[Double]] = []
    let total = flopsPerToken(model)
    var done = model.cost.forward
    for layer in 0..<layers {
      decoder.device.copy(intact, to: ablated)
      decoder.apply(layers: layer..<layers, to: ablated, batch.tokens, ablating: [layer: ablations[layer]])
      sums.append(batch.sums(decoder.losses(behind: ablated, batch.tokens)))
      decoder.apply(layers: layer..<layer + 1, to: intact, batch.tokens)
      done += model.cost.head + Double(layers - 1 - layer) * model.cost.layer
      try progress(min(1, done / total))
    }
    let whole = batch.sums(decoder.losses(behind: intact, batch.tokens))
    return (0..<documents.count).map { place in
      sums.map { $0[place] - whole[place] }
    }
  }
}
