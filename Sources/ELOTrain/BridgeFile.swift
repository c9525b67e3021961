import Checkpoints
import Decoders
import Foundation
import ModelSurgery

/// The bridges of a detached checkpoint on disk: `elo/bridge.safetensors`, with `elo/bridge.json` saying how they fit.
///
/// They lie in a folder of their own because every loader reads a stray `.safetensors` beside the weights. Tensors are
/// F32: `after.N.weight` `[D, D]` and `after.N.bias` `[D]`, N being the detached layer that the bridge follows, -1 for
/// the embedding.
public enum BridgeFile {
  private static let folder = Checkpoint.privateFolder

  /// The file of a detached checkpoint's bridges, whether or not it is there.
  public static func weights(in directory: URL) -> URL { directory.appending(path: "\(folder)/bridge.safetensors") }
  static func report(in directory: URL) -> URL { directory.appending(path: "\(folder)/bridge.json") }

  /// Whether a detached checkpoint has bridges.
  public static func exists(in directory: URL) -> Bool {
    FileManager.default.fileExists(atPath: weights(in: directory).path)
  }

  /// SHA-256 of a detached checkpoint's bridges, in hexadecimal.
  /// - Throws: `CheckpointError` when the file cannot be read.
  static func hash(in directory: URL) throws -> String { try sha256(of: MappedFile(weights(in: directory))) }

  /// Writes bridges into a detached checkpoint, in place of those there were.
  ///
  /// Each file appears whole or not at all.
  /// - Throws: `CheckpointError` when writing fails.
  public static func write(_ bridges: [FittedBridge], into directory: URL) throws {
    // The folder must exist before a sibling of the files can be staged in it.
    try FileManager.default.createDirectory(
      at: directory.appending(path: folder), withIntermediateDirectories: true)
    let tensors = bridges.flatMap { bridge in
      [
        (name: "after.\(bridge.after).weight", content: content(bridge.weight, [bridge.width, bridge.width])),
        (name: "after.\(bridge.after).bias", content: content(bridge.bias, [bridge.width])),
      ]
    }
    let staged = weights(in: directory).appendingPathExtension("partial")
    try? FileManager.default.removeItem(at: staged)
    do {
      try writeSafetensors(to: staged, tensors: tensors)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(bridges.map(\.report)).write(to: report(in: directory), options: .atomic)
      guard rename(staged.path, weights(in: directory).path) == 0 else {
        throw TrainingError.cannotWrite(weights(in: directory), problem: String(cString: strerror(errno)))
      }
    } catch {
      try? FileManager.default.removeItem(at: staged)
      throw error
    }
  }

  /// Reads the bridges of a detached checkpoint onto a device.
  /// - Throws: `CheckpointError` for a damaged file, `TrainingError.badBridgeFile` for one that holds something else.
  public static func read(from directory: URL, device: any Device) throws -> [Int: Bridge] {
    let url = weights(in: directory)
    let file = try MappedFile(url)
    let header = try file.withUnsafeBytes { try SafetensorsHeader(file: $0, path: url.path) }
    var values: [String: [Float]] = [:]
    for entry in header.entries {
      guard entry.dtype == .f32 else {
        throw TrainingError.badBridgeFile(url, problem: "\(entry.name) is stored as \(entry.dtype), not F32")
      }
      values[entry.name] = file.withUnsafeBytes { bytes in
        stride(from: entry.byteRange.lowerBound, to: entry.byteRange.upperBound, by: 4).map {
          bytes.loadUnaligned(fromByteOffset: $0, as: Float.self)
        }
      }
    }
    var bridges: [Int: Bridge] = [:]
    for (name, weight) in values where name.hasSuffix(".weight") {
      let parts = name.split(separator: ".")
      guard parts.count == 3, parts[0] == "after", let after = Int(parts[1]), let bias = values["after.\(after).bias"],
        weight.count == bias.count * bias.count
      else { throw TrainingError.badBridgeFile(url, problem: "\(name) has no bias of its width beside it") }
      bridges[after] = Bridge(weight: weight, bias: bias, device: device)
    }
    return bridges
  }

  private static func content(_ values: [Float], _ shape: [Int]) -> TensorContent {
    .bytes(.f32, shape: shape) { sink in try values.withUnsafeBytes { try sink($0) } }
  }
}
