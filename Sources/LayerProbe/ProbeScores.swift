/// Every score of every layer on every document, and what the documents were.
public struct ProbeScores: Sendable, Hashable {
  /// The texts, in the order given.
  public let texts: [Text]
  /// Number of layers.
  public let layerCount: Int
  /// The scores, in the order of the criteria.
  public let scores: [Score]

  /// Scores of documents.
  public init(texts: [Text], layerCount: Int, scores: [Score]) {
    for score in scores {
      precondition(
        score.perText.map(\.count) == texts.map(\.documents.count)
          && score.perText.allSatisfy { $0.allSatisfy { $0.count == layerCount } },
        "\(score.description.name) does not fit \(texts.count) texts and \(layerCount) layers")
    }
    self.texts = texts
    self.layerCount = layerCount
    self.scores = scores
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
          Document(index: $0.index, tokenCount: $0.tokens.count, byteCount: $0.byteCount)
        },
        emptyDocumentCount: text.emptyDocumentCount)
    }
  }

  /// The size of one document.
  public struct Document: Sendable, Hashable {
    /// Its place in the text, counted from 0.
    public let index: Int
    /// Tokens scored.
    public let tokenCount: Int
    /// UTF-8 bytes of these.
    public let byteCount: Int

    /// A document's place and size.
    public init(index: Int, tokenCount: Int, byteCount: Int) {
      self.index = index
      self.tokenCount = tokenCount
      self.byteCount = byteCount
    }
  }

  /// One score of all layers.
  public struct Score: Sendable, Hashable {
    /// What it is.
    public let description: ScoreDescription
    /// Whether layers are ranked by it, or it is a variant of one they are ranked by.
    public let ranks: Bool
    /// `[texts][documents][layers]`.
    public let perText: [[[Double]]]

    /// A score's values.
    public init(description: ScoreDescription, ranks: Bool, perText: [[[Double]]]) {
      self.description = description
      self.ranks = ranks
      self.perText = perText
    }

    /// The mean over the documents of text `text`, by layer.
    public func means(ofText text: Int) -> [Double] {
      let documents = perText[text]
      return documents[0].indices.map { layer in
        documents.reduce(0) { $0 + $1[layer] } / Double(documents.count)
      }
    }
  }

  func requireFinite() throws(ProbeError) {
    for score in scores {
      for (text, documents) in zip(texts, score.perText) {
        for (document, layers) in zip(text.documents, documents) {
          guard let layer = layers.firstIndex(where: { !$0.isFinite }) else { continue }
          throw .notFinite(
            criterion: score.description.name, text: text.name, document: document.index, layer: layer)
        }
      }
    }
  }
}
