import Crypto
import Foundation

/// SHA-256 of what files hold.
package enum ContentHash {
  /// Bytes that are read at a time, and of which samples are made.
  static let blockSize = 1 << 20
  /// What is read at most, about, to tell a text from others.
  static let sampleSize = 1 << 30

  /// Of all files of a text; of texts beyond `limit` bytes evenly spread blocks and every file's size.
  package static func sampled(_ files: [URL], limit: Int = sampleSize) throws(CorpusError) -> SHA256Digest {
    var hasher = SHA256()
    var sizes: [Int] = []
    for file in files { sizes.append(try FileStamp(file).size) }
    let total = sizes.reduce(0, +)
    for (file, size) in zip(files, sizes) {
      hasher.update(data: Data("\(try kind(of: file)) \(size)\n".utf8))
      let share = total <= limit ? size : Int(Double(limit) * Double(size) / Double(total))
      try update(&hasher, file, size: size, reading: share)
    }
    return hasher.finalize()
  }

  /// Of one file, all of it, in hexadecimal.
  static func whole(_ file: URL) throws(CorpusError) -> String {
    var hasher = SHA256()
    let size = try FileStamp(file).size
    try update(&hasher, file, size: size, reading: size)
    return hexadecimal(hasher.finalize())
  }

  /// Of words, in hexadecimal.
  static func text(of words: [String]) -> String {
    hexadecimal(SHA256.hash(data: Data(words.joined(separator: "\n").utf8)))
  }

  /// Of a digest and words, in hexadecimal.
  static func text(of first: String, _ words: [String]) -> String { text(of: [first] + words) }

  /// Of a digest and words, the first 64 bits.
  static func word(of digest: SHA256Digest, _ words: [String]) -> UInt64 {
    SHA256.hash(data: Data(([hexadecimal(digest)] + words).joined(separator: "\n").utf8))
      .prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// What the file's name makes of its content.
  static func kind(of file: URL) throws(CorpusError) -> String {
    let text = try TextFile(file)
    return "\(text.kind) \(text.compression?.rawValue ?? "plain")"
  }

  private static func update(
    _ hasher: inout SHA256, _ file: URL, size: Int, reading count: Int
  ) throws(CorpusError) {
    guard count < size else {
      let bytes = try StoredBytes(path: file.path, chunkSize: blockSize)
      while let chunk = try bytes.next() { hasher.update(data: chunk) }
      return
    }
    let blocks = max(2, count / blockSize)
    for block in 0..<blocks {
      let offset = Int(Double(size - blockSize) * Double(block) / Double(blocks - 1))
      if let chunk = try StoredBytes(path: file.path, from: max(0, offset), chunkSize: blockSize).next() {
        hasher.update(data: chunk)
      }
    }
  }

  private static func hexadecimal(_ digest: SHA256Digest) -> String {
    digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}

/// SHA-256 of the files that make a checkpoint's tokenizer, in hexadecimal.
/// - Throws: `CorpusError.unreadable`.
public func tokenizerHash(in checkpoint: URL) throws(CorpusError) -> String {
  let names = ((try? FileManager.default.contentsOfDirectory(atPath: checkpoint.path)) ?? []).sorted()
  let wanted = ["tokenizer.json", "tokenizer_config.json", "tokenizer.model", "tekken.json"]
  var hashes: [String] = []
  for name in names where wanted.contains(name) || name.hasSuffix(".tiktoken") {
    hashes.append("\(name) \(try ContentHash.whole(checkpoint.appending(path: name)))")
  }
  return ContentHash.text(of: hashes)
}
