import CGSL

/// Calls into the GNU Scientific Library with its statuses as errors.
///
/// Left to itself the library calls `abort` on an error, so its handler is switched off before the first call.
enum GSLCalls {
  private static let handlerIsOff: Void = { _ = gsl_set_error_handler_off() }()

  /// Switches the aborting handler off, once in the process.
  static func prepare() { handlerIsOff }

  /// Throws when a routine reports anything but success.
  static func check(_ status: Int32, _ routine: String) throws(ProbeError) {
    guard status != 0 else { return }
    throw .statistics(routine: routine, message: String(cString: gsl_strerror(status)))
  }
}
