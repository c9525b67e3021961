import Checkpoints
import Foundation

/// Host memory: allocated and owned, or lent by a mapped file that is kept alive.
///
/// `@unchecked Sendable`: the pointer never changes, and the device's operations write disjoint parts from different
/// threads; that two operations do not run at once on one tensor is the caller's order of calls.
final class HostStorage: DeviceStorage, @unchecked Sendable {
  private enum Owner {
    case allocation
    case mapping(UnsafeMutableRawPointer, length: Int)
    case file(MappedFile)
  }

  let pointer: UnsafeMutableRawPointer
  private let owner: Owner

  /// Zeroed memory, aligned for the widest vector loads.
  ///
  /// A block of a huge page or more comes from the system as such pages where it has them (Linux on request). Rows of a
  /// matrix lie in so many pages of 4 KB that the products of a step spent 6 % of their time on finding them.
  init(byteCount: Int) {
    if byteCount >= Self.hugePage, let mapping = Self.map(byteCount) {
      pointer = mapping.aligned
      owner = .mapping(mapping.start, length: mapping.length)
      return
    }
    // calloc would leave alignment to chance.
    pointer = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 64), alignment: 64)
    pointer.initializeMemory(as: UInt8.self, repeating: 0, count: max(byteCount, 64))
    owner = .allocation
  }

  /// A mapped file's bytes.
  ///
  /// They are only ever read: frozen weights are inputs of every operation.
  init(lending file: MappedFile) {
    pointer = UnsafeMutableRawPointer(mutating: file.baseAddress)
    owner = .file(file)
  }

  deinit {
    switch owner {
    case .allocation: pointer.deallocate()
    case .mapping(let start, let length): munmap(start, length)
    case .file: break
    }
  }

  private static let hugePage = 2 << 20

  /// Zeroed pages that begin on a huge page's boundary; nil when the system has none left.
  ///
  /// Nothing is rounded up to a huge page: what is left at the end lies in small ones.
  private static func map(
    _ byteCount: Int
  ) -> (start: UnsafeMutableRawPointer, aligned: UnsafeMutableRawPointer, length: Int)? {
    let length = byteCount + hugePage
    let start = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let start, start != MAP_FAILED else { return nil }
    let aligned = start.alignedUp(toMultipleOf: hugePage)
    #if os(Linux)
      madvise(aligned, byteCount, Int32(MADV_HUGEPAGE))
    #endif
    return (start, aligned, length)
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
