import Checkpoints
import Foundation

/// A tiny checkpoint of a family: its config is a fixture, its weights come from the hash that the fixtures' generator uses.
public struct FamilyCheckpoint: Sendable {
  /// The fixtures there are.
  public static let names: [String] =
    (try? FileManager.default.contentsOfDirectory(atPath: fixture("families").path))?
    .filter { FileManager.default.fileExists(atPath: fixture("families/\($0)/config.json").path) }.sorted() ?? []

  /// Token ids are below this.
  public static let vocabulary = 31

  /// A stored tensor.
  public struct Entry: Sendable {
    /// Its name.
    public let name: String
    /// Its shape.
    public let shape: [Int]
    /// The axis that runs over the channels of the residual stream, nil for none.
    public let streamAxis: Int?

    /// A tensor that the checkpoint has, or one that goes with it.
    public init(name: String, shape: [Int], streamAxis: Int?) {
      self.name = name
      self.shape = shape
      self.streamAxis = streamAxis
    }

    /// Elements with their channels in another order: the channel at place i is the one that was at `order[i]`.
    public func reordered<Value>(_ values: [Value], _ order: [Int]) -> [Value] {
      guard let streamAxis else { return values }
      let inner = shape[(streamAxis + 1)...].reduce(1, *)
      let width = shape[streamAxis]
      return values.indices.map { index in
        let (outer, channel, rest) = (index / (inner * width), index / inner % width, index % inner)
        return values[(outer * width + order[channel]) * inner + rest]
      }
    }
  }

  /// The stored tensors.
  public let entries: [Entry]
  private let folder: URL

  /// The fixture of a name.
  public init(_ name: String) throws {
    folder = fixture("families/\(name)")
    let data = try Data(contentsOf: folder.appending(path: "tensors.json"))
    let rows = try JSONSerialization.jsonObject(with: data) as? [[Any]] ?? []
    entries = rows.compactMap { row in
      guard let name = row[0] as? String, let shape = row[1] as? [Int], let axis = row[2] as? Int else { return nil }
      return Entry(name: name, shape: shape, streamAxis: axis < 0 ? nil : axis)
    }
  }

  /// Writes the checkpoint, perhaps with the channels of the residual stream in another order: a model of the same
  /// function whose sums are rounded otherwise.
  /// - Parameter rename: makes the stored names.
  public func write(
    to directory: URL, order: [Int]? = nil, rename: (String) -> String = { $0 }
  ) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let config = directory.appending(path: "config.json")
    try FileManager.default.copyItem(at: folder.appending(path: "config.json"), to: config)
    let text = try ConfigText(contentsOf: config)
    let dtype: DType =
      switch (text["dtype"] ?? text["torch_dtype"])?.string {
      case "bfloat16": .bf16
      case "float16": .f16
      default: .f32
      }
    let nearZero = text["model_type"]?.string?.hasPrefix("gemma") == true
    try writeSafetensors(
      to: directory.appending(path: "model.safetensors"),
      tensors: entries.map { entry in
        var values = Self.weights(entry, normsNearZero: nearZero)
        if let order { values = entry.reordered(values, order) }
        let bytes = values.flatMap { value in
          switch dtype {
          case .bf16: withUnsafeBytes(of: narrowed(value)) { Array($0) }
          case .f16: withUnsafeBytes(of: Float16(value).bitPattern) { Array($0) }
          default: withUnsafeBytes(of: value) { Array($0) }
          }
        }
        return (
          rename(entry.name), .bytes(dtype, shape: entry.shape) { sink in try bytes.withUnsafeBytes { try sink($0) } }
        )
      })
  }

  /// The upper half of a number, rounded to nearest even.
  private func narrowed(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    return UInt16(truncatingIfNeeded: (bits + 0x7fff + (bits >> 16) & 1) >> 16)
  }

  /// Integers from -127 to 127 that a name fixes: the generator's `noise`.
  public static func noise(_ name: String, count: Int) -> [Int] {
    let seed = name.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
    return (0..<count).map { index in
      var x = UInt32(truncatingIfNeeded: index) &* 2_654_435_761 &+ seed
      x = (x ^ (x >> 15)) &* 2_246_822_519
      x = (x ^ (x >> 13)) &* 3_266_489_917
      return Int((x >> 16) % 255) - 127
    }
  }

  /// Eight bits times a power of two, for norms of some families plus 1: the generator's `weight`.
  private static func weights(_ entry: Entry, normsNearZero: Bool) -> [Float] {
    let name = entry.name
    let isLarge = ["q_proj", "k_proj", "qkv", "query_key_value", "c_attn", "embed", "wte", "wpe", "gate.weight"]
      .contains { name.contains($0) }
    return noise(name, count: entry.shape.reduce(1, *)).map { number in
      let value = Float(number) / 128
      if name.hasSuffix(".bias") { return value / 2 }
      if entry.shape.count == 1 || name.contains("norm") { return value / 4 + (normsNearZero ? 0 : 1) }
      return isLarge ? value : value / 2
    }
  }
}
