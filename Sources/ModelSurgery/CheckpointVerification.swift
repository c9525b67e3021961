import Checkpoints
import Foundation

/// Everything that can be said against a checkpoint without running it.
public struct CheckpointVerification: Sendable {
  /// What is wrong, a sentence each; empty when the checkpoint is sound.
  public private(set) var problems: [String] = []
  /// What is worth knowing and not wrong.
  public private(set) var notes: [String] = []

  /// Checks a directory: headers, coverage, index, the decoder's layers, config fields that follow the layers, tied
  /// aliases, values that are not finite; surgery.json when there is one.
  /// - Parameter progress: called as bytes are read; all of them are.
  /// - Throws: what `progress` throws. What is wrong with the checkpoint is no error but a problem.
  public init(directory: URL, progress: (TransferProgress) throws -> Void = { _ in }) throws {
    let checkpoint: Checkpoint
    do { checkpoint = try Checkpoint(directory: directory) } catch {
      problems.append("\(error)")
      problems += Self.otherShardProblems(in: directory, beside: "\(error)")
      return
    }
    if checkpoint.indexName == nil, checkpoint.sideFiles.contains("model.safetensors.index.json") {
      notes.append("model.safetensors is what loaders read; model.safetensors.index.json beside it is ignored")
    }
    let others = checkpoint.sideFiles.filter { SideFiles.isOtherWeights($0) && !SideFiles.isOwn($0) }
    if !others.isEmpty { notes.append("not read: \(others.joined(separator: ", "))") }
    checkDecoder(checkpoint)
    try checkValues(checkpoint, progress)
    try checkManifest(checkpoint)
  }

  /// The problems of weights files behind the first unsound one.
  private static func otherShardProblems(in directory: URL, beside first: String) -> [String] {
    let path = directory.path(percentEncoded: false)
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    return names.filter { $0.hasSuffix(".safetensors") }.compactMap { name in
      let url = directory.appending(path: name)
      do throws(CheckpointError) {
        _ = try SafetensorsHeader(contentsOf: url)
        return nil
      } catch { return "\(error)" == first ? nil : "\(error)" }
    }
  }

  private mutating func checkDecoder(_ checkpoint: Checkpoint) {
    do {
      let layout = try DecoderLayout(checkpoint)
      // In the old order every rule must find what it expects and have nothing to say.
      _ = try ConfigSlicer(
        checkpoint.config, layout: layout, order: Array(0..<layout.layerCount), force: true)
      if layout.family == nil { notes.append("the family '\(layout.modelType)' is not known; generic rules serve") }
      try checkAliases(checkpoint, layout)
    } catch SurgeryError.several(let errors) {
      problems += errors.map(\.description)
    } catch {
      problems.append("\(error)")
    }
  }

  /// Usual loaders untie a tied head without a word when a stored one differs.
  private mutating func checkAliases(_ checkpoint: Checkpoint, _ layout: DecoderLayout) throws {
    guard layout.tiesHead(checkpoint.config) == true, let head = layout.names(of: .head).first,
      let embedding = layout.names(of: .embedding).first
    else { return }
    let (first, second) = (try checkpoint.tensor(embedding), try checkpoint.tensor(head))
    if try TensorDigest.full(first) != TensorDigest.full(second) {
      problems.append("\(SurgeryError.untiedAliases(first: embedding, second: head))")
    }
  }

  private mutating func checkValues(
    _ checkpoint: Checkpoint, _ progress: (TransferProgress) throws -> Void
  ) throws {
    let total = checkpoint.tensors.values.reduce(0) { $0 + $1.byteCount }
    var completed = 0
    for tensor in checkpoint.tensors.values {
      var element = 0
      var bad: Int?
      do {
        try tensor.forEachChunk { chunk in
          if bad == nil, let index = firstNonFinite(chunk, tensor.dtype) { bad = element + index }
          element += chunk.count * 8 / tensor.dtype.bitWidth
        }
      } catch {
        problems.append("\(error)")
      }
      if let bad, !DecoderNames.isBuffer(tensor.name) {
        problems.append("tensor '\(tensor.name)' holds NaN or an infinity at element \(bad)")
      }
      completed += tensor.byteCount
      try progress(TransferProgress(completed: completed, total: total))
    }
  }

  private mutating func checkManifest(_ checkpoint: Checkpoint) throws {
    let manifest: SurgeryManifest
    do { manifest = try SurgeryManifest(directory: checkpoint.directory) } catch SurgeryError.noManifest {
      return
    } catch {
      // An attachment's record has no tensors to compare with.
      if checkpoint.sideFiles.contains(SurgeryManifest.fileName),
        (try? ConfigText(contentsOf: checkpoint.directory.appending(path: SurgeryManifest.fileName)))?["operation"]?
          .string
          == "attach"
      {
        return
      }
      problems.append("\(error)")
      return
    }
    var changed = 0
    for entry in manifest.tensors {
      guard let tensor = checkpoint.tensors[entry.name] else {
        problems.append("surgery.json speaks of tensor '\(entry.name)', which is not there")
        continue
      }
      guard tensor.dtype.name == entry.dtype, tensor.shape == entry.shape else {
        problems.append("tensor '\(entry.name)' is \(tensor.kind) and was \(entry.dtype) \(entry.shape) when detached")
        continue
      }
      if try TensorDigest.full(tensor) != entry.sha256 { changed += 1 }
    }
    notes.append("\(changed) of \(manifest.tensors.count) tensors differ from those that were detached")
  }
}
