import Foundation

/// Why training or evaluation stopped.
public enum TrainingError: Error, Sendable, Equatable {
  /// Something became NaN or infinite.
  case notFinite(String)
  /// The user asked to stop.
  case interrupted
  /// A sequence is longer than the model was made for.
  case sequenceTooLong(length: Int, limit: Int)
  /// A step cannot be split as asked.
  case badAccumulation(batchSize: Int, accumulate: Int)
  /// Text that training or evaluation needs is not there.
  case missingText(String)
  /// The tokenizer gives an id that the model has no embedding for.
  case tokenOutsideVocabulary(text: String, id: UInt32, vocabulary: Int)
  /// A file of a detached checkpoint is damaged or belongs elsewhere.
  case badBridgeFile(URL, problem: String)
  /// The checkpoint was not made by `detach`.
  case notDetached(URL)
  /// A file could not be written.
  case cannotWrite(URL, problem: String)
}

extension TrainingError: CustomStringConvertible {
  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .notFinite(let what):
      "\(what) is NaN or infinite: lower --learning-rate, or check the checkpoint with `elo-surgeon verify`"
    case .interrupted:
      "interrupted: nothing was written to the output; run the same command to start again"
    case .sequenceTooLong(let length, let limit):
      "sequences of \(length) tokens, but the model was made for \(limit): lower --sequence-length or --context"
    case .badAccumulation(let batchSize, let accumulate):
      "--batch-size \(batchSize) cannot be split into --accumulate \(accumulate) equal parts: choose a divisor"
    case .missingText(let what):
      "\(what): give text that holds some"
    case .tokenOutsideVocabulary(let text, let id, let vocabulary):
      "text \(text) holds token \(id), but the model's embedding has \(vocabulary) rows: tokenizer.json belongs to "
        + "another model"
    case .badBridgeFile(let file, let problem):
      "\(file.path): \(problem); fit the bridge again with `elo-surgeon bridge`, or pass --bridge none"
    case .notDetached(let directory):
      "\(directory.path) has no surgery.json: it was not made by `elo-surgeon detach`; use `align` to train a whole model"
    case .cannotWrite(let file, let problem):
      "cannot write \(file.path): \(problem); free space or choose another --output"
    }
  }
}
