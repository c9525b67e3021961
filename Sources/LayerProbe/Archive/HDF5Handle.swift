import CHDF5
import Foundation

/// Access to the HDF5 library, which is not safe to enter from two threads.
enum HDF5Access {
  private static let lock = NSLock()

  /// Runs `body` while nobody else is inside the library; HDF5's own printing of errors is off.
  static func exclusively<Value>(_ body: () throws(ProbeError) -> Value) throws(ProbeError) -> Value {
    lock.lock()
    defer { lock.unlock() }
    _ = H5open()
    _ = H5Eset_auto2(0, nil, nil)
    return try body()
  }
}

/// An open HDF5 object, closed at the end of its life.
struct HDF5Handle: ~Copyable {
  let id: hid_t
  private let close: (hid_t) -> herr_t

  /// Takes an identifier that a routine gave.
  /// - Throws: `ProbeError.archive` for an invalid one.
  init(
    _ id: hid_t, file: String, routine: String, object: String, close: @escaping (hid_t) -> herr_t
  ) throws(ProbeError) {
    guard id >= 0 else { throw .archive(file: file, routine: routine, object: object) }
    self.id = id
    self.close = close
  }

  deinit { _ = close(id) }
}
