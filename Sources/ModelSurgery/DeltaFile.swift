import Checkpoints
import Foundation
import OrderedCollections

/// One file with what training changed in detached layers, to share a result without the base.
///
/// Layout: a safetensors file under another extension, lest loaders of models pick it up. Its `__metadata__` has
/// `format` "elo-delta" and `surgery`, the text of surgery.json; its tensors are those that differ from the detached
/// ones, under the names of the detached checkpoint.
public enum DeltaFile {
  static let format = "elo-delta"

  /// Writes what differs between a trained directory and its surgery.json.
  /// - Parameters:
  ///   - trained: a directory that a detachment wrote, trained, with its surgery.json.
  ///   - url: a file that does not exist; appears complete or not at all.
  ///   - progress: called as bytes arrive.
  /// - Returns: the names of the tensors in the file.
  /// - Throws: `noManifest`, `invalidManifest`; `CheckpointError` when files cannot be read or written.
  @discardableResult
  public static func write(
    _ trained: Checkpoint, to url: URL, progress: (TransferProgress) throws -> Void = { _ in }
  ) throws -> [String] {
    let manifest = try SurgeryManifest(directory: trained.directory)
    let untrained = Dictionary(manifest.tensors.map { ($0.name, $0.sha256) }, uniquingKeysWith: { first, _ in first })
    let changed = try trained.tensors.values.filter { tensor in
      try untrained[tensor.name].map { try TensorDigest.full(tensor) != $0 } ?? true
    }
    let path = url.path(percentEncoded: false)
    guard !FileManager.default.fileExists(atPath: path) else {
      throw CheckpointError.destinationExists(path: path)
    }
    let staging = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).staging")
    let stagingPath = staging.path(percentEncoded: false)
    unlink(stagingPath)
    do {
      try writeSafetensors(
        to: staging, tensors: changed.map { ($0.name, .mapped($0)) },
        metadata: [("format", format), ("surgery", manifest.json.text)], progress: progress)
      guard rename(stagingPath, path) == 0 else { throw writeError(path: path) }
      try synchronize(url.deletingLastPathComponent())
    } catch {
      unlink(stagingPath)
      throw error
    }
    return changed.map(\.name)
  }

  /// Reads a file's manifest and tensors.
  /// - Throws: `notADelta`, `invalidManifest`, `CheckpointError` when the file is not sound.
  static func read(_ url: URL) throws -> (manifest: SurgeryManifest, tensors: OrderedDictionary<String, StoredTensor>) {
    let path = url.path(percentEncoded: false)
    let file = try MappedFile(url)
    let header = try SafetensorsHeader(file)
    let metadata = Dictionary(header.metadata.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
    guard metadata["format"] == format, let text = metadata["surgery"] else { throw SurgeryError.notADelta(path: path) }
    var tensors: OrderedDictionary<String, StoredTensor> = [:]
    for entry in header.entriesInFileOrder {
      tensors[entry.name] = StoredTensor(
        name: entry.name, dtype: entry.dtype, shape: entry.shape, file: file, byteRange: entry.byteRange)
    }
    return (try SurgeryManifest(ConfigText(Array(text.utf8), path: path)), tensors)
  }
}
