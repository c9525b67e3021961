import Checkpoints
import Crypto
import Foundation

/// SHA-256 of a tensor: of its type, its shape and its bytes.
///
/// The digest is that of the text `BF16 [576, 192]` and a line feed, followed by the bytes; sampled digests take the
/// text `BF16 [576, 192] sampled` and only the first, the middle and the last 4096 bytes.
struct TensorDigest {
  private var hash = SHA256()

  init(_ dtype: DType, _ shape: [Int], isSampled: Bool = false) {
    hash.update(data: Array("\(dtype) \(shape)\(isSampled ? " sampled" : "")\n".utf8))
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

  /// The digest in lower-case hexadecimal digits.
  consuming func finish() -> String { hexadecimal(hash.finalize()) }

  /// The digest of all of a tensor's bytes.
  static func full(_ tensor: StoredTensor) throws -> String {
    var digest = TensorDigest(tensor.dtype, tensor.shape)
    try tensor.forEachChunk { digest.update($0) }
    return digest.finish()
  }

  /// The digest of three blocks of a tensor's bytes, or of all when there are no more.
  static func sampled(_ tensor: StoredTensor) throws -> String {
    let block = 4096
    var digest = TensorDigest(tensor.dtype, tensor.shape, isSampled: true)
    let range = tensor.byteRange
    if range.count <= 3 * block {
      try tensor.forEachChunk { digest.update($0) }
    } else {
      for start in [range.lowerBound, range.lowerBound + (range.count - block) / 2, range.upperBound - block] {
        try tensor.file.forEachChunk(in: start..<start + block) { digest.update($0) }
      }
    }
    return digest.finish()
  }
}

/// SHA-256 of some bytes in hexadecimal digits.
func sha256(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

/// SHA-256 of a whole file in hexadecimal digits, read through a bounded buffer.
/// - Throws: `CheckpointError.unreadable`.
package func sha256(of file: MappedFile) throws -> String {
  var hash = SHA256()
  try file.forEachChunk(in: 0..<file.count) { hash.update(bufferPointer: $0) }
  return hexadecimal(hash.finalize())
}

private func hexadecimal(_ digest: SHA256.Digest) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for byte in digest {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}
