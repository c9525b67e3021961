import Checkpoints
import Foundation

/// Digests of tensors, made on a second thread while the calling one copies their bytes.
///
/// Neither gets further ahead of the other than `reach` bytes: what one has read is then still in the page cache for
/// the other, and a checkpoint larger than memory comes from the disk once.
final class TandemDigests: @unchecked Sendable {
  // Sendable: `tensors` is immutable, everything else is touched under `condition` only.

  private enum Copying { case goesOn, done, failed }

  private static let reach = 256 << 20
  private let tensors: [(name: String, source: StoredTensor)]
  private let condition = NSCondition()
  private var copied = 0
  private var digested = 0
  private var copying = Copying.goesOn
  private var result: Result<[String: String], any Error>?

  private init(_ tensors: [(name: String, source: StoredTensor)]) { self.tensors = tensors }

  /// Copies and digests at the same time.
  /// - Parameters:
  ///   - tensors: what is copied, in the order in which it is.
  ///   - copy: does the copying, and tells its argument how many bytes of the tensors are copied so far.
  /// - Returns: the digests by the names given.
  /// - Throws: what `copy` throws, and `CheckpointError` when a tensor cannot be read.
  static func digesting(
    _ tensors: [(name: String, source: StoredTensor)], while copy: (_ advance: (Int) -> Void) throws -> Void
  ) throws -> [String: String] {
    let tandem = TandemDigests(tensors)
    Thread.detachNewThread { tandem.run() }
    do { try copy { tandem.advance(to: $0) } } catch {
      tandem.end(.failed)
      throw error
    }
    return try tandem.end(.done).get()
  }

  /// The second thread.
  private func run() {
    let result = Result {
      var digests: [String: String] = [:]
      for (name, source) in tensors {
        var digest = TensorDigest(source.dtype, source.shape)
        try source.forEachChunk { chunk in
          digest.update(chunk)
          try follow(chunk.count)
        }
        digests[name] = digest.finish()
      }
      return digests
    }
    condition.withLock {
      self.result = result
      condition.broadcast()
    }
  }

  /// Counts digested bytes, and waits when the copy is far behind.
  private func follow(_ count: Int) throws {
    try condition.withLock {
      digested += count
      condition.broadcast()
      while copying == .goesOn, digested > copied + Self.reach { condition.wait() }
      if copying == .failed { throw CancellationError() }
    }
  }

  /// Takes note of what is copied, and waits when the digests are far behind.
  private func advance(to count: Int) {
    condition.withLock {
      copied = count
      condition.broadcast()
      while result == nil, copied > digested + Self.reach { condition.wait() }
    }
  }

  /// Waits for the second thread's end.
  @discardableResult private func end(_ state: Copying) -> Result<[String: String], any Error> {
    condition.withLock {
      copying = state
      condition.broadcast()
      while true {
        if let result { return result }
        condition.wait()
      }
    }
  }
}
