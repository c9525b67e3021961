import Decoders

/// How strongly the loss pulls at a layer's weights, and whether target and source pull the same way.
///
/// All are of the gradient g of a document's mean token loss, in f32 with sums in f64, over the weights w of a layer, its
/// attention or its MLP:
///
/// - `relative_gradient_norm`: root of `Σ_tensors (‖g‖ / ‖w‖)²` (RGN, arXiv 2210.11466). Takes the size of layers out, but
///   tensors of small norm weigh more. Tensors that are all 0 are left out.
/// - `gradient_norm`, `gradient_rms`: `‖g‖`, and over the root of the number of weights.
/// - `taylor`: `Σ |g w|`, the first-order change of the loss if each weight alone went to 0 (LLM-Pruner, arXiv 2305.11627);
///   magnitudes are summed, signed sums would cancel. Larger layers have more.
/// - `fisher`: `Σ (g w)²`, the diagonal Fisher information of one document along the weights.
/// - `gradient_conflict`: `cos(g_target, g_source)` over pairs of documents: below 0 a step that helps one language hurts
///   the other.
/// - `tensor_gradient_norm`: `‖g‖` of every tensor.
public struct Gradients: LayerCriterion {
  /// How many documents of each text, and pairs of them, are scored; nil for all.
  public let maximumDocuments: Int?

  /// Gradients of the first so many documents of each text.
  public init(maximumDocuments: Int? = nil) {
    precondition(maximumDocuments.map { $0 > 0 } ?? true, "no documents to score")
    self.maximumDocuments = maximumDocuments
  }

  /// `gradients`.
  public var name: String { "gradients" }

  /// A forward and a backward pass for each document.
  public func flops(on input: ProbeInput) -> Double {
    Double(input.tokenCount(ofFirst: maximumDocuments)) * input.model.cost.gradients
  }

  /// One forward and one backward pass for each document.
  ///
  /// Takes 4 bytes of memory for each weight of the layers, and 4 more where there are source texts.
  public func measure(
    _ input: ProbeInput, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [Score] {
    let decoder = input.model.decoder
    let tracked = decoder.layers.flatMap(\.parameters).filter { !$0.isTrained }
    for parameter in tracked { parameter.trackGradient(on: decoder.device) }
    defer { for parameter in tracked { parameter.dropGradient() } }
    var walk = GradientWalk(input, maximumDocuments: maximumDocuments)
    try walk.run(progress)
    return walk.scores
  }
}

/// Sums over one tensor's gradient.
struct TensorGradient {
  /// `Σ g²`.
  let squares: Double
  /// `Σ |g w|`.
  let taylor: Double
  /// `Σ (g w)²`.
  let fisher: Double
}

/// The passes over all documents: a target document, then its partners, so that one gradient is kept at a time.
private struct GradientWalk {
  let input: ProbeInput
  let documents: [ArraySlice<ProbeDocument>]
  /// `[texts][documents][tensors]`.
  var gradients: [[[TensorGradient]?]]
  /// Pairs that are measured, from the first on; `[source texts]`.
  let pairCounts: [Int]
  /// Inner products of pairs, `[source texts][pairs][tensors]`.
  var products: [[[Double]]]

  init(_ input: ProbeInput, maximumDocuments: Int?) {
    self.input = input
    let limit = maximumDocuments ?? .max
    documents = input.documents(first: maximumDocuments)
    gradients = documents.map { Array(repeating: nil, count: $0.count) }
    pairCounts = input.pairings.map { pairing in
      let beyond = pairing.target.indices.first { pairing.target[$0] >= limit || pairing.source[$0] >= limit }
      return beyond ?? pairing.count
    }
    products = pairCounts.map { Array(repeating: [], count: $0) }
  }

  private var parameters: [Parameter] { input.model.decoder.layers.flatMap(\.parameters) }

  mutating func run(_ progress: (Double) throws(ProbeError) -> Void) throws(ProbeError) {
    let device = input.model.decoder.device
    let parameters = parameters
    let kept =
      pairCounts.contains { $0 > 0 }
      ? parameters.map { device.makeTensor(rows: $0.value.rows, columns: $0.value.columns) } : []
    let total = Double(documents.reduce(0) { $0 + $1.count })
    var done = 0.0
    for target in documents[0].indices {
      backward(text: 0, document: target)
      done += 1
      try progress(done / total)
      var isKept = false
      for (source, pairing) in input.pairings.enumerated() {
        guard let pair = pairing.target.prefix(pairCounts[source]).firstIndex(of: target) else { continue }
        if !isKept { for (parameter, copy) in zip(parameters, kept) { device.copy(parameter.gradient!, to: copy) } }
        isKept = true
        backward(text: source + 1, document: pairing.source[pair])
        products[source][pair] = zip(parameters, kept).map { device.productSums($0.gradient!, $1).sum }
        done += 1
        try progress(done / total)
      }
    }
    for text in documents.indices {
      for document in documents[text].indices where gradients[text][document] == nil {
        backward(text: text, document: document)
        done += 1
        try progress(done / total)
      }
    }
  }

  /// Makes the gradient of one document's mean token loss and takes its sums.
  private mutating func backward(text: Int, document: Int) {
    let (decoder, device) = (input.model.decoder, input.model.decoder.device)
    decoder.zeroGradients()
    let batch = input.model.batch(documents[text][document...document])
    _ = decoder.accumulateGradients(
      batch.tokens, gradientScale: 1 / Float(documents[text][document].tokens.count))
    gradients[text][document] = parameters.map { parameter in
      let sums = device.productSums(parameter.gradient!, parameter.value)
      return TensorGradient(
        squares: device.sumOfSquares(parameter.gradient!), taylor: sums.absolute, fisher: sums.squares)
    }
  }

  var scores: [Score] {
    let parts = TensorParts(input.model.decoder)
    let weightSquares = parameters.map { input.model.decoder.device.productSums($0.value, $0.value).sum }
    func score(_ description: ScoreDescription, _ values: ([TensorGradient]) -> [Double]) -> Score {
      Score(description: description, values: gradients.map { ScoreValues(means: $0.map { values($0!) }) })
    }
    var scores: [Score] = []
    for part in LayerPart.allCases {
      let counts = parts.sums(part, parameters.map { Double($0.value.count) })
      scores += [
        score(
          ScoreDescription(
            name: part.name("relative_gradient_norm"), unit: "nats/token",
            description:
              "root of the sum over tensors of (norm of gradient / norm of weight) squared, over \(part.words)",
            source: "arXiv 2210.11466", part: part, ranks: part == .whole)
        ) { tensors in
          parts.sums(part, zip(tensors, weightSquares).map { $1 > 0 ? $0.squares / $1 : 0 }).map { $0.squareRoot() }
        },
        score(
          ScoreDescription(
            name: part.name("gradient_norm"), unit: "nats/token per unit of weight",
            description: "norm of the gradient of the document's mean token loss, over \(part.words)", part: part,
            ranks: false)
        ) { parts.sums(part, $0.map(\.squares)).map { $0.squareRoot() } },
        score(
          ScoreDescription(
            name: part.name("gradient_rms"), unit: "nats/token per unit of weight",
            description: "root mean square over the weights of the gradient of the document's mean token loss, over "
              + part.words, part: part, ranks: false)
        ) { zip(parts.sums(part, $0.map(\.squares)), counts).map { ($0 / max($1, 1)).squareRoot() } },
        score(
          ScoreDescription(
            name: part.name("taylor"), unit: "nats/token",
            description: "sum of |gradient x weight|, over \(part.words)", source: "arXiv 2305.11627", part: part,
            ranks: part == .whole)
        ) { parts.sums(part, $0.map(\.taylor)) },
        score(
          ScoreDescription(
            name: part.name("fisher"), unit: "(nats/token)^2",
            description: "sum of (gradient x weight)^2, over \(part.words)", source: "arXiv 2305.11627", part: part,
            ranks: false)
        ) { parts.sums(part, $0.map(\.fisher)) },
      ]
      if !input.pairings.isEmpty { scores.append(conflict(part, parts)) }
    }
    return scores + [
      score(
        ScoreDescription(
          name: "tensor_gradient_norm", unit: "nats/token per unit of weight",
          description: "norm of each tensor's gradient of the document's mean token loss", axis: .tensors, ranks: false)
      ) { $0.map { $0.squares.squareRoot() } }
    ]
  }

  private func conflict(_ part: LayerPart, _ parts: TensorParts) -> Score {
    let description = ScoreDescription(
      name: part.name("gradient_conflict"), unit: "1",
      description: "cosine between the gradients of a target and a source document, over \(part.words)", part: part,
      subject: .contrast, direction: .descriptive, ranks: false)
    return Score(
      description: description,
      values: products.indices.map { source -> ScoreValues? in
        let pairing = input.pairings[source]
        let cosines = products[source].indices.map { pair in
          let norms = [gradients[0][pairing.target[pair]]!, gradients[source + 1][pairing.source[pair]]!].map {
            parts.sums(part, $0.map(\.squares))
          }
          return zip(parts.sums(part, products[source][pair]), zip(norms[0], norms[1])).map { product, squares in
            let scale = squares.0 * squares.1
            return scale > 0 ? product / scale.squareRoot() : 0
          }
        }
        return cosines.isEmpty ? nil : ScoreValues(means: cosines)
      })
  }
}

/// Which tensors, in the order of `ProbeScores.tensors`, make up which part of which layer.
struct TensorParts {
  private let tensors: [LayerPart: [[Int]]]

  init(_ decoder: Decoder) {
    var tensors: [LayerPart: [[Int]]] = [:]
    var first = 0
    for layer in decoder.layers {
      for part in LayerPart.allCases {
        let own = layer.parameters(of: part)
        let places = layer.parameters.indices.filter { index in own.contains { $0 === layer.parameters[index] } }
        tensors[part, default: []].append(places.map { first + $0 })
      }
      first += layer.parameters.count
    }
    self.tensors = tensors
  }

  /// Sums of one number per tensor over a part of each layer.
  func sums(_ part: LayerPart, _ values: [Double]) -> [Double] {
    tensors[part]!.map { $0.reduce(0) { $0 + values[$1] } }
  }
}
