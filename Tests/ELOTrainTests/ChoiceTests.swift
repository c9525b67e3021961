import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import TestSupport
import Testing
import Tokenizers

/// Questions with choices: what they are read from, and that a model's answers are those of its logits.
@Suite struct ChoiceTests {
  /// Of unlike lengths in characters and in bytes, with and without context and white space at its end.
  private static let questions: [(context: String, choices: [String], answer: Int)] = (0..<60).map { index in
    let words = ["der", "Zeile", "ü", "한국어", "zwei Wörter", "a", "Spaltenbreite", "日本", "ja, gern"]
    let contexts = ["", "Die Antwort lautet:", "Frage \(index)?\n", "Das ist "]
    return (
      contexts[index % 4], (0..<2 + index % 3).map { words[(index * 5 + $0 * 4) % words.count] + "\($0)" }, index % 2
    )
  }

  @Test func sharesAreThoseOfTheModelsLogits() throws {
    try withTemporaryDirectory { directory in
      let model = directory.appending(path: "model")
      try writeTinyCheckpoint(to: model, dtype: .f32)
      let file = directory.appending(path: "task.jsonl")
      let lines = try Self.questions.map {
        String(
          decoding: try JSONSerialization.data(
            withJSONObject: ["context": $0.context, "choices": $0.choices, "answer": $0.answer]), as: UTF8.self)
      }
      try (lines.joined(separator: "\n\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
      let decoder = try Decoder(Checkpoint(directory: model), device: CPUDevice(threads: 2))
      let tokenizer = try Tokenizer(directory: model)
      let prefix = try SpecialTokens(directory: model, tokenizer: tokenizer).prefix
      let score = try Evaluator(context: 64, prefix: prefix)
        .score(ChoiceTask(argument: "task=\(file.path)"), tokenizer: tokenizer, with: decoder)

      var right = [0, 0, 0]
      for question in Self.questions {
        let values = question.choices.map { choice in
          // One token for each byte, so that nothing merges over the border; white space before it is the answer's.
          let stem = String(question.context.reversed().drop(while: \.isWhitespace).reversed())
          let context = stem.isEmpty ? [prefix] : tokenizer.encode(stem)
          let ids = context + tokenizer.encode(question.context.dropFirst(stem.count) + " " + choice)
          let logits = decoder.logits(TokenBatch(document: ids.dropLast().map(Int32.init), device: decoder.device))
          return (context.count..<ids.count).reduce(0.0) { sum, place in
            let row = logits[(place - 1) * 258..<place * 258].map(Double.init)
            return sum + row[Int(ids[place])] - log(row.reduce(0) { $0 + exp($1) })
          }
        }
        for (kind, lengths) in [
          question.choices.map { _ in 1 }, question.choices.map(\.unicodeScalars.count),
          question.choices.map(\.utf8.count),
        ].enumerated() {
          let scores = zip(values, lengths).map { $0 / Double($1) }
          if scores.firstIndex(of: scores.max()!) == question.answer { right[kind] += 1 }
        }
      }
      let shares = [score.accuracy, score.accuracyByCharacters, score.accuracyByBytes]
      #expect(shares.map { Int(($0.value * Double(Self.questions.count)).rounded()) } == right)
      #expect(Set(right).count == 3, "ways of counting give the same number, \(right): they are not told apart")
      let (p, n) = (Double(right[0]) / Double(Self.questions.count), Double(Self.questions.count))
      #expect(abs(score.accuracy.standardError! - (p * (1 - p) / (n - 1)).squareRoot()) < 1e-12)
    }
  }

  @Test(
    arguments: [
      ("", nil, "it holds no question"), ("{", 1, "it is no JSON"),
      (#"{"choices": ["a", "b"], "answer": 0}"#, 1, #""context" is no text"#),
      ("\n" + #"{"context": "x", "choices": ["a"], "answer": 0}"#, 2, #""choices" are not two"#),
      (#"{"context": "x", "choices": ["a", ""], "answer": 0}"#, 1, #""choices" are not two"#),
      (#"{"context": "x", "choices": ["a", "b"], "answer": 2}"#, 1, #""answer" is none of 0 to 1"#),
    ] as [(String, Int?, String)])
  func aBadFileIsNamedWithItsLine(_ text: String, _ line: Int?, _ problem: String) throws {
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "task.jsonl")
      try text.write(to: file, atomically: true, encoding: .utf8)
      do {
        _ = try ChoiceTask(name: "task", file: file)
        Issue.record("no error")
      } catch {
        let place = "\(file.path)" + (line.map { ", line \($0): " } ?? ": ")
        #expect("\(error)".hasPrefix(place + problem), "\(error)")
      }
    }
  }

  @Test func anArgumentWithoutANameAndAFileThatIsMissingAreErrors() {
    #expect(throws: TrainingError.malformedChoices("task.jsonl")) { try ChoiceTask(argument: "task.jsonl") }
    #expect(throws: TrainingError.self) { try ChoiceTask(argument: "task=/no/such/file") }
  }
}
