import Checkpoints
import Corpora
import Decoders
import LayerProbe
import LayerTrials
import Tokenizers

/// The trials of `probe`.
extension ProbeCommand {
  /// The documents behind those that are scored; nil without trials.
  ///
  /// Asked for before the scoring: a text that is too short for trials is better refused at once.
  func trialTexts(
    _ sources: [TextSource], behind texts: [ProbeText], vocabulary: Int, _ tokenizer: Tokenizer,
    _ special: SpecialTokens, _ model: Checkpoint
  ) throws -> TrialTexts? {
    guard trialMinutes > 0 else { return nil }
    var options = TokenStore.Options()
    options.textField = textField
    let hash = try tokenizerHash(in: model.directory)
    let stores = try sources.map {
      try TokenStore($0, tokenizer: tokenizer, tokenizerHash: hash, vocabulary: vocabulary, options: options)
    }
    return try TrialTexts(
      stores, scored: texts.map(\.documents.count).max()!, maximumTokens: maxTokens, tokenizer: tokenizer,
      specialTokens: special)
  }

  /// Runs the trials; nil, with a warning, where the time is too short for any.
  func runTrials(
    _ candidates: [TrialResults.Candidate], texts: TrialTexts, _ model: Checkpoint, maximumPositions: Int
  ) throws -> TrialResults? {
    var options = TrialOptions(minutes: trialMinutes)
    options.seed = seed
    options.sequenceLength = min(options.sequenceLength, maximumPositions)
    var line = ProgressLine()
    do {
      let results = try TrialSeries(model, device: compute.device, texts: texts, options: options)
        .run(candidates) { progress in
          line.show("trials", fraction: progress.share, details: progress.label, secondsLeft: nil)
          return !Interruption.isRequested
        }
      line.finish("tried \(results.candidates.count) sets of layers in \(ProgressLine.clock(results.seconds))")
      return results
    } catch let error as TrialError {
      line.finish("warning: no trials: \(error)")
      return nil
    }
  }
}
