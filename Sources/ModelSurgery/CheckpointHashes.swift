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
}
