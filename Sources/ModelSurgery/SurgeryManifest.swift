import Checkpoints
import Foundation
import JSONText

/// What surgery.json says: where the layers of a checkpoint come from, and what the base looked like.
///
/// Schema version 1. `base` identifies the source without its path: SHA-256 of config.json and of every shard's
/// header. `tensors` are the carried ones with the SHA-256 of type, shape and bytes; `others` are the ones left behind,
/// with a digest of a few sampled blocks each, or of all their bytes when `hash` is `full`.
struct SurgeryManifest: Sendable {
  /// A tensor that was carried along.
  struct Tensor: Sendable {
    let name: String
    let baseName: String
    let dtype: String
    let shape: [Int]
    let sha256: String
  }
  /// A weights file of the base.
  struct ShardIdentity: Sendable, Equatable {
    let name: String
    let byteCount: Int
    let headerSHA256: String
  }

  static let fileName = "surgery.json"
  static let schemaVersion = 1

  var operation = "detach"
  var configSHA256: String
  var layerCount: Int
  var shards: [ShardIdentity]
  /// The base's layer that stands at each index.
  var layers: [Int]
  /// Those of the base's layers that are not to be trained.
  var frozenLayers: Set<Int> = []
  var tensors: [Tensor]
  /// Digests of the base's other tensors by name, in the order of the base.
  var others: [(name: String, sha256: String)]
  /// Whether `others` are digests of all bytes.
  var isFull: Bool

  /// What the headers and the config of a checkpoint identify it by.
  static func identity(of checkpoint: Checkpoint) -> (configSHA256: String, shards: [ShardIdentity]) {
    let shards = checkpoint.shards.map {
      ShardIdentity(name: $0.name, byteCount: $0.file.count, headerSHA256: ModelSurgery.sha256($0.header.text))
    }
    return (ModelSurgery.sha256(checkpoint.config.bytes), shards)
  }

  /// The file's text.
  var json: JSONValue {
    [
      "schema_version": .integer(Self.schemaVersion), "operation": .string(operation),
      "base": [
        "config_sha256": .string(configSHA256), "num_hidden_layers": .integer(layerCount),
        "shards": .array(
          shards.map {
            ["name": .string($0.name), "bytes": .integer($0.byteCount), "header_sha256": .string($0.headerSHA256)]
          }),
      ],
      "layers": .array(
        layers.enumerated().map { index, layer in
          let place: [(key: String, value: JSONValue)] = [
            ("index", .integer(index)), ("base_index", .integer(layer)),
          ]
          return .object(place + (frozenLayers.contains(layer) ? [("frozen", .bool(true))] : []))
        }),
      "tensors": .array(
        tensors.map {
          [
            "name": .string($0.name), "base_name": .string($0.baseName), "dtype": .string($0.dtype),
            "shape": .integers($0.shape), "sha256": .string($0.sha256),
          ]
        }), "hash": .string(isFull ? "full" : "sampled"),
      "others": .object(others.map { (key: $0.name, value: .string($0.sha256)) }),
    ]
  }
}

extension SurgeryManifest {
  /// Reads the surgery.json of a directory.
  /// - Throws: `noManifest`, `invalidManifest`, `CheckpointError` when the file is no JSON.
  init(directory: URL) throws {
    let url = directory.appending(path: Self.fileName)
    let text: ConfigText
    do { text = try ConfigText(contentsOf: url) } catch .notFound {
      throw SurgeryError.noManifest(directory: directory.path(percentEncoded: false))
    }
    try self.init(text)
  }

  /// Takes the text of a surgery.json.
  /// - Throws: `invalidManifest`.
  init(_ text: ConfigText) throws {
    let path = text.path
    func field<Value>(_ name: String, _ value: Value?) throws(SurgeryError) -> Value {
      guard let value else { throw .invalidManifest(path: path, field: name) }
      return value
    }
    let version = try field("schema_version", text["schema_version"]?.int)
    guard version == Self.schemaVersion else {
      throw SurgeryError.invalidManifest(path: path, field: "schema_version")
    }
    operation = try field("operation", text["operation"]?.string)
    configSHA256 = try field("base.config_sha256", text["base", "config_sha256"]?.string)
    layerCount = try field("base.num_hidden_layers", text["base", "num_hidden_layers"]?.int)
    shards = try field("base.shards", text["base", "shards"]?.elements).map { node in
      ShardIdentity(
        name: try field("base.shards.name", node["name"]?.string),
        byteCount: try field("base.shards.bytes", node["bytes"]?.int),
        headerSHA256: try field("base.shards.header_sha256", node["header_sha256"]?.string))
    }
    layers = try field("layers", text["layers"]?.elements).enumerated().map { index, node in
      guard node["index"]?.int == index else { throw SurgeryError.invalidManifest(path: path, field: "layers.index") }
      return try field("layers.base_index", node["base_index"]?.int)
    }
    for (layer, node) in zip(layers, text["layers"]?.elements ?? []) where node["frozen"]?.bool == true {
      frozenLayers.insert(layer)
    }
    tensors = try field("tensors", text["tensors"]?.elements).map { node in
      Tensor(
        name: try field("tensors.name", node["name"]?.string),
        baseName: try field("tensors.base_name", node["base_name"]?.string),
        dtype: try field("tensors.dtype", node["dtype"]?.string),
        shape: try field("tensors.shape", node["shape"]?.elements).map { try field("tensors.shape", $0.int) },
        sha256: try field("tensors.sha256", node["sha256"]?.string))
    }
    isFull = try field("hash", text["hash"]?.string) == "full"
    others = try field("others", text["others"]?.members).map { ($0.key, try field("others", $0.value.string)) }
  }
}
