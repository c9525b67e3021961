import Decoders

/// Logit-lens divergence: how far the prediction that a state gives through the final norm and the head is from the model's
/// own, `KL(p_final ‖ softmax(W_U norm(x_l)))` in nats (nostalgebraist, 2020; arXiv 2303.08112).
///
/// Falls to 0 at the last state; where it falls is where the prediction is made. Early states are in a basis of their own,
/// which the lens, unlike a tuned one, does not know: large early values say that, and no more. A head for each state is
/// dear, so by default a document's positions are sampled evenly, the last always among them.
public struct LogitLens: DocumentCriterion {
  /// How many positions of each document are looked at; nil for all.
  public let positionsPerDocument: Int?
  /// How many documents of each text are scored, from its beginning; nil for all.
  public let maximumDocuments: Int?

  /// A logit lens over so many positions of each of the first so many documents.
  public init(positionsPerDocument: Int? = 16, maximumDocuments: Int? = nil) {
    precondition(positionsPerDocument.map { $0 > 0 } ?? true, "no positions to look at")
    precondition(maximumDocuments.map { $0 > 0 } ?? true, "no documents to score")
    self.positionsPerDocument = positionsPerDocument
    self.maximumDocuments = maximumDocuments
  }

  /// `logit_lens_kl`.
  public var scores: [ScoreDescription] {
    [
      ScoreDescription(
        name: "logit_lens_kl", unit: "nats",
        description: "KL(p_final || softmax(W_U norm(state))), mean over sampled positions", source: "arXiv 2303.08112",
        axis: .states, direction: .descriptive, ranks: false)
    ]
  }

  /// A forward pass without a head, and L + 1 heads for each sampled position.
  public func flops(on input: ProbeInput) -> Double {
    let (model, states) = (input.model, Double(input.model.layerCount + 1))
    let sampled = input.documents(first: maximumDocuments).joined().reduce(0) {
      $0 + min($1.tokens.count, positionsPerDocument ?? .max)
    }
    let tokens = input.tokenCount(ofFirst: maximumDocuments)
    return Double(tokens) * model.cost.layer * (states - 1) + Double(sampled) * states * model.cost.head
  }

  /// A forward pass, and the lens on the sampled positions of every state.
  public func score(
    _ documents: ArraySlice<ProbeDocument>, on model: ProbedModel, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [[[Double]]] {
    let found = divergences(documents, on: model)
    try progress(1)
    return [found]
  }

  /// Mean divergences, `[documents][states]`; the last state's is 0.
  private func divergences(_ documents: ArraySlice<ProbeDocument>, on model: ProbedModel) -> [[Double]] {
    let (decoder, batch) = (model.decoder, model.batch(documents))
    let sampled = batch.spans.map { positions(in: $0.dropFirst()) }
    let stream = decoder.makeStream(batch.tokens)
    func sample() -> Tensor {
      let rows = sampled.flatMap { $0 }
      let copy = decoder.device.makeTensor(rows: rows.count, columns: stream.columns)
      for (place, row) in rows.enumerated() {
        decoder.device.copy(stream.rows(row..<row + 1), to: copy.rows(place..<place + 1))
      }
      return copy
    }
    decoder.embed(batch.tokens, into: stream)
    var states = [sample()]
    for layer in 0..<model.layerCount {
      decoder.apply(layers: layer..<layer + 1, to: stream, batch.tokens)
      states.append(sample())
    }
    let divergences = decoder.lensDivergences(of: Array(states.dropLast()), from: states.last!)
    var first = 0
    return sampled.map { rows in
      defer { first += rows.count }
      return divergences.map { state in
        state[first..<first + rows.count].reduce(0) { $0 + Double($1) } / Double(rows.count)
      } + [0]
    }
  }

  /// Evenly spaced rows of a span, its last always among them.
  private func positions(in span: Range<Int>) -> [Int] {
    let count = min(span.count, positionsPerDocument ?? .max)
    return (1...count).map { span.lowerBound + $0 * span.count / count - 1 }
  }
}
