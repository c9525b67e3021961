import Checkpoints
import Foundation
import JSONText

/// An operation that writes a new checkpoint: everything about it is known, and nothing is written yet.
public protocol WritingPlan: Sendable {
  /// The bytes that the new directory takes, a few more or less for header and config.
  var diskNeeded: Int { get }
  /// The plan as JSON, for `--dry-run`.
  var json: JSONValue { get }
  /// The plan in lines for people, the last one a summary.
  var lines: [String] { get }

  /// Writes the new checkpoint.
  /// - Parameters:
  ///   - destination: must not exist, or be empty; appears complete or not at all.
  ///   - progress: called as bytes arrive; what it throws stops the work and leaves nothing.
  /// - Returns: whether the remains of an earlier, unfinished run were removed first.
  /// - Throws: `CheckpointError` when a source cannot be read or the destination not be written.
  @discardableResult
  func execute(to destination: URL, progress: (TransferProgress) throws -> Void) throws -> Bool
}

extension WritingPlan {
  /// Writes the new checkpoint without reporting progress.
  @discardableResult
  public func execute(to destination: URL) throws -> Bool { try execute(to: destination) { _ in } }

  /// Writes a directory that appears complete or not at all.
  func stage(_ destination: URL, write: (URL) throws -> Void) throws -> Bool {
    let staged = try StagedDirectory(for: destination, byteCount: diskNeeded)
    try write(staged.url)
    let removedStale = staged.removedStale
    try staged.commit()
    return removedStale
  }
}
