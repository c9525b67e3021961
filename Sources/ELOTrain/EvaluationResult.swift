import Foundation

/// The scores of a model on texts, and how they differ from another model's: what `evaluate` prints.
public struct EvaluationResult: Codable, Sendable {
  /// One for each text.
  public var texts: [TextScore]
  /// One for each task with choices; nil without tasks.
  public var choices: [ChoiceScore]?
  /// How the texts' bits per byte differ from another model's, where that was asked for.
  public var changes: [Change]?

  /// How one text's bits per byte differ from another model's.
  public struct Change: Codable, Sendable, Hashable {
    /// The text.
    public var name: String
    /// Bits per byte minus the other model's.
    public var difference: Double
    /// The 95 % interval of the difference, over documents taken in pairs; nil below five documents.
    public var interval: DocumentInterval?
  }

  /// A result without a comparison.
  public init(texts: [TextScore], choices: [ChoiceScore] = []) {
    self.texts = texts
    self.choices = choices.isEmpty ? nil : choices
  }

  /// Reads what `json()` wrote.
  /// - Throws: `TrainingError.notAnEvaluation` for a file that is missing or something else.
  public init(contentsOf file: URL) throws(TrainingError) {
    do {
      self = try JSONDecoder().decode(EvaluationResult.self, from: Data(contentsOf: file))
    } catch {
      throw .notAnEvaluation(file)
    }
  }

  /// Sets how these scores differ from others.
  /// - Throws: `TrainingError.otherDocuments` for a text that the others lack or know with other documents.
  public mutating func compare(with others: EvaluationResult) throws(TrainingError) {
    var changes: [Change] = []
    for text in texts {
      guard let change = others.texts.first(where: { $0.name == text.name })?.change(to: text) else {
        throw .otherDocuments(text: text.name)
      }
      changes.append(Change(name: text.name, difference: change.difference, interval: change.interval))
    }
    self.changes = changes
  }

  /// The result as JSON, numbers with all their digits.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
