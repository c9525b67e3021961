import Foundation

/// How the documents lie in a file, told by the end of its name in any case.
enum FileKind: Sendable, Hashable {
  /// `.jsonl`: one JSON object per line.
  case jsonLines
  /// `.txt`: the file is one document.
  case plainText

  static let spelledOut = ".jsonl or .txt file (also .gz or .zst)"
}

/// A file with documents in it.
struct TextFile: Sendable, Hashable {
  /// Where the file is.
  let url: URL
  let kind: FileKind
  let compression: CompressionFormat?

  /// A file, its kind told by its name: `.jsonl` or `.txt`, bare or followed by `.gz` or `.zst`.
  /// - Throws: `CorpusError.unsupportedFile`.
  init(_ url: URL) throws(CorpusError) {
    var name = url.lastPathComponent.lowercased()[...]
    let compressions: [(String, CompressionFormat)] = [(".gz", .gzip), (".zst", .zstd)]
    var compression: CompressionFormat?
    for (suffix, format) in compressions where name.hasSuffix(suffix) {
      compression = format
      name = name.dropLast(suffix.count)
    }
    if name.hasSuffix(".jsonl") {
      self.kind = .jsonLines
    } else if name.hasSuffix(".txt") {
      self.kind = .plainText
    } else {
      throw .unsupportedFile(file: url.path)
    }
    self.url = url
    self.compression = compression
  }

  /// The files that a path stands for, as `TextSource.files()` documents.
  static func find(_ path: String) throws(CorpusError) -> [TextFile] {
    switch entry(at: path) {
    case .file: return [try TextFile(URL(filePath: path))]
    case .directory: return try sorted(below(path, inside: []), for: path)
    case nil: break
    }
    var found: [String] = []
    for match in matches(of: path) {
      switch entry(at: match) {
      case .file: found.append(match)
      case .directory: found += try below(match, inside: [])
      case nil: break
      }
    }
    return try sorted(found, for: path)
  }

  private enum Entry { case file, directory }

  private static func entry(at path: String) -> Entry? {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { return nil }
    return isDirectory.boolValue ? .directory : .file
  }

  private static func below(_ directory: String, inside ancestors: [String]) throws(CorpusError) -> [String] {
    // A link to a directory that holds it would otherwise be followed for ever.
    let resolved = URL(filePath: directory).resolvingSymlinksInPath().path
    guard !ancestors.contains(resolved) else { return [] }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: directory)
    } catch {
      throw .unreadable(file: directory, reason: (error as NSError).localizedDescription)
    }
    var found: [String] = []
    for name in names where !name.hasPrefix(".") {
      let path = directory.hasSuffix("/") ? directory + name : directory + "/" + name
      switch entry(at: path) {
      case .file: found.append(path)
      case .directory: found += try below(path, inside: ancestors + [resolved])
      case nil: break
      }
    }
    return found
  }

  private static func sorted(_ paths: [String], for path: String) throws(CorpusError) -> [TextFile] {
    let ordered = Set(paths).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let files = ordered.compactMap { try? TextFile(URL(filePath: $0)) }
    guard !files.isEmpty else { throw .nothingFound(path: path) }
    return files
  }

  private static func matches(of pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, 0, nil, &result) == 0 else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { result.gl_pathv[$0].map { String(cString: $0) } }
  }
}
