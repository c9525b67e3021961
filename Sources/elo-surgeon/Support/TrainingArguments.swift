import ArgumentParser
import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation

/// What `pretrain` and `align` share: texts, budget, settings, output.
struct TrainingArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A text to train on, with its share of the tokens; may be repeated.", valueName: "name=file[:weight]"))
  var text: [String]
  @Option(help: ArgumentHelp("A text to score while training; may be repeated.", valueName: "name=file"))
  var heldOut: [String] = []
  @Option(help: "Tokens of each held-out text that are scored, in whole documents from its beginning.")
  var evaluationTokens = 12_288
  @Option(help: "Directory of the trained checkpoint; must not exist.")
  var output: String
  @OptionGroup var budget: BudgetOptions
  @OptionGroup var data: DataOptions
  @Option(help: "full: train the weights themselves. lora: train low-rank changes of the layers' matrices.")
  var method = TrainingMethod.full
  @OptionGroup var lowRank: LowRankArguments
  @OptionGroup var selection: SelectionOptions
  @OptionGroup var optimization: OptimizationOptions
  @OptionGroup var saving: SavingArguments
  @OptionGroup var logging: LoggingOptions
  @OptionGroup var compute: ComputeOptions

  mutating func validate() throws {
    guard !text.isEmpty else { throw ValidationError("give at least one --text NAME=FILE") }
    guard budget.budget != nil else { throw ValidationError("give a budget: --tokens, --steps or --minutes") }
    guard evaluationTokens > 0 else { throw ValidationError("--evaluation-tokens must be at least 1") }
    guard heldOut.isEmpty || optimization.evaluateEvery != nil else {
      throw ValidationError("--held-out texts are scored every --evaluate-every steps: give both")
    }
    guard optimization.evaluateEvery == nil || !heldOut.isEmpty else {
      throw ValidationError("--evaluate-every scores --held-out texts: give both")
    }
  }

  /// - Parameters:
  ///   - rate: the highest learning rate, nil for the usual one.
  ///   - usualRate: the usual one of full training.
  func run(checkpoint: URL, part: TrainingJob.Part, rate: Double?, usualRate: Double, label: String) throws {
    let learningRate = rate ?? method.learningRate(full: usualRate)
    guard learningRate > 0 else { throw ValidationError("--learning-rate must be greater than 0") }
    Interruption.listen()
    let configuration = try DecoderConfiguration(Checkpoint(directory: checkpoint).config)
    let texts = try TrainingTexts(
      TextSource.list(arguments: text), checkpoint: checkpoint, vocabulary: configuration.vocabularySize,
      options: data.reading)
    let scored =
      heldOut.isEmpty
      ? nil
      : try TextSet(
        TextSource.list(arguments: heldOut), checkpoint: checkpoint, vocabulary: configuration.vocabularySize,
        textField: data.textField
      ).sample(tokensPerText: evaluationTokens)
    var options = optimization.trainingOptions(budget: budget.budget!, learningRate: learningRate, data)
    try selection.apply(to: &options)
    options.lowRank = method == .lora ? lowRank.options : nil
    var job = TrainingJob(checkpoint: checkpoint, part: part, options: options, device: compute.device)
    job.saving = try saving.options(for: optimization)
    var log = logging.log(nil, job.options)
    var line = ProgressLine()
    let result = try job.run(output: directory(output), texts: texts, heldOut: scored) { progress in
      line.show(label, fraction: progress.fraction, details: progress.details, secondsLeft: progress.secondsLeft)
      if let warning = log?.append(progress.record) { line.finish(warning) }
      if let reason = progress.record.skipped { line.finish("step \(progress.record.step) skipped: \(reason)") }
      for score in progress.record.texts ?? [] {
        line.finish(
          "step \(progress.record.step)  \(score.name) \(String(format: "%.4f", score.bitsPerByte)) bits/byte")
      }
      return !Interruption.isRequested
    }
    if result.wasFinished {
      line.finish("\(label): finished before, nothing to do")
    } else {
      if let earlier = result.resumedFrom { line.finish("\(label): went on after step \(earlier.step)") }
      line.finish("\(label): \(summary(of: result.records))")
    }
    for text in result.texts {
      line.finish(text.line)
      text.warnings.forEach { line.finish("warning: \($0)") }
    }
    print(output)
  }

  private func summary(of records: [StepRecord]) -> String {
    let seconds = records.reduce(0) { $0 + ($1.seconds ?? 0) }
    let tokens = records.last?.tokens ?? 0
    let skipped = records.count { $0.skipped != nil }
    return "\(records.last?.step ?? 0) steps, \(tokens) tokens in \(ProgressLine.clock(seconds)), "
      + "\(Int(Double(tokens) / max(seconds, 1e-9))) tokens/s" + (skipped == 0 ? "" : ", \(skipped) steps skipped")
  }
}
