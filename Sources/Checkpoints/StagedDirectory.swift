import Foundation

/// A directory that appears complete or not at all.
///
/// Everything is written into a sibling of the destination, the hidden `.NAME.staging` or, where people follow long work,
/// `NAME.partial`, which one rename turns into the destination after all files are flushed. A lock on the staging directory itself, which the kernel drops with its
/// process, tells a running writer from the remains of a dead one: remains are removed by the next writer.
public struct StagedDirectory: ~Copyable {
  /// How the sibling is called while it is not complete.
  public enum Naming: Sendable {
    /// `.NAME.staging`.
    case hidden
    /// `NAME.partial`.
    case partial
  }

  /// Where to write.
  public let url: URL
  /// What the directory becomes.
  public let destination: URL
  /// Whether the remains of a writer that had died were removed.
  public let removedStale: Bool
  private let descriptor: CInt

  /// Makes the staging directory of a destination.
  /// - Parameters:
  ///   - destination: must not exist, or be an empty directory.
  ///   - byteCount: what will be written, nil when it is not known; refused at once where the disk has less.
  ///   - naming: how the sibling is called meanwhile.
  /// - Throws: `destinationExists`, `destinationBusy`, `noSpace`, `unwritable`.
  public init(for destination: URL, byteCount: Int? = nil, naming: Naming = .hidden) throws(CheckpointError) {
    let (target, staging) = try Self.paths(for: destination, naming)
    try Self.requireAbsentOrEmpty(target)
    if let byteCount, let available = availableBytes(at: staging), available < byteCount {
      throw .noSpace(path: target.path(percentEncoded: false), needed: byteCount, available: available)
    }
    let (descriptor, existed) = try Self.lockedDirectory(staging, destination: target)
    if existed {
      do {
        for name in try FileManager.default.contentsOfDirectory(atPath: staging.path(percentEncoded: false)) {
          try FileManager.default.removeItem(at: staging.appending(path: name))
        }
      } catch {
        close(descriptor)
        throw .unwritable(path: staging.path(percentEncoded: false), reason: "remains of an earlier run resist removal")
      }
    }
    url = staging
    self.destination = target
    self.descriptor = descriptor
    removedStale = existed
  }

  /// Resolves the destination and names its staging directory.
  static func paths(
    for destination: URL, _ naming: Naming
  ) throws(CheckpointError) -> (target: URL, staging: URL) {
    let target = destination.absoluteURL.standardizedFileURL.resolvingSymlinksInPath()
    let parent = target.deletingLastPathComponent()
    do { try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true) } catch {
      throw .unwritable(path: parent.path(percentEncoded: false), reason: "the directory cannot be made")
    }
    let name = target.lastPathComponent
    return (target, parent.appending(path: naming == .hidden ? ".\(name).staging" : "\(name).partial"))
  }

  static func requireAbsentOrEmpty(_ target: URL) throws(CheckpointError) {
    let path = target.path(percentEncoded: false)
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    let contents = try? FileManager.default.contentsOfDirectory(atPath: path)
    guard contents?.isEmpty == true else { throw .destinationExists(path: path) }
  }

  /// Opens and locks the staging directory, making it where it is missing.
  static func lockedDirectory(
    _ staging: URL, destination: URL
  ) throws(CheckpointError) -> (descriptor: CInt, existed: Bool) {
    let path = staging.path(percentEncoded: false)
    while true {
      let made = mkdir(path, 0o777) == 0
      guard made || errno == EEXIST else { throw writeError(path: path) }
      let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else {
        if errno == ENOENT { continue }
        throw writeError(path: path)
      }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        close(descriptor)
        throw .destinationBusy(path: destination.path(percentEncoded: false))
      }
      // Between mkdir and lock another process may have removed or renamed the directory: then the lock is worthless.
      var opened = stat()
      var named = stat()
      if fstat(descriptor, &opened) == 0, stat(path, &named) == 0, opened.st_ino == named.st_ino {
        do { try requireAbsentOrEmpty(destination) } catch {
          close(descriptor)
          throw error
        }
        return (descriptor, !made)
      }
      close(descriptor)
    }
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
    close(descriptor)
  }

  /// Flushes everything that was written and gives the directory its name.
  /// - Throws: `noSpace`, `unwritable`; the staging directory is removed then.
  public consuming func commit() throws(CheckpointError) {
    try synchronizeTree(url)
    try renameDirectory(url, to: destination)
  }
}

/// Flushes one file or directory to the disk.
package func synchronize(_ url: URL) throws(CheckpointError) {
  let path = url.path(percentEncoded: false)
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw writeError(path: path) }
  defer { close(descriptor) }
  // Some file systems cannot flush a directory and say EINVAL; there is nothing to be done there.
  guard fsync(descriptor) == 0 || errno == EINVAL else { throw writeError(path: path) }
}

/// Flushes every file and directory below a directory, and the directory itself.
private func synchronizeTree(_ directory: URL) throws(CheckpointError) {
  let names: [String]
  do { names = try FileManager.default.subpathsOfDirectory(atPath: directory.path(percentEncoded: false)) } catch {
    throw .unwritable(path: directory.path(percentEncoded: false), reason: "its contents cannot be listed")
  }
  for name in names { try synchronize(directory.appending(path: name)) }
  try synchronize(directory)
}
