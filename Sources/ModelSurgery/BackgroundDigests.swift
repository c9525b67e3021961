import Checkpoints
import Foundation

/// Digests of tensors, made on a thread of their own while the caller reads others.
final class BackgroundDigests: @unchecked Sendable {
  // Sendable: `tensors` is immutable, everything else is touched under `condition` only.
  private let tensors: [StoredTensor]
  private let condition = NSCondition()
  private var isCancelled = false
  private var result: Result<[String: String], any Error>?

  /// Starts.
  init(of tensors: [StoredTensor]) {
    self.tensors = tensors
    Thread.detachNewThread { self.run() }
  }

  private func run() {
    let result = Result {
      var digests: [String: String] = [:]
      for tensor in tensors {
        var digest = TensorDigest(tensor.dtype, tensor.shape)
        try tensor.forEachChunk { chunk in
          if condition.withLock({ isCancelled }) { throw CancellationError() }
          digest.update(chunk)
        }
        digests[tensor.name] = digest.finish()
      }
      return digests
    }
    condition.withLock {
      self.result = result
      condition.broadcast()
    }
  }

  /// Tells the thread that nobody waits for it any more.
  func cancel() { condition.withLock { isCancelled = true } }

  /// Waits for the digests, by the tensors' names.
  /// - Throws: `CheckpointError` when a tensor cannot be read.
  func finish() throws -> [String: String] {
    try condition.withLock {
      while true {
        if let result { return try result.get() }
        condition.wait()
      }
    }
  }
}
