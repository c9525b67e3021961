import Decoders

/// Scores the layers of a model on texts, document by document.
public struct Probe: Sendable {
  /// What layers are scored by, in this order.
  public let criteria: [any LayerCriterion]
  /// Short documents share passes of up to about this many tokens.
  static let tokensPerPass = 2048

  /// A probe; gradient norms come last, they make the model's layers trainable.
  public init(criteria: [any LayerCriterion] = [BlockInfluence(), Ablation(), GradientNorms()]) {
    precondition(!criteria.isEmpty, "a probe without criteria")
    self.criteria = criteria
  }

  /// Runs every criterion over every text.
  /// - Parameters:
  ///   - texts: at least one.
  ///   - progress: called between passes with what is scored and the share of the documents that is done, counting each
  ///     once for every criterion; returning false stops.
  /// - Throws: `ProbeError.badTextName` for a repeated name, `.tokenOutsideVocabulary`, `.contextTooShort`, `.notFinite`,
  ///   `.interrupted`.
  public func run(
    _ texts: [ProbeText], on model: ProbedModel,
    progress: (_ score: String, _ share: Double) -> Bool = { _, _ in true }
  ) throws(ProbeError) -> ProbeScores {
    try Self.validate(texts, model)
    let total = criteria.count * texts.reduce(0) { $0 + $1.documents.count }
    var done = 0
    var scores: [ProbeScores.Score] = []
    for criterion in criteria {
      var perText: [[[[Double]]]] = []
      for text in texts {
        var perScore = criterion.scores.map { _ in [[Double]]() }
        for group in Self.passes(over: text.documents) {
          let values = try criterion.score(group, on: model) { share throws(ProbeError) in
            let documents = Double(done) + share * Double(group.count)
            guard progress(criterion.scores[0].name, documents / Double(total)) else { throw .interrupted }
          }
          for index in values.indices { perScore[index] += values[index] }
          done += group.count
        }
        perText.append(perScore)
      }
      for (index, description) in criterion.scores.enumerated() {
        scores.append(
          ProbeScores.Score(description: description, ranks: index == 0, perText: perText.map { $0[index] }))
      }
    }
    let result = ProbeScores(texts: texts.map(ProbeScores.Text.init), layerCount: model.layerCount, scores: scores)
    try result.requireFinite()
    return result
  }

  private static func validate(_ texts: [ProbeText], _ model: ProbedModel) throws(ProbeError) {
    precondition(!texts.isEmpty, "a probe without texts")
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

  /// Documents in order, as many together as fit in a pass.
  private static func passes(over documents: [ProbeDocument]) -> [ArraySlice<ProbeDocument>] {
    var passes: [ArraySlice<ProbeDocument>] = []
    var start = 0
    var tokens = 0
    for (index, document) in documents.enumerated() {
      if index > start, tokens + document.tokens.count + 1 > tokensPerPass {
        passes.append(documents[start..<index])
        (start, tokens) = (index, 0)
      }
      tokens += document.tokens.count + 1
    }
    passes.append(documents[start...])
    return passes
  }
}
