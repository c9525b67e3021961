import Checkpoints

/// Host memory: allocated and owned, or lent by a mapped file that is kept alive.
///
/// `@unchecked Sendable`: the pointer never changes, and the device's operations write disjoint parts from different
/// threads; that two operations do not run at once on one tensor is the caller's order of calls.
final class HostStorage: DeviceStorage, @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  private let owner: MappedFile?

  /// Zeroed memory, aligned for the widest vector loads.
  init(byteCount: Int) {
    // calloc would leave alignment to chance; large blocks come zeroed from the system either way.
    pointer = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 64), alignment: 64)
    pointer.initializeMemory(as: UInt8.self, repeating: 0, count: max(byteCount, 64))
    owner = nil
  }

  /// A mapped file's bytes.
  ///
  /// They are only ever read: frozen weights are inputs of every operation.
  init(lending file: MappedFile) {
    pointer = UnsafeMutableRawPointer(mutating: file.baseAddress)
    owner = file
  }

  deinit {
    if owner == nil { pointer.deallocate() }
  }
}

extension Tensor {
  /// The first element, whatever its type.
  var rawPointer: UnsafeMutableRawPointer {
    unsafeDowncast(storage, to: HostStorage.self).pointer + offset * elementType.byteWidth
  }

  /// The elements of an f32 tensor.
  var floats: UnsafeMutablePointer<Float> {
    precondition(elementType == .f32, "an f32 tensor was expected, not \(elementType)")
    return rawPointer.assumingMemoryBound(to: Float.self)
  }

  /// The elements of an integer tensor.
  var integers: UnsafeMutablePointer<Int32> {
    precondition(elementType == .i32, "an i32 tensor was expected, not \(elementType)")
    return rawPointer.assumingMemoryBound(to: Int32.self)
  }
}
