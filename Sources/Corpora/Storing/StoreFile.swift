import Foundation

/// A file of fixed-width little-endian numbers that grows at its end and is read anywhere.
///
/// It is read and written at given places, not mapped: pages of a mapping count as the process's memory.
///
/// Sendable: the descriptor is set once, and pread and pwrite keep no place.
final class StoreFile: Sendable {
  private let descriptor: Int32
  private let path: String

  /// Opens a file, making it where it is missing.
  /// - Throws: `CorpusError.cannotCache`.
  init(_ url: URL) throws(CorpusError) {
    path = url.path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .cannotCache(path: path, reason: String(cString: strerror(errno))) }
  }

  /// A file without a name in a directory: it is gone with the process, however that ends.
  /// - Throws: `CorpusError.cannotCache`.
  init(namelessIn directory: URL) throws(CorpusError) {
    path = directory.path
    var template = Array(directory.appending(path: "elo-surgeon-XXXXXX").path.utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw .cannotCache(path: path, reason: String(cString: strerror(errno))) }
    unlink(template)
  }

  deinit { close(descriptor) }

  /// Writes numbers behind the first `count` ones.
  /// - Throws: `CorpusError.cannotCache`.
  func append<Number: FixedWidthInteger>(_ numbers: [Number], behind count: Int) throws(CorpusError) {
    let width = MemoryLayout<Number>.size
    let failure = numbers.withUnsafeBytes { buffer -> Int32? in
      var done = 0
      while done < buffer.count {
        let written = pwrite(
          descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(count * width + done))
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { return written < 0 ? errno : ENOSPC }
        done += written
      }
      return nil
    }
    if let failure { throw .cannotCache(path: path, reason: String(cString: strerror(failure))) }
  }

  /// Reads numbers.
  /// - Throws: `CorpusError.damagedCache` when the file ends before.
  func read<Number: FixedWidthInteger>(_ range: Range<Int>) throws(CorpusError) -> [Number] {
    let width = MemoryLayout<Number>.size
    let numbers = [Number](unsafeUninitializedCapacity: range.count) { buffer, count in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      var done = 0
      while done < range.count * width {
        let status = pread(
          descriptor, bytes.baseAddress! + done, range.count * width - done, off_t(range.lowerBound * width + done))
        if status < 0, errno == EINTR { continue }
        guard status > 0 else { break }
        done += status
      }
      count = done / width
    }
    guard numbers.count == range.count else { throw .damagedCache(path: path) }
    return numbers
  }

  /// Has what was written reach the disk.
  /// - Throws: `CorpusError.cannotCache`.
  func flush() throws(CorpusError) {
    guard fsync(descriptor) == 0 else {
      throw .cannotCache(path: path, reason: String(cString: strerror(errno)))
    }
  }
}
