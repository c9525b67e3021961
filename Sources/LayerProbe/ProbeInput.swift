/// What criteria measure: a model, the texts, and which documents belong together.
public final class ProbeInput {
  /// The model.
  public let model: ProbedModel
  /// The texts, the target first.
  public let texts: [ProbeText]
  /// How the target's documents belong to those of each source text.
  public let pairings: [DocumentPairing]
  /// What `residuals(ofText:progress:)` has made, by text.
  var knownResiduals: [Int: [DocumentResiduals]] = [:]

  /// A model and texts that it can read.
  /// - Parameter inOrder: whether documents without ids are parallel by their places.
  /// - Throws: `ProbeError.badTextName` for a repeated name, `.tokenOutsideVocabulary`, `.contextTooShort`,
  ///   `.weightNotFinite`.
  public init(model: ProbedModel, texts: [ProbeText], inOrder: Bool = false) throws(ProbeError) {
    precondition(!texts.isEmpty, "a probe without texts")
    self.model = model
    self.texts = texts
    pairings = texts.dropFirst().map { DocumentPairing(target: texts[0], source: $0, inOrder: inOrder) }
    try checkTexts()
    try checkWeights()
  }

  /// How many tokens the first so many documents of each text have together; nil for all.
  public func tokenCount(ofFirst documents: Int? = nil) -> Int {
    texts.reduce(0) { $0 + $1.tokenCount(ofFirst: documents) }
  }

  /// The first so many documents of each text; nil for all.
  func documents(first count: Int?) -> [ArraySlice<ProbeDocument>] {
    texts.map { $0.documents.prefix(count ?? .max) }
  }

  private func checkTexts() throws(ProbeError) {
    let (vocabulary, positions) = (
      model.decoder.configuration.vocabularySize, model.decoder.configuration.maximumPositions
    )
    var names: Set<String> = []
    for text in texts {
      guard names.insert(text.name).inserted else { throw .badTextName(text.name, .repeated) }
      for document in text.documents {
        if let token = document.tokens.first(where: { !(0..<vocabulary).contains(Int($0)) }) {
          throw .tokenOutsideVocabulary(
            text: text.name, document: document.index, token: Int(token), vocabulary: vocabulary)
        }
        guard document.tokens.count < positions else {
          throw .contextTooShort(maximumTokens: document.tokens.count, positions: positions)
        }
      }
    }
  }

  /// One weight that is no number makes every score none: better said before the work, and by its name.
  private func checkWeights() throws(ProbeError) {
    let decoder = model.decoder
    var owners: [ObjectIdentifier: Int] = [:]
    for layer in decoder.layers {
      for parameter in layer.parameters { owners[ObjectIdentifier(parameter)] = layer.index }
    }
    for parameter in decoder.parameters {
      // Squares of f32 numbers do not overflow f64: the sum is infinite or none only where a weight is.
      guard !decoder.device.productSums(parameter.value, parameter.value).sum.isFinite else { continue }
      let element = decoder.device.download(parameter.value).firstIndex { !$0.isFinite }!
      throw .weightNotFinite(
        tensor: parameter.name, layer: owners[ObjectIdentifier(parameter)], element: element)
    }
  }
}
