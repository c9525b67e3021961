import Foundation

/// A new file that is written from front to back, flushed to the disk at the end.
///
/// The file is created with the permissions that the umask allows (some safetensors writers leave 0600).
package struct FileOutput: ~Copyable {
  package let path: String
  let descriptor: CInt
  package private(set) var byteCount = 0
  /// The bytes that the disk was told to write.
  private var flushing = 0

  /// Creates the file.
  /// - Throws: `unwritable` when it exists or cannot be made, `noSpace`.
  package init(creating url: URL, mode: mode_t = 0o666) throws(CheckpointError) {
    path = url.path(percentEncoded: false)
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw writeError(path: path) }
  }

  /// Takes over an open file; for files that cannot be created, such as devices.
  package init(descriptor: CInt, path: String) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Appends bytes.
  /// - Throws: `noSpace`, `unwritable`.
  package mutating func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    var done = 0
    while done < bytes.count {
      let written = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw writeError(path: path) }
      done += written
    }
    byteCount += bytes.count
    startFlushing()
  }

  /// Appends bytes.
  /// - Throws: `noSpace`, `unwritable`.
  package mutating func append(_ bytes: [UInt8]) throws(CheckpointError) {
    // `rethrows` forgets the type of the error, so it travels as a value.
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(CheckpointError) in try append(buffer) }
    }
    try result.get()
  }

  /// Appends a range of another file, inside the kernel where it can.
  /// - Parameter progress: told the bytes of each piece as it is written.
  /// - Throws: `noSpace`, `unwritable`, `unreadable`, and what `progress` throws.
  package mutating func append(_ range: Range<Int>, of file: MappedFile, progress: (Int) throws -> Void) throws {
    var position = off_t(range.lowerBound)
    let end = off_t(range.upperBound)
    while position < end {
      // Pieces keep progress alive and the kernel interruptible.
      let piece = min(Int(end - position), 32 << 20)
      guard let copied = kernelCopy?(file.descriptor, &position, descriptor, nil, piece, 0) else { break }
      if copied > 0 {
        byteCount += copied
        startFlushing()
        try progress(copied)
      } else if copied == 0 {
        throw CheckpointError.unreadable(path: file.url.path(percentEncoded: false), reason: "it became shorter")
      } else if [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EPERM, ETXTBSY].contains(errno) {
        break
      } else if errno != EINTR {
        throw writeError(path: path)
      }
    }
    try file.forEachChunk(in: Int(position)..<range.upperBound) { chunk in
      try append(chunk)
      try progress(chunk.count)
    }
  }

  /// Has the disk write what was appended while more is: else the flush at the end would have all of it to do.
  private mutating func startFlushing() {
    guard byteCount - flushing >= 32 << 20 else { return }
    _ = startWriting?(descriptor, off_t(flushing), off_t(byteCount - flushing), 2)
    flushing = byteCount
  }

  /// Makes this file share the blocks of another, where the file system can.
  /// - Returns: whether it did; nothing is written when it did not.
  package mutating func clone(_ file: MappedFile) -> Bool {
    let cloneRequest: UInt = 0x4004_9409  // FICLONE of linux/fs.h
    guard byteCount == 0, ioctl(descriptor, cloneRequest, file.descriptor) == 0 else { return false }
    byteCount = file.count
    return true
  }

  /// Flushes the file to the disk.
  /// - Throws: `noSpace`, `unwritable`.
  package consuming func finish() throws(CheckpointError) {
    guard fsync(descriptor) == 0 else { throw writeError(path: path) }
  }
}

/// The kernel's file-to-file copy, `copy_file_range(2)`.
///
/// glibc declares it for GNU sources only, so Swift's overlay lacks it and it is looked up.
private let kernelCopy = dlsym(nil, "copy_file_range").map {
  unsafeBitCast(
    $0,
    to: (@convention(c) (
      CInt, UnsafeMutablePointer<off_t>?, CInt, UnsafeMutablePointer<off_t>?, Int, CUnsignedInt
    ) -> Int).self)
}

/// `sync_file_range(2)`, looked up for the same reason; its flag 2 is SYNC_FILE_RANGE_WRITE.
private let startWriting = dlsym(nil, "sync_file_range").map {
  unsafeBitCast($0, to: (@convention(c) (CInt, off_t, off_t, CUnsignedInt) -> CInt).self)
}

/// The error for the failed write that left its code in `errno`.
package func writeError(path: String) -> CheckpointError {
  let code = errno
  if code == ENOSPC || code == EDQUOT {
    return .noSpace(path: path, needed: nil, available: availableBytes(at: URL(filePath: path)) ?? 0)
  }
  return .unwritable(path: path, reason: systemReason(code))
}

/// The free bytes of the file system that holds a path or its nearest existing parent, nil when it cannot be asked.
package func availableBytes(at url: URL) -> Int? {
  var path = url.path(percentEncoded: false)
  var status = statvfs()
  while statvfs(path, &status) != 0 {
    let parent = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    guard errno == ENOENT, parent != path else { return nil }
    path = parent
  }
  return Int(status.f_bavail) * Int(status.f_frsize)
}
