import Foundation

/// What tells that a file was not written to.
struct FileStamp: Codable, Sendable, Hashable {
  let size: Int
  let inode: UInt64
  /// Nanoseconds since 1970.
  let modified: Int

  /// - Throws: `CorpusError.unreadable`.
  init(_ file: URL) throws(CorpusError) {
    var status = stat()
    guard stat(file.path, &status) == 0 else {
      throw .unreadable(file: file.path, reason: String(cString: strerror(errno)))
    }
    size = Int(status.st_size)
    inode = UInt64(status.st_ino)
    modified = Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec)
  }
}
