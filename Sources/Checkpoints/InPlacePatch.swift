import Foundation
import JSONText

/// Changing the bytes of some tensors of a checkpoint where it lies, without a moment in which a crash loses it.
///
/// The old bytes go into a journal beside the weights first, flushed and given its name by a rename; then the new bytes
/// are written over the old ones, flushed and checked; then the journal is removed. While a journal is there the
/// checkpoint does not open, and `rollBack` gives the old state back.
///
/// Journal: `ELOUNDO1`, the length of a JSON header as 8 bytes little-endian, the header (`ranges`: file, offset,
/// count), then the old bytes of all ranges one behind the other.
public enum InPlacePatch {
  static let journalName = ".elo-surgeon.journal"
  static let unfinishedJournalName = ".elo-surgeon.journal.new"
  private static let magic = Array("ELOUNDO1".utf8)

  /// Whether a patch of a directory began and did not end.
  public static func isUnfinished(in directory: URL) -> Bool {
    FileManager.default.fileExists(atPath: directory.appending(path: journalName).path(percentEncoded: false))
  }

  /// Gives a directory the state back that it had before an unfinished patch.
  /// - Returns: whether there was one.
  /// - Throws: `CheckpointError`; the journal stays then.
  @discardableResult
  public static func rollBack(in directory: URL) throws -> Bool {
    guard isUnfinished(in: directory) else { return false }
    let lock = try DirectoryLock(directory)
    defer { withExtendedLifetime(lock) {} }
    try restore(directory)
    return true
  }

  /// Replaces the bytes of tensors.
  /// - Parameters:
  ///   - contents: new content by name, of the stored type and shape; it may be made from the tensor's old bytes in
  ///     the same order.
  ///   - checkpoint: its files must be no links and have one name each.
  ///   - progress: called as bytes are written; when it throws, everything is rolled back.
  ///   - verify: called when all bytes are on the disk; when it throws, everything is rolled back.
  /// - Throws: `notPatchable`, `contentMismatch`, `destinationBusy`, `noSpace`, `unwritable`, and what the closures
  ///   throw; the old state is back then.
  public static func apply(
    _ contents: [String: TensorContent], to checkpoint: Checkpoint, progress: (TransferProgress) throws -> Void,
    verify: () throws -> Void
  ) throws {
    guard !contents.isEmpty else { return try verify() }
    let tensors = try contents.keys.map { try checkpoint.tensor($0) }
      .sorted { ($0.file.url.path, $0.byteRange.lowerBound) < ($1.file.url.path, $1.byteRange.lowerBound) }
    for tensor in tensors {
      let content = contents[tensor.name]!
      guard content.dtype == tensor.dtype, content.shape == tensor.shape else {
        throw CheckpointError.contentMismatch(
          tensor: tensor.name, expected: tensor.kind, found: "\(content.dtype) \(content.shape)")
      }
    }
    let directory = checkpoint.directory
    let lock = try DirectoryLock(directory)
    defer { withExtendedLifetime(lock) {} }
    var files: [URL: PatchedFile] = [:]
    for url in Set(tensors.map(\.file.url)) { files[url] = try PatchedFile(url) }

    let total = tensors.reduce(0) { $0 + $1.byteCount }
    try writeJournal(tensors, in: directory)
    do {
      var completed = 0
      for tensor in tensors {
        let file = files[tensor.file.url]!
        var position = tensor.byteRange.lowerBound
        try contents[tensor.name]!.produce { piece in
          guard position + piece.count <= tensor.byteRange.upperBound else {
            throw CheckpointError.contentMismatch(
              tensor: tensor.name, expected: "\(tensor.byteCount) bytes", found: "more")
          }
          try file.write(piece, at: position)
          position += piece.count
          completed += piece.count
          try progress(TransferProgress(completed: completed, total: total))
        }
        guard position == tensor.byteRange.upperBound else {
          throw CheckpointError.contentMismatch(
            tensor: tensor.name, expected: "\(tensor.byteCount) bytes",
            found: "\(position - tensor.byteRange.lowerBound) bytes")
        }
      }
      for file in files.values { try file.flush() }
      try verify()
    } catch {
      try restore(directory)
      throw error
    }
    try removeJournal(in: directory)
  }

  private static func writeJournal(_ tensors: [StoredTensor], in directory: URL) throws {
    let unfinished = directory.appending(path: unfinishedJournalName)
    unlink(unfinished.path(percentEncoded: false))
    let ranges = tensors.map {
      """
      {"file": \($0.file.url.lastPathComponent.jsonSpelling), "offset": \($0.byteRange.lowerBound), \
      "count": \($0.byteCount)}
      """
    }
    let header = Array("{\"ranges\": [\(ranges.joined(separator: ", "))]}".utf8)
    do {
      var output = try FileOutput(creating: unfinished)
      try output.append(magic)
      try output.appendHeader(header)
      for tensor in tensors { try output.append(tensor.byteRange, of: tensor.file) { _ in } }
      try output.finish()
    } catch {
      unlink(unfinished.path(percentEncoded: false))
      throw error
    }
    let journal = directory.appending(path: journalName).path(percentEncoded: false)
    guard rename(unfinished.path(percentEncoded: false), journal) == 0 else { throw writeError(path: journal) }
    try synchronize(directory)
  }

  private static func restore(_ directory: URL) throws {
    let journal = try MappedFile(directory.appending(path: journalName))
    let path = journal.url.path(percentEncoded: false)
    func broken() -> CheckpointError { .unreadable(path: path, reason: "it is no journal of an in-place patch") }
    let (header, start) = try journal.withUnsafeBytes { bytes -> (JSONText, Int) in
      guard bytes.count >= 16, bytes.prefix(8).elementsEqual(magic) else { throw broken() }
      let length = Int(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
      guard length >= 0, length <= bytes.count - 16, let json = try? JSONText(Array(bytes[16..<16 + length])) else {
        throw broken()
      }
      return (json, 16 + length)
    }
    var position = start
    var files: [String: PatchedFile] = [:]
    for range in header.root["ranges"]?.elements ?? [] {
      guard let name = range["file"]?.string, !name.contains("/"), let offset = range["offset"]?.int, offset >= 0,
        let count = range["count"]?.int, count >= 0, position + count <= journal.count
      else { throw broken() }
      let file = try files[name] ?? PatchedFile(directory.appending(path: name))
      files[name] = file
      var target = offset
      try journal.forEachChunk(in: position..<position + count) { chunk in
        try file.write(chunk, at: target)
        target += chunk.count
      }
      position += count
    }
    for file in files.values { try file.flush() }
    try removeJournal(in: directory)
  }

  private static func removeJournal(in directory: URL) throws(CheckpointError) {
    let path = directory.appending(path: journalName).path(percentEncoded: false)
    guard unlink(path) == 0 else { throw writeError(path: path) }
    try synchronize(directory)
  }
}

/// A file whose bytes are overwritten.
private final class PatchedFile {
  private let path: String
  private let descriptor: CInt

  /// - Throws: `notPatchable` for links and files with several names, `unwritable`.
  init(_ url: URL) throws(CheckpointError) {
    path = url.path(percentEncoded: false)
    var status = stat()
    guard lstat(path, &status) == 0 else { throw .notFound(path: path) }
    guard status.st_mode & S_IFMT != S_IFLNK else { throw .notPatchable(path: path, .symbolicLink) }
    guard status.st_nlink == 1 else { throw .notPatchable(path: path, .hardLinks(Int(status.st_nlink))) }
    descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw writeError(path: path) }
  }

  deinit { close(descriptor) }

  func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(CheckpointError) {
    var done = 0
    while done < bytes.count {
      let written = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(position + done))
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw writeError(path: path) }
      done += written
    }
  }

  func flush() throws(CheckpointError) {
    guard fsync(descriptor) == 0 else { throw writeError(path: path) }
  }
}

/// A lock on a directory that the kernel drops with its process.
private final class DirectoryLock {
  private let descriptor: CInt

  /// - Throws: `destinationBusy` when another process holds it.
  init(_ directory: URL) throws(CheckpointError) {
    let path = directory.path(percentEncoded: false)
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .destinationBusy(path: path) }
  }

  deinit { close(descriptor) }
}

extension TensorContent {
  /// Hands the bytes in order to a closure.
  package func produce(_ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
    switch self {
    case .mapped(let tensor): try tensor.forEachChunk(sink)
    case .bytes(_, _, let produce): try produce(sink)
    }
  }
}
