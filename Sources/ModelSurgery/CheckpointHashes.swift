import Checkpoints

extension Checkpoint {
  /// What tells this checkpoint from another without reading its weights: SHA-256 in hexadecimal of config.json and of
  /// the header of each file of weights, by file name.
  public var headerHashes: [String: String] {
    let identity = SurgeryManifest.identity(of: self)
    var hashes = ["config.json": identity.configSHA256]
    for shard in identity.shards { hashes[shard.name] = shard.headerSHA256 }
    return hashes
  }

  /// What tells this checkpoint from another that was trained from it: SHA-256 in hexadecimal over config.json and the
  /// sampled digest of every tensor by name.
  ///
  /// Of each tensor type, shape and its first, middle and last 4096 bytes are read.
  /// - Throws: `CheckpointError.unreadable`.
  public func sampledHash() throws -> String {
    var lines = ["config.json \(SurgeryManifest.identity(of: self).configSHA256)"]
    for name in tensors.keys.sorted() { lines.append("\(name) \(try TensorDigest.sampled(tensors[name]!))") }
    return sha256(Array(lines.joined(separator: "\n").utf8))
  }
}
