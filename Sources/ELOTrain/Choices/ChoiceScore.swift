/// How often a model finds the right answer likeliest, as lm-evaluation-harness counts it for tasks of the kind
/// `multiple_choice`.
public struct ChoiceScore: Codable, Sendable, Hashable {
  /// A share of the questions, and its standard error.
  public struct Share: Codable, Sendable, Hashable {
    /// The share.
    public let value: Double
    /// The standard deviation of right and wrong (1 and 0) over the root of the number; nil for one question.
    public let standardError: Double?

    enum CodingKeys: String, CodingKey {
      case value
      case standardError = "stderr"
    }

    init(of isRight: [Bool]) {
      let n = Double(isRight.count)
      let share = Double(isRight.count { $0 }) / n
      value = share
      standardError = n > 1 ? (share * (1 - share) / (n - 1)).squareRoot() : nil
    }
  }

  /// The task's name.
  public let name: String
  /// How many questions there are.
  public let questions: Int
  /// By the answers' log-likelihoods.
  public let accuracy: Share
  /// By these over the answer's number of characters.
  public let accuracyByCharacters: Share
  /// By these over the answer's number of UTF-8 bytes.
  public let accuracyByBytes: Share

  enum CodingKeys: String, CodingKey {
    case name, questions
    case accuracy = "acc"
    case accuracyByCharacters = "acc_norm"
    case accuracyByBytes = "acc_bytes"
  }

  /// - Parameter logLikelihoods: of each question's choices, in nats.
  init(_ task: ChoiceTask, logLikelihoods: [[Double]]) {
    func share(_ length: (String) -> Int) -> Share {
      Share(
        of: zip(task.questions, logLikelihoods).map { question, values in
          let scores = zip(question.choices, values).map { $1 / Double(length($0)) }
          return scores.firstIndex(of: scores.max()!) == question.answer
        })
    }
    name = task.name
    questions = task.questions.count
    accuracy = share { _ in 1 }
    accuracyByCharacters = share { $0.unicodeScalars.count }
    accuracyByBytes = share { $0.utf8.count }
  }
}
