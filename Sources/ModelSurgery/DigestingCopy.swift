import Checkpoints
import Foundation

/// Copies tensors and digests the same bytes meanwhile, on a second thread.
///
/// The calling thread reads a piece and writes it while the other one digests it: the source is read once, and on two
/// processors the digests cost no time as long as writing is no faster than SHA-256.
final class DigestingCopy: @unchecked Sendable {
  // Sendable: `buffers` is immutable; their bytes are filled by the copying thread only while no piece in `pieces` has
  // them, and everything else is touched under `condition` only.

  private struct Piece {
    let buffer: Int
    let count: Int
    let name: String
    let tensor: StoredTensor
    let isLast: Bool
  }

  /// As long as a chunk: few calls to the kernel, and still within the processor's cache for the digest.
  private static let bufferBytes = 1 << 20
  private let buffers: [UnsafeMutableRawBufferPointer]
  private let condition = NSCondition()
  private var free: [Int]
  private var pieces: [Piece] = []
  private var isDone = false
  private var digests: [String: String]?

  private init() {
    buffers = (0..<16).map { _ in .allocate(byteCount: Self.bufferBytes, alignment: 4096) }
    free = Array(buffers.indices)
  }

  deinit { for buffer in buffers { buffer.deallocate() } }

  /// Runs `copy`, which writes the contents that the given object makes.
  /// - Returns: the digests of all tensors written, by the names given.
  /// - Throws: what `copy` throws.
  static func digesting(_ copy: (DigestingCopy) throws -> Void) throws -> [String: String] {
    let copying = DigestingCopy()
    Thread.detachNewThread { copying.run() }
    defer { copying.end() }
    try copy(copying)
    return copying.end()
  }

  /// The content of a tensor, that leaves its digest when it is written.
  func content(of tensor: StoredTensor, name: String) -> TensorContent {
    .bytes(tensor.dtype, shape: tensor.shape) { sink in
      var position = tensor.byteRange.lowerBound
      repeat {
        let buffer = self.takeBuffer()
        let count = min(Self.bufferBytes, tensor.byteRange.upperBound - position)
        let bytes = UnsafeMutableRawBufferPointer(rebasing: self.buffers[buffer][..<count])
        try tensor.file.read(into: bytes, at: position)
        position += count
        self.hand(
          Piece(
            buffer: buffer, count: count, name: name, tensor: tensor, isLast: position == tensor.byteRange.upperBound))
        // A buffer is filled again by this thread only, so nobody changes it while it is written.
        try sink(UnsafeRawBufferPointer(bytes))
      } while position < tensor.byteRange.upperBound
    }
  }

  private func takeBuffer() -> Int {
    condition.withLock {
      while free.isEmpty { condition.wait() }
      return free.removeLast()
    }
  }

  private func hand(_ piece: Piece) {
    condition.withLock {
      pieces.append(piece)
      condition.broadcast()
    }
  }

  /// The second thread.
  private func run() {
    var digests: [String: String] = [:]
    var digest: TensorDigest?
    while let piece = nextPiece() {
      var current = digest ?? TensorDigest(piece.tensor.dtype, piece.tensor.shape)
      current.update(UnsafeRawBufferPointer(rebasing: buffers[piece.buffer][..<piece.count]))
      condition.withLock {
        free.append(piece.buffer)
        condition.broadcast()
      }
      if piece.isLast {
        digests[piece.name] = current.finish()
        digest = nil
      } else {
        digest = current
      }
    }
    condition.withLock {
      self.digests = digests
      condition.broadcast()
    }
  }

  private func nextPiece() -> Piece? {
    condition.withLock {
      while pieces.isEmpty, !isDone { condition.wait() }
      return pieces.isEmpty ? nil : pieces.removeFirst()
    }
  }

  /// Waits until what was handed over is digested.
  @discardableResult private func end() -> [String: String] {
    condition.withLock {
      isDone = true
      condition.broadcast()
      while true {
        if let digests { return digests }
        condition.wait()
      }
    }
  }
}
