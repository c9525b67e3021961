import Checkpoints
import Foundation

/// A tiny checkpoint of a family: its config is a fixture, its weights come from the hash that the fixtures' generator uses.
public struct FamilyCheckpoint: Sendable {
  /// The fixtures there are.
  public static let names: [String] =
    (try? FileManager.default.contentsOfDirectory(atPath: fixture("families").path))?
    .filter { FileManager.default.fileExists(atPath: fixture("families/\($0)/config.json").path) }.sorted() ?? []

  /// Names and shapes of the stored tensors.
  public let shapes: [(name: String, shape: [Int])]
  private let folder: URL

  /// The fixture of a name.
  public init(_ name: String) throws {
    folder = fixture("families/\(name)")
    let json = try ConfigText(contentsOf: folder.appending(path: "tensors.json"))
    shapes = (json.root.members ?? []).map { ($0.key, ($0.value.elements ?? []).compactMap(\.int)) }
  }

  /// Writes the checkpoint.
  public func write(to directory: URL) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let config = directory.appending(path: "config.json")
    try FileManager.default.copyItem(at: folder.appending(path: "config.json"), to: config)
    let text = try ConfigText(contentsOf: config)
    let dtype: DType = (text["dtype"] ?? text["torch_dtype"])?.string == "bfloat16" ? .bf16 : .f32
    let nearZero = text["model_type"]?.string?.hasPrefix("gemma") == true
    try writeSafetensors(
      to: directory.appending(path: "model.safetensors"),
      tensors: shapes.map { name, shape in
        let bytes = Self.weights(name, shape, normsNearZero: nearZero).flatMap { value in
          dtype == .f32
            ? withUnsafeBytes(of: value) { Array($0) }
            : withUnsafeBytes(of: narrowed(value)) { Array($0) }
        }
        return (name, .bytes(dtype, shape: shape) { sink in try bytes.withUnsafeBytes { try sink($0) } })
      })
  }

  /// The upper half of a number, rounded to nearest even.
  private func narrowed(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    return UInt16(truncatingIfNeeded: (bits + 0x7fff + (bits >> 16) & 1) >> 16)
  }

  /// Eight bits times a power of two, for norms of some families plus 1. The generator's `weight`.
  private static func weights(_ name: String, _ shape: [Int], normsNearZero: Bool) -> [Float] {
    let count = shape.reduce(1, *)
    let seed = name.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
    let isLarge = ["q_proj", "k_proj", "qkv", "query_key_value", "c_attn", "embed", "wte", "wpe", "gate.weight"]
      .contains { name.contains($0) }
    return (0..<count).map { index in
      var x = UInt32(truncatingIfNeeded: index) &* 2_654_435_761 &+ seed
      x = (x ^ (x >> 15)) &* 2_246_822_519
      x = (x ^ (x >> 13)) &* 3_266_489_917
      let value = Float(Int((x >> 16) % 255) - 127) / 128
      if name.hasSuffix(".bias") { return value / 2 }
      if shape.count == 1 || name.contains("norm") { return value / 4 + (normsNearZero ? 0 : 1) }
      return isLarge ? value : value / 2
    }
  }
}
