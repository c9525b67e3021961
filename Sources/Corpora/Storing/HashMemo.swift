import Foundation

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
