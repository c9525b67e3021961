import Foundation

/// Which layers of its base a detached checkpoint holds, from its surgery.json.
public struct DetachedLayers: Sendable, Hashable {
  /// The base's layer that stands at each index of the detached model, ascending.
  public let baseIndices: [Int]
  /// Indices in the detached model of the layers that are a scaffold: they come along and are not trained.
  public let frozen: Set<Int>

  /// Reads the surgery.json of a directory that a detachment wrote.
  /// - Throws: `SurgeryError.noManifest`, `.invalidManifest`; `CheckpointError` when the file is no JSON.
  public init(directory: URL) throws {
    let manifest = try SurgeryManifest(directory: directory)
    baseIndices = manifest.layers
    frozen = Set(manifest.layers.indices.filter { manifest.frozenLayers.contains(manifest.layers[$0]) })
  }

  /// Indices in the detached model of the layers that are trained, ascending.
  public var trained: [Int] { baseIndices.indices.filter { !frozen.contains($0) } }
}
