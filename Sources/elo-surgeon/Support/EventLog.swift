import ELOTrain
import EventFiles
import Foundation

/// The steps of a training stage as TensorBoard shows them.
///
/// A log that cannot be written is said so once; the training goes on without it.
struct EventLog {
  private let folder: URL
  private let tokensPerStep: Int
  private var file: EventFile?
  private var hasFailed = false

  /// A log in a folder, which TensorBoard calls a run; its file is made with the first step.
  init(_ folder: URL, tokensPerStep: Int) {
    self.folder = folder
    self.tokensPerStep = tokensPerStep
  }

  /// Writes a step.
  /// - Returns: what is to be said when that failed for the first time.
  mutating func append(_ record: StepRecord) -> String? {
    guard !hasFailed else { return nil }
    do {
      let time = Date.now.timeIntervalSince1970
      let file = try file ?? EventFile(in: folder, name: EventFile.currentName())
      if self.file == nil {
        // A run that goes on from a save takes again the steps that came behind it.
        if record.step > 0 { try file.append(Event(time: time, step: record.step, .start)) }
        self.file = file
      }
      try file.append(Event(time: time, step: record.step, .scalars(scalars(of: record))))
      return nil
    } catch {
      hasFailed = true
      return "warning: \(error)"
    }
  }

  private func scalars(of record: StepRecord) -> [Event.Scalar] {
    let numbers = [
      ("loss", record.loss), ("learning_rate", record.learningRate), ("gradient_norm", record.gradientNorm),
      ("tokens_per_second", record.seconds.map { Double(tokensPerStep) / $0 }),
    ]
    return numbers.compactMap { name, value in value.map { Event.Scalar("train/\(name)", $0) } }
      + (record.texts ?? []).map { Event.Scalar("bits_per_byte/\($0.name)", $0.bitsPerByte) }
  }
}
