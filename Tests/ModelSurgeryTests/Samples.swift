import Checkpoints
import Foundation
import ModelSurgery
import TestSupport
import Testing

/// The families that have a tiny checkpoint among the fixtures.
let allFamilies =
  ((try? FileManager.default.contentsOfDirectory(
    atPath: fixture("checkpoints").path(percentEncoded: false))) ?? []).filter {
    FileManager.default.fileExists(atPath: fixture("checkpoints/\($0)/config.json").path(percentEncoded: false))
  }.sorted()

/// Those whose layers cannot be cut out.
let uncuttableFamilies = ["gemma3n_text", "zamba", "zamba2"]

/// Those whose layers can be.
let families = allFamilies.filter { !uncuttableFamilies.contains($0) }

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

/// Bytes of any type that are finite numbers in all float types, from a fixed sequence.
func bytes(_ dtype: DType, _ shape: [Int], seed: UInt64) -> TensorContent {
  .bytes(dtype, shape: shape) { sink in
    var numbers = SeededNumbers(seed: seed)
    let count = dtype.byteCount(elementCount: shape.reduce(1, *))!
    let values = (0..<count).map { _ in UInt8.random(in: 0..<0x40, using: &numbers) }
    try values.withUnsafeBytes { try sink($0) }
  }
}

/// Writes a checkpoint of the given tensors; what they hold follows from their place.
func writeCheckpoint(
  to directory: URL, config: String, tensors: [(name: String, dtype: DType, shape: [Int])]
) throws -> Checkpoint {
  try write(config.utf8, to: "config.json", in: directory)
  try writeSafetensors(
    to: directory.appending(path: "model.safetensors"),
    tensors: tensors.enumerated().map { ($1.name, bytes($1.dtype, $1.shape, seed: UInt64($0))) })
  return try Checkpoint(directory: directory)
}

/// A family's tiny checkpoint with other fields in config.json and more tensors.
func variant(
  of family: String, in directory: URL, adding: [(name: String, content: TensorContent)] = [],
  edit: (inout ConfigText) throws -> Void = { _ in }
) throws -> Checkpoint {
  let base = directory.appending(path: "base")
  try reshard(fixture("checkpoints/\(family)"), to: base, shardCount: 1, adding: adding)
  var config = try ConfigText(contentsOf: base.appending(path: "config.json"))
  try edit(&config)
  try write(config.bytes, to: "config.json", in: base)
  return try Checkpoint(directory: base)
}

/// What detaching makes of config.json, by key, without white space.
func configEdits(_ checkpoint: Checkpoint, _ layers: String, force: Bool = false) throws -> [String: String] {
  let plan = try DetachPlan(checkpoint: checkpoint, layers: LayerSelection(layers), force: force)
  return Dictionary(uniqueKeysWithValues: plan.configEdits.map { ($0.key, $0.new.filter { !$0.isWhitespace }) })
}

/// Detaches the first and the last layer, attaches them untrained, and expects every file to be as it was.
func expectRoundTrip(_ base: Checkpoint, in directory: URL) throws {
  let (detached, whole) = (directory.appending(path: "detached"), directory.appending(path: "whole"))
  try DetachPlan(checkpoint: base, layers: .firstAndLast).execute(to: detached)
  let outcome = try AttachPlan(trained: Checkpoint(directory: detached), base: base).execute(to: whole)
  #expect(outcome.changed.isEmpty)
  #expect(try contents(of: whole) == contents(of: base.directory))
}
