import ArgumentParser
import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import Tokenizers

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Score how well a checkpoint predicts texts.",
    discussion: """
      Every token of a document is scored once, in windows of --context tokens, the first one after the prefix token \
      (the tokenizer's BOS, else the model's, else EOS). Questions are answered as lm-evaluation-harness does in tasks \
      of the kind multiple_choice: acc by log-likelihood, acc_norm by character, acc_bytes by byte.
      """)

  @Argument(help: "A checkpoint directory in Hugging Face layout.")
  var checkpoint: String
  @Option(help: ArgumentHelp("A text to score; may be repeated.", valueName: "name=file"))
  var text: [String] = []
  @Option(
    help: ArgumentHelp(
      "A .jsonl of questions (context, choices, answer) to answer by log-likelihood; may be repeated.",
      valueName: "name=file"))
  var choices: [String] = []
  @Option(help: "Tokens of one window. (default: the smaller of 2048 and the model's limit)")
  var context: Int?
  @Option(help: "Score this many documents of each text, from its beginning. (default: all)")
  var documents: Int?
  @Option(help: "Of a detached model: linear lets its bridges stand in for the missing layers.")
  var bridge = Adaptation.BridgeKind.none
  @Option(help: "Field of jsonl files that holds the text.")
  var textField = "text"
  @Option(
    help: ArgumentHelp(
      "Scores of another model on the same texts, as --format json printed them: say how much this one differs.",
      valueName: "file"))
  var against: String?
  @Option(help: "text or json.")
  var format = OutputFormat.text
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard !text.isEmpty || !choices.isEmpty else {
      throw ValidationError("give at least one --text NAME=FILE or --choices NAME=FILE")
    }
    guard (context ?? 1) > 0, (documents ?? 1) > 0 else {
      throw ValidationError("--context and --documents must be at least 1")
    }
  }

  func run() throws {
    Interruption.listen()
    let tasks = try choices.map { try ChoiceTask(argument: $0) }
    let others = try against.map { try EvaluationResult(contentsOf: directory($0)) }
    let source = try Checkpoint(directory: directory(checkpoint))
    let decoder = try Decoder(source, device: compute.device)
    if bridge == .linear { try decoder.setBridges(BridgeFile.read(from: source.directory, device: decoder.device)) }
    let limit = decoder.configuration.maximumPositions
    if let context, context > limit { throw TrainingError.sequenceTooLong(length: context, limit: limit) }
    let texts = try TextSet(
      TextSource.list(arguments: text), checkpoint: source.directory,
      vocabulary: decoder.configuration.vocabularySize, textField: textField, maximumDocuments: documents)
    let evaluator = Evaluator(context: context ?? min(2048, limit), prefix: texts.specialTokens.prefix)
    var line = ProgressLine()
    let scores = try texts.texts.map { text in
      let start = ContinuousClock.now
      let score = try evaluator.score(text, with: decoder) { done, total in
        let seconds = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
        line.show(
          text.name, fraction: Double(done) / Double(total), details: "\(Int(Double(done) / seconds)) tokens/s",
          secondsLeft: seconds / Double(max(1, done)) * Double(total - done))
        return !Interruption.isRequested
      }
      line.finish("\(text.name): \(score.tokens) tokens")
      return score
    }
    let tokenizer = try Tokenizer(directory: source.directory)
    let answers = try tasks.map { task in
      let start = ContinuousClock.now
      let score = try evaluator.score(task, tokenizer: tokenizer, with: decoder) { done in
        let seconds = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
        line.show(
          task.name, fraction: Double(done) / Double(task.questions.count),
          details: String(format: "%.1f questions/s", Double(done) / seconds),
          secondsLeft: seconds / Double(done) * Double(task.questions.count - done))
        return !Interruption.isRequested
      }
      line.finish("\(task.name): \(score.questions) questions")
      return score
    }
    var result = EvaluationResult(texts: scores, choices: answers)
    if let others { try result.compare(with: others) }
    print(try format == .json ? result.json() : result.table)
  }
}
