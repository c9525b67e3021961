import Foundation

/// The sibling `NAME.partial` of a destination, in which long work keeps what it needs to go on after its process died.
///
/// Unlike a `StagedDirectory` it stays until `remove()`. A lock on the directory itself, which the kernel drops with its
/// process, keeps two runs from working in it at once.
///
/// Sendable: everything is set once, and the file descriptor only holds the lock.
public final class WorkDirectory: Sendable {
  /// Where to work.
  public let url: URL
  /// What the work is for.
  public let destination: URL
  /// Whether the directory was there before.
  public let existed: Bool
  private let descriptor: CInt

  /// Opens the work directory of a destination, making it where it is missing.
  /// - Parameter destination: must not exist, or be an empty directory.
  /// - Throws: `destinationExists`, `destinationBusy`, `noSpace`, `unwritable`.
  public init(for destination: URL) throws(CheckpointError) {
    let (target, work) = try StagedDirectory.paths(for: destination, .partial)
    try StagedDirectory.requireAbsentOrEmpty(target)
    (descriptor, existed) = try StagedDirectory.lockedDirectory(work, destination: target)
    url = work
    self.destination = target
  }

  deinit { close(descriptor) }

  /// Removes the directory with everything in it.
  /// - Throws: `unwritable`.
  public func remove() throws(CheckpointError) { try Self.removeTree(url) }

  /// Removes everything in the directory.
  /// - Throws: `unwritable`.
  public func clear() throws(CheckpointError) {
    let path = url.path(percentEncoded: false)
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      throw .unwritable(path: path, reason: "its contents cannot be listed")
    }
    for name in names { try Self.removeTree(url.appending(path: name)) }
  }

  /// Removes the work directory of a destination that is complete: what a process left that was killed between
  /// completing the one and removing the other.
  /// - Throws: `unwritable`.
  public static func removeRemains(of destination: URL) throws(CheckpointError) {
    let work = try StagedDirectory.paths(for: destination, .partial).staging
    if FileManager.default.fileExists(atPath: work.path(percentEncoded: false)) { try removeTree(work) }
  }

  private static func removeTree(_ url: URL) throws(CheckpointError) {
    do { try FileManager.default.removeItem(at: url) } catch {
      throw .unwritable(path: url.path(percentEncoded: false), reason: "it resists removal")
    }
  }
}

/// Gives a finished directory its name: where there is an empty directory already, in its place.
/// - Throws: `destinationExists`, `noSpace`, `unwritable`.
package func renameDirectory(_ directory: URL, to destination: URL) throws(CheckpointError) {
  let path = destination.path(percentEncoded: false)
  // rename(2) replaces an empty directory and fails on a full one.
  guard rename(directory.path(percentEncoded: false), path) == 0 else {
    throw errno == ENOTEMPTY || errno == EEXIST ? .destinationExists(path: path) : writeError(path: path)
  }
  try synchronize(destination.deletingLastPathComponent())
}
