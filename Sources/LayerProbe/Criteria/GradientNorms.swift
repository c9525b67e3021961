import Decoders

/// How strongly the loss pulls at a layer's weights: norms of the gradient of a document's mean token loss, in f32.
///
/// `relative_gradient_norm` divides each tensor's norm by that of its weights (RGN, arXiv 2210.11466), which takes the
/// size of layers out but lets tensors of small norm weigh more. A layer's value is the root of the sum of squares over its
/// tensors. Scoring makes all layers trainable: it takes 8 bytes of memory for each of their weights.
public struct GradientNorms: DocumentCriterion {
  /// The criterion has no settings.
  public init() {}

  /// `relative_gradient_norm` and the variant `gradient_norm`.
  public var scores: [ScoreDescription] {
    [
      ScoreDescription(
        name: "relative_gradient_norm", unit: "nats/token",
        description: "root of the sum over tensors of (norm of gradient / norm of weight) squared",
        source: "arXiv 2210.11466"),
      ScoreDescription(
        name: "gradient_norm", unit: "nats/token per unit of weight",
        description: "root of the sum of squares of the gradient of the document's mean token loss",
        ranks: false),
    ]
  }

  /// One forward and one backward pass for each document.
  public func score(
    _ documents: ArraySlice<ProbeDocument>, on model: ProbedModel, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [[[Double]]] {
    let decoder = model.decoder
    decoder.train(layers: decoder.layers.indices)
    let weightSquares = decoder.layers.map { layer in
      layer.parameters.map { decoder.device.sumOfSquares($0.value) }
    }
    var relative: [[Double]] = []
    var absolute: [[Double]] = []
    for position in documents.indices {
      decoder.zeroGradients()
      let document = documents[position]
      _ = decoder.accumulateGradients(
        model.batch(documents[position...position]).tokens, gradientScale: 1 / Float(document.tokens.count))
      let gradientSquares = decoder.layers.map { layer in
        layer.parameters.map { decoder.device.sumOfSquares($0.gradient!) }
      }
      absolute.append(gradientSquares.map { $0.reduce(0, +).squareRoot() })
      relative.append(
        zip(gradientSquares, weightSquares).map { gradients, weights in
          zip(gradients, weights).reduce(0) { $0 + $1.0 / $1.1 }.squareRoot()
        })
      try progress(Double(relative.count) / Double(documents.count))
    }
    return [relative, absolute]
  }
}
