import Foundation

/// A read-only mapping of a whole file, unmapped when the last reference goes.
///
/// The file's length is taken once, from the opened file. Whoever cuts the file while it is mapped makes reads of the
/// lost pages fail with SIGBUS, as with every mapping.
public final class MappedFile: @unchecked Sendable {
  // Sendable: immutable after init, and the mapped bytes are only ever read.

  /// The path the file was opened by.
  public let url: URL
  /// The file's length in bytes.
  public let count: Int
  /// The first byte, valid as long as this object lives.
  public let baseAddress: UnsafeRawPointer
  /// The open file, for copies that bypass the mapping and so keep resident memory small.
  package let descriptor: CInt

  /// Maps a regular file.
  /// - Throws: `notFound`, `unreadable`.
  public init(_ url: URL) throws(CheckpointError) {
    let path = url.path(percentEncoded: false)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw errno == ENOENT ? .notFound(path: path) : .unreadable(path: path, reason: systemReason())
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .unreadable(path: path, reason: "not a regular file")
    }
    let count = Int(status.st_size)
    if count == 0 {
      // An empty mapping does not exist; any address serves as long as nothing is read from it.
      self.baseAddress = UnsafeRawPointer(bitPattern: 64)!
    } else {
      guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
        let reason = systemReason()
        close(descriptor)
        throw .unreadable(path: path, reason: reason)
      }
      self.baseAddress = UnsafeRawPointer(address)
    }
    self.url = url
    self.count = count
    self.descriptor = descriptor
  }

  deinit {
    if count > 0 { munmap(UnsafeMutableRawPointer(mutating: baseAddress), count) }
    close(descriptor)
  }

  /// Lends the file's bytes.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(UnsafeRawBufferPointer(start: baseAddress, count: count)) }
  }

  /// Reads a range in order through a bounded buffer, without touching the mapping.
  ///
  /// All pieces but the last are 4 MiB, so no element of a tensor is cut; the buffer is aligned to a page.
  /// - Throws: `unreadable` when the file became shorter, and what `body` throws.
  package func forEachChunk(in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: min(max(range.count, 1), 4 << 20), alignment: 4096)
    defer { chunk.deallocate() }
    var position = range.lowerBound
    while position < range.upperBound {
      let wanted = min(chunk.count, range.upperBound - position)
      try read(into: UnsafeMutableRawBufferPointer(rebasing: chunk[..<wanted]), at: position)
      try body(UnsafeRawBufferPointer(rebasing: chunk[..<wanted]))
      position += wanted
    }
  }

  /// Whether a range of this file and one of another hold the same bytes, read through bounded buffers.
  /// - Throws: `unreadable` when a file became shorter.
  package func hasBytes(_ range: Range<Int>, of other: MappedFile, _ otherRange: Range<Int>) throws -> Bool {
    guard range.count == otherRange.count else { return false }
    var areEqual = true
    var position = otherRange.lowerBound
    try forEachChunk(in: range) { own in
      guard areEqual else { return }
      try other.forEachChunk(in: position..<position + own.count) { others in
        areEqual = memcmp(own.baseAddress!, others.baseAddress!, own.count) == 0
      }
      position += own.count
    }
    return areEqual
  }

  /// Fills a buffer from a place in the file, without touching the mapping.
  /// - Throws: `unreadable` when the file became shorter.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int) throws(CheckpointError) {
    var done = 0
    while done < buffer.count {
      let got = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(position + done))
      if got < 0, errno == EINTR { continue }
      guard got > 0 else {
        let reason = got == 0 ? "it became shorter" : systemReason()
        throw .unreadable(path: url.path(percentEncoded: false), reason: reason)
      }
      done += got
    }
  }
}

/// The operating system's word for the last error.
package func systemReason(_ code: CInt = errno) -> String { String(cString: strerror(code)) }
