import Checkpoints
import Synchronization

/// Collects digests of tensors while they are written.
final class DigestCollector: Sendable {
  private let digests = Mutex<[String: String]>([:])

  /// The digests so far, by the names given.
  var all: [String: String] { digests.withLock { $0 } }

  /// The same content, that leaves its digest here when it is written.
  func content(_ content: TensorContent, name: String) -> TensorContent {
    .bytes(content.dtype, shape: content.shape) { sink in
      var digest = TensorDigest(content.dtype, content.shape)
      try content.produce { bytes in
        digest.update(bytes)
        try sink(bytes)
      }
      let text = digest.finish()
      self.digests.withLock { $0[name] = text }
    }
  }
}
