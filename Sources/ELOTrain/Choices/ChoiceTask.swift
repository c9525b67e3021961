import Foundation
import JSONText

/// Questions with several answers of which one is right, from a `.jsonl` with an object a line: `context`, a text that may be
/// empty; `choices`, two texts or more; `answer`, the place of the right one, from 0.
public struct ChoiceTask: Sendable {
  /// One question.
  public struct Question: Sendable, Hashable {
    /// What stands before the answer.
    public let context: String
    /// The answers, none of them empty.
    public let choices: [String]
    /// The place of the right one.
    public let answer: Int
  }

  /// What the task is called.
  public let name: String
  /// The questions in the order of the file.
  public let questions: [Question]

  /// Reads a task given as `NAME=FILE`.
  /// - Throws: `TrainingError.badChoices` naming file and line.
  public init(argument: String) throws(TrainingError) {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty else { throw .malformedChoices(argument) }
    try self.init(name: parts[0], file: URL(filePath: parts[1]))
  }

  /// Reads a file.
  /// - Throws: `TrainingError.badChoices` naming file and line.
  public init(name: String, file: URL) throws(TrainingError) {
    self.name = name
    guard let data = try? Data(contentsOf: file) else {
      throw .badChoices(file, line: nil, problem: "it cannot be read")
    }
    var questions: [Question] = []
    for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      guard line.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") }) else { continue }
      do { questions.append(try Self.question(Array(line))) } catch {
        throw .badChoices(file, line: index + 1, problem: error.problem)
      }
    }
    guard !questions.isEmpty else { throw .badChoices(file, line: nil, problem: "it holds no question") }
    self.questions = questions
  }

  private struct Flaw: Error {
    let problem: String
  }

  private static func question(_ line: [UInt8]) throws(Flaw) -> Question {
    let root: JSONNode
    do { root = try JSONText(line).root } catch { throw Flaw(problem: "it is no JSON: \(error.problem)") }
    guard let context = root["context"]?.string else { throw Flaw(problem: "\"context\" is no text") }
    let choices = root["choices"]?.elements?.map(\.string) ?? []
    guard choices.count >= 2, choices.allSatisfy({ $0?.isEmpty == false }) else {
      throw Flaw(problem: "\"choices\" are not two or more texts that are not empty")
    }
    guard let answer = root["answer"]?.int, choices.indices.contains(answer) else {
      throw Flaw(problem: "\"answer\" is none of 0 to \(choices.count - 1)")
    }
    return Question(context: context, choices: choices.compactMap(\.self), answer: answer)
  }
}
