import ArgumentParser
import Checkpoints
import Foundation

/// The progress of a long copy on standard error, and the place where Ctrl-C stops it.
final class Transfer {
  private let label: String
  private let start = ContinuousClock.now
  private var line = ProgressLine()
  private var total = 0

  init(_ label: String) { self.label = label }

  /// Shows a report.
  /// - Throws: the status 130 when the user wants to stop; what is half written is removed then.
  func show(_ progress: TransferProgress) throws {
    if Interruption.isRequested {
      line.finish("\(label): interrupted; run it again to do it")
      throw ExitCode(130)
    }
    total = progress.total
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let rate = Double(progress.completed) / max(seconds, 1e-9)
    line.show(
      label, fraction: Double(progress.completed) / Double(max(progress.total, 1)),
      details: String(format: "%.1f MB/s", rate / 1e6), secondsLeft: Double(progress.total - progress.completed) / rate)
  }

  /// Ends the line with the time it took.
  func finish() {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    line.finish(String(format: "\(label): %.1f MB in %.1f s", Double(total) / 1e6, seconds))
  }

  /// Says that an earlier run had died and left something.
  static func warnOfRemains() { warn("removed the remains of an unfinished run, and did it anew") }

  /// Says something that is no result.
  static func warn(_ text: String) { FileHandle.standardError.write(Data("elo-surgeon: \(text)\n".utf8)) }
}
