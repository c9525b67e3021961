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

/// The hashes of files that were hashed before, in a cache's `hashes.json`: a file with the stamp of then is not read
/// again.
struct HashMemo {
  private struct Entry: Codable {
    var stamp: FileStamp
    var sha256: String
  }

  private let url: URL

  init(in cache: URL) { url = cache.appending(path: "hashes.json") }

  /// SHA-256 of all that the files of a text hold, in hexadecimal.
  /// - Throws: `CorpusError.unreadable`, `.cannotCache`.
  func hash(_ files: [URL]) throws(CorpusError) -> String {
    var entries: [String: Entry] = [:]
    if let bytes = FileManager.default.contents(atPath: url.path) {
      // A memo that cannot be read is made anew.
      entries = (try? JSONDecoder().decode([String: Entry].self, from: bytes)) ?? [:]
    }
    var hashes: [String] = []
    var isChanged = false
    for file in files {
      let path = file.resolvingSymlinksInPath().path
      let stamp = try FileStamp(file)
      if entries[path]?.stamp != stamp {
        entries[path] = Entry(stamp: stamp, sha256: try ContentHash.whole(file))
        isChanged = true
      }
      hashes.append("\(try ContentHash.kind(of: file)) \(entries[path]!.sha256)")
    }
    if isChanged {
      do {
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try JSONEncoder().encode(entries).write(to: url, options: .atomic)
      } catch {
        throw .cannotCache(path: url.path, reason: error.localizedDescription)
      }
    }
    return ContentHash.text(of: hashes)
  }
}
