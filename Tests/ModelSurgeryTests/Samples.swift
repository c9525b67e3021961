import Checkpoints
import Foundation
import TestSupport

/// The families that have a tiny checkpoint among the fixtures.
let families =
  ((try? FileManager.default.contentsOfDirectory(
    atPath: fixture("checkpoints").path(percentEncoded: false))) ?? []).filter {
    FileManager.default.fileExists(atPath: fixture("checkpoints/\($0)/config.json").path(percentEncoded: false))
  }.sorted()

/// A family's tiny checkpoint.
func sample(_ family: String) throws -> Checkpoint {
  try Checkpoint(directory: fixture("checkpoints/\(family)"))
}

/// All files below a directory with their bytes.
func contents(of directory: URL) throws -> [String: Data] {
  var contents: [String: Data] = [:]
  let path = directory.path(percentEncoded: false)
  for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
    let url = directory.appending(path: name)
    var isDirectory: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: url.path(percentEncoded: false), isDirectory: &isDirectory)
    if !isDirectory.boolValue { contents[name] = try Data(contentsOf: url) }
  }
  return contents
}

/// Writes a file below a directory, making folders on the way.
func write(_ bytes: some Sequence<UInt8>, to path: String, in directory: URL) throws {
  let url = directory.appending(path: path)
  try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(bytes).write(to: url)
}

/// Copies a checkpoint with its weights in shards, each tensor changed by `edit`: nil drops it.
func reshard(
  _ source: URL, to destination: URL, shardCount: Int, adding: [(name: String, content: TensorContent)] = [],
  edit: (StoredTensor) -> (name: String, content: TensorContent)? = { ($0.name, .mapped($0)) }
) throws {
  let checkpoint = try Checkpoint(directory: source)
  try FileManager.default.createDirectory(at: destination, withIntermediateDirectories: true)
  for name in checkpoint.sideFiles {
    try write(try Data(contentsOf: source.appending(path: name)), to: name, in: destination)
  }
  let tensors = checkpoint.tensors.values.compactMap(edit) + adding
  if shardCount == 1 {
    try writeSafetensors(to: destination.appending(path: "model.safetensors"), tensors: tensors)
    return
  }
  var places: [String] = []
  for shard in 0..<shardCount {
    let name = "model-0000\(shard + 1)-of-0000\(shardCount).safetensors"
    let own = tensors.enumerated().filter { $0.offset % shardCount == shard }.map(\.element)
    try writeSafetensors(to: destination.appending(path: name), tensors: own)
    places += own.map { "\"\($0.name)\": \"\(name)\"" }
  }
  let index = "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {\(places.joined(separator: ", "))}}"
  try write(index.utf8, to: "model.safetensors.index.json", in: destination)
}

/// Content of singles.
func singles(_ shape: [Int], _ value: @escaping @Sendable (Int) -> Float) -> TensorContent {
  .bytes(.f32, shape: shape) { sink in
    let values = (0..<shape.reduce(1, *)).map(value)
    try values.withUnsafeBytes { try sink($0) }
  }
}
