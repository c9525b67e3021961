import ArgumentParser
import Corpora
import ELOTrain
import Foundation
import LayerProbe
import ModelSurgery

/// How a failed command ends.
enum Failure {
  /// Prints an error and leaves with its status: 64 for wrong usage, 130 for an interruption, 1 for everything else.
  static func report(_ error: any Error) -> Never {
    switch error {
    case let error as ConfigurationError: leave(64, "\(error)")
    case let error as TrainingError where error.isInterruption: leave(130, "\(error)")
    case let error as TrainingError where error.isWrongUsage: leave(64, "\(error)")
    case let error as ProbeError where error == .interrupted: leave(130, "\(error)")
    case let error as ProbeError where error.isWrongUsage: leave(64, "\(error)")
    case let error as SurgeryError where error.isWrongUsage: leave(64, "\(error)")
    case let error as CorpusError where error.isWrongUsage: leave(64, "\(error)")
    case is ValidationError, is ExitCode, is CleanExit: EloSurgeon.exit(withError: error)
    default:
      // The parser's own errors carry usage and help; anything else is one of ours.
      if EloSurgeon.exitCode(for: error) != .failure { EloSurgeon.exit(withError: error) }
      leave(1, "\(error)")
    }
  }

  private static func leave(_ status: Int32, _ message: String) -> Never {
    FileHandle.standardError.write(Data("elo-surgeon: error: \(message)\n".utf8))
    exit(status)
  }
}
