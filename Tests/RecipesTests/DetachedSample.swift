import Checkpoints
import Foundation
import ModelSurgery
import TestSupport

/// Makes a small detached checkpoint, perhaps of a family, with the bridges that are asked for.
/// - Parameters:
///   - family: a fixture's name, nil for a Llama of six layers.
///   - layers: what is detached, and trained.
///   - frozen: the scaffold.
///   - bridges: the layers that bridges follow.
func withDetached(
  family: String? = nil, layers: String = "first,last", frozen: String? = nil, bridges: [Int] = [],
  _ body: (_ detached: URL, _ directory: URL) throws -> Void
) throws {
  try withTemporaryDirectory { directory in
    let base = directory.appending(path: "base")
    if let family {
      try FamilyCheckpoint(family).write(to: base)
      // Only its special tokens are asked for, so any tokenizer does.
      let other = directory.appending(path: "tokenizer")
      try writeTinyCheckpoint(to: other, layers: 1)
      for name in ["tokenizer.json", "tokenizer_config.json"] {
        try FileManager.default.copyItem(at: other.appending(path: name), to: base.appending(path: name))
      }
    } else {
      try writeTinyCheckpoint(to: base, layers: 6)
    }
    let detached = directory.appending(path: "detached")
    try DetachPlan(
      checkpoint: Checkpoint(directory: base), layers: LayerSelection(layers),
      keepFrozen: frozen.map { try LayerSelection($0) }
    ).execute(to: detached)
    if !bridges.isEmpty { try writeZeroBridges(after: bridges, in: detached) }
    try body(detached, directory)
  }
}

/// Bridges that change nothing.
private func writeZeroBridges(after layers: [Int], in detached: URL) throws {
  let folder = detached.appending(path: "elo")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  func zeros(_ shape: [Int]) -> TensorContent {
    .bytes(.f32, shape: shape) { sink in
      try [UInt8](repeating: 0, count: 4 * shape.reduce(1, *)).withUnsafeBytes { try sink($0) }
    }
  }
  try writeSafetensors(
    to: folder.appending(path: "bridge.safetensors"),
    tensors: layers.flatMap { [("after.\($0).weight", zeros([32, 32])), ("after.\($0).bias", zeros([32]))] })
}
