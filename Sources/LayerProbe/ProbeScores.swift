/// All that a probe measured: every score of every layer on every document, and what the documents were.
public struct ProbeScores: Sendable, Hashable {
  /// The texts, the target first.
  public let texts: [Text]
  /// How the target's documents belong to those of each source text, in the order of `texts` without the first.
  public let pairings: [DocumentPairing]
  /// Number of layers L.
  public let layerCount: Int
  /// The names of the layers' tensors, layer by layer: what the axis `tensors` stands for.
  public let tensors: [String]
  /// The scores, in the order of the criteria.
  public let scores: [Score]

  /// Scores of documents.
  /// - Precondition: Every score has a name of its own, and the shape that its description and the documents ask for.
  public init(
    texts: [Text], pairings: [DocumentPairing], layerCount: Int, tensors: [String] = [], scores: [Score]
  ) {
    precondition(pairings.count == texts.count - 1, "\(pairings.count) pairings of \(texts.count) texts")
    self.texts = texts
    self.pairings = pairings
    self.layerCount = layerCount
    self.tensors = tensors
    self.scores = scores
    precondition(Set(scores.map(\.description.name)).count == scores.count, "two scores of one name")
    for score in scores {
      let places = shape(of: score.description.axis).reduce(1, *)
      let documents = documentCounts(for: score.description.subject)
      precondition(score.values.count == documents.count, "\(score.description.name): \(score.values.count) subjects")
      for (values, limit) in zip(score.values, documents) {
        guard let values else { continue }
        precondition(
          values.estimate.count == places && values.perDocument.count <= limit
            && values.perDocument.allSatisfy { $0.count == places },
          "\(score.description.name) does not fit \(places) places and \(limit) documents")
      }
    }
  }

  /// The scores that layers are ranked by: one number per layer on each text, or of the weights.
  public var ranking: [Score] { scores.filter { $0.description.ranks && $0.description.axis == .layers } }

  /// The score of a name.
  public subscript(name: String) -> Score? { scores.first { $0.description.name == name } }

  /// How many numbers an axis has, by dimension.
  public func shape(of axis: ScoreAxis) -> [Int] {
    switch axis {
    case .layers: [layerCount]
    case .states: [layerCount + 1]
    case .statePairs: [layerCount + 1, layerCount + 1]
    case .tensors: [tensors.count]
    }
  }

  /// How many documents, or pairs of them, each subject of a score has.
  func documentCounts(for subject: ScoreSubject) -> [Int] {
    switch subject {
    case .text: texts.map(\.documents.count)
    case .contrast: pairings.map(\.count)
    case .weights: [0]
    }
  }

  /// What is known of a text's documents.
  public struct Text: Sendable, Hashable {
    /// The name that the text was given.
    public let name: String
    /// Those with tokens, as they were scored.
    public let documents: [Document]
    /// How many had none.
    public let emptyDocumentCount: Int

    /// A text's documents.
    public init(name: String, documents: [Document], emptyDocumentCount: Int) {
      self.name = name
      self.documents = documents
      self.emptyDocumentCount = emptyDocumentCount
    }

    init(_ text: ProbeText) {
      self.init(
        name: text.name,
        documents: text.documents.map {
          Document(index: $0.index, id: $0.id, tokenCount: $0.tokens.count, byteCount: $0.byteCount)
        },
        emptyDocumentCount: text.emptyDocumentCount)
    }
  }

  /// The size of one document.
  public struct Document: Sendable, Hashable {
    /// Its place in the text, counted from 0; empty documents count.
    public let index: Int
    /// The id that its file gave it.
    public let id: String?
    /// Tokens scored.
    public let tokenCount: Int
    /// UTF-8 bytes of these.
    public let byteCount: Int

    /// A document's place and size.
    public init(index: Int, id: String? = nil, tokenCount: Int, byteCount: Int) {
      self.index = index
      self.id = id
      self.tokenCount = tokenCount
      self.byteCount = byteCount
    }
  }

  func requireFinite() throws(ProbeError) {
    for score in scores {
      for (subject, values) in score.values.enumerated() {
        guard let values else { continue }
        for (document, numbers) in ([values.estimate] + values.perDocument).enumerated() {
          guard let place = numbers.firstIndex(where: { !$0.isFinite }) else { continue }
          throw .notFinite(
            score: score.description.name, subject: subjectName(subject, of: score.description.subject),
            document: document == 0 ? nil : document - 1, place: place, axis: score.description.axis)
        }
      }
    }
  }

  /// What a subject is called: a text's name, `weights` for weights.
  func subjectName(_ index: Int, of subject: ScoreSubject) -> String {
    switch subject {
    case .text: texts[index].name
    case .contrast: texts[index + 1].name
    case .weights: "weights"
    }
  }
}
