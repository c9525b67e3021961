import Foundation
import JSONText
import OrderedCollections

/// The file `model.safetensors.index.json`: which shard holds which tensor.
struct ShardIndex {
  let url: URL
  /// The shard of each tensor, in the order of the file.
  let shardOfTensor: OrderedDictionary<String, String>
  /// The shards by name.
  let shardNames: [String]

  /// - Throws: `invalidJSON`, `invalidIndex`.
  init(_ url: URL) throws(CheckpointError) {
    self.url = url
    let path = url.path(percentEncoded: false)
    let text = try ConfigText(contentsOf: url)
    // The usual loader reads `metadata` without asking whether it is there.
    guard text["metadata"]?.members != nil else { throw .invalidIndex(path: path, .missingObject("metadata")) }
    guard let members = text["weight_map"]?.members else {
      throw .invalidIndex(path: path, .missingObject("weight_map"))
    }
    if let key = text.root.duplicateKey { throw .invalidIndex(path: path, .duplicateTensor(key)) }
    var shardOfTensor = OrderedDictionary<String, String>(minimumCapacity: members.count)
    for member in members {
      guard let shard = member.value.string, !shard.contains("/"), shard.hasSuffix(".safetensors") else {
        throw .invalidIndex(path: path, .invalidShardName(tensor: member.key, shard: text.spelling(of: member.value)))
      }
      guard shardOfTensor.updateValue(shard, forKey: member.key) == nil else {
        throw .invalidIndex(path: path, .duplicateTensor(member.key))
      }
    }
    self.shardOfTensor = shardOfTensor
    shardNames = Set(shardOfTensor.values).sorted()
  }

  /// Checks that index and headers say the same, and that each tensor lies in one shard.
  /// - Throws: `invalidIndex`.
  func validate(against shards: [Checkpoint.Shard]) throws(CheckpointError) {
    let path = url.path(percentEncoded: false)
    var found: [String: String] = Dictionary(minimumCapacity: shardOfTensor.count)
    for shard in shards {
      for entry in shard.header.entries {
        if let first = found.updateValue(shard.name, forKey: entry.name) {
          throw .invalidIndex(path: path, .tensorInTwoShards(tensor: entry.name, first: first, second: shard.name))
        }
        guard shardOfTensor[entry.name] != nil else {
          throw .invalidIndex(path: path, .tensorNotInIndex(tensor: entry.name, shard: shard.name))
        }
      }
    }
    for (tensor, shard) in shardOfTensor where found[tensor] != shard {
      throw .invalidIndex(path: path, .tensorNotInShard(tensor: tensor, shard: shard))
    }
  }
}
