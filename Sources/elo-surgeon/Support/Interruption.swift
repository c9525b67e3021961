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
    // A parent may have started this process with the signals blocked, as worker threads of Dispatch do.
    var signals = sigset_t()
    sigemptyset(&signals)
    for signalNumber in [SIGINT, SIGTERM] {
      sigaddset(&signals, signalNumber)
      signal(signalNumber) { number in
        Interruption.requested.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Whether work should stop.
  static var isRequested: Bool { requested.load(ordering: .relaxed) }
}
