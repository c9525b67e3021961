import Foundation
import Synchronization

/// Ctrl-C and a polite kill as a question that long work asks between steps.
///
/// The first signal sets a flag, so that work stops at a safe place and cleans up; the second one ends the process as
/// usual.
enum Interruption {
  private static let requested = Atomic(false)

  /// Starts to listen.
  static func listen() {
    for signalNumber in [SIGINT, SIGTERM] {
      signal(signalNumber) { number in
        Interruption.requested.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
  }

  /// Whether work should stop.
  static var isRequested: Bool { requested.load(ordering: .relaxed) }
}
