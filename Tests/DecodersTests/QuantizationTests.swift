import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// Checkpoints whose weights are quantised: fp8 with scales computes as its widened values do, all else is refused by
/// name.
@Suite struct QuantizationTests {
  /// Blocks that the matrices do not fill.
  private static let block = WeightQuantization.Block(rows: 8, columns: 6)

  /// The fixture's expected values were made by torch: elements times scales in f32.
  @Test(arguments: ["qwen3", "qwen3_moe"])
  func fp8ComputesAsTorchDoesWithItsWidenedValues(_ name: String) throws {
    let device = CPUDevice(threads: 2)
    let expected = try Expected(fixture("float8/\(name)/expected.safetensors"))
    let ids = expected.integers("ids")
    let batch = TokenBatch(
      ids: ids, targets: ids.map { _ in -1 }, positions: ids.indices.map(Int32.init), spans: [0..<ids.count],
      device: device)
    let decoder = try Decoder(Checkpoint(directory: fixture("float8/\(name)")), device: device)
    expected.expectClose(decoder.logits(batch), "logits")
  }

  @Test(arguments: ["qwen3", "qwen3_moe"])
  func fp8ComputesAsItsWidenedValues(_ name: String) throws {
    try withTemporaryDirectory { directory in
      let (narrow, wide) = (directory.appending(path: "narrow"), directory.appending(path: "wide"))
      try write(name, to: narrow)
      try widen(narrow, to: wide)
      let device = CPUDevice(threads: 2)
      let logits = try [narrow, wide].map { folder in
        try Decoder(Checkpoint(directory: folder), device: device).logits(FamilyFixture.batch(on: device))
      }
      #expect(logits[0] == logits[1] && logits[0].allSatisfy(\.isFinite))
    }
  }

  @Test func scalesThatDoNotFitAreNamed() throws {
    try withTemporaryDirectory { directory in
      try write("qwen3", to: directory)
      try edit(directory) { $0["weight_block_size"] = [4, 4] }
      #expect(throws: DecoderError.self) {
        try Decoder(Checkpoint(directory: directory), device: CPUDevice(threads: 1))
      }
      do { _ = try Decoder(Checkpoint(directory: directory), device: CPUDevice(threads: 1)) } catch {
        #expect("\(error)".contains("q_proj.weight_scale_inv is F32"), "\(error)")
      }
    }
  }

  @Test(arguments: ["gptq", "awq", "bitsandbytes", "compressed-tensors", "mxfp4"])
  func otherMethodsAreRefusedByName(_ method: String) throws {
    try withTemporaryDirectory { directory in
      try write("qwen3", to: directory)
      try edit(directory) { $0["quant_method"] = method }
      #expect(throws: DecoderError.quantized(method: method)) {
        try Decoder(Checkpoint(directory: directory), device: CPUDevice(threads: 1))
      }
    }
  }

  /// The family's tiny model with bytes for weights that mean finite numbers.
  private func write(_ name: String, to directory: URL) throws {
    let family = try FamilyCheckpoint(name)
    try family.write(to: directory)
    var tensors: [(String, TensorContent)] = []
    for entry in family.entries {
      guard entry.name.contains("_proj.") else {
        let values = FamilyCheckpoint.noise(entry.name, count: entry.shape.reduce(1, *)).map { Float($0) / 256 }
        tensors.append((entry.name, content(values, .f32, entry.shape)))
        continue
      }
      let bytes = FamilyCheckpoint.noise(entry.name, count: entry.shape.reduce(1, *)).map { number in
        UInt8(truncatingIfNeeded: number) & 0x80 | UInt8(abs(number) % 0x68)
      }
      tensors.append((entry.name, content(bytes, .f8e4m3, entry.shape)))
      let grid = [
        (entry.shape[0] + Self.block.rows - 1) / Self.block.rows,
        (entry.shape[1] + Self.block.columns - 1) / Self.block.columns,
      ]
      let scales = FamilyCheckpoint.noise(entry.name + "_scale_inv", count: grid[0] * grid[1]).map { Float($0) / 4096 }
      tensors.append((entry.name + "_scale_inv", content(scales, .f32, grid)))
    }
    let file = directory.appending(path: "model.safetensors")
    try FileManager.default.removeItem(at: file)
    try writeSafetensors(to: file, tensors: tensors)
    try edit(directory) {
      $0["quant_method"] = "fp8"
      $0["weight_block_size"] = [Self.block.rows, Self.block.columns]
    }
  }

  /// The same model in f32, without its scales.
  private func widen(_ narrow: URL, to wide: URL) throws {
    let checkpoint = try Checkpoint(directory: narrow)
    try FileManager.default.createDirectory(at: wide, withIntermediateDirectories: true)
    var tensors: [(String, TensorContent)] = []
    for (name, stored) in checkpoint.tensors where !name.hasSuffix("_scale_inv") {
      guard let scales = checkpoint.tensors[name + "_scale_inv"] else {
        tensors.append((name, .mapped(stored)))
        continue
      }
      let matrix = try BlockScaledMatrix(stored, scales: scales, block: Self.block)
      tensors.append((name, content(matrix.widened(0..<stored.shape[0]), .f32, stored.shape)))
    }
    try writeSafetensors(to: wide.appending(path: "model.safetensors"), tensors: tensors)
    var config = try self.config(narrow)
    config["quantization_config"] = nil
    try JSONSerialization.data(withJSONObject: config).write(to: wide.appending(path: "config.json"))
  }

  private func content<Value>(_ values: [Value], _ dtype: DType, _ shape: [Int]) -> TensorContent {
    let bytes = values.withUnsafeBytes { Array($0) }
    return .bytes(dtype, shape: shape) { sink in try bytes.withUnsafeBytes { try sink($0) } }
  }

  private func config(_ directory: URL) throws -> [String: Any] {
    let data = try Data(contentsOf: directory.appending(path: "config.json"))
    return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
  }

  private func edit(_ directory: URL, _ change: (inout [String: Any]) -> Void) throws {
    var config = try config(directory)
    var quantization = config["quantization_config"] as? [String: Any] ?? [:]
    change(&quantization)
    config["quantization_config"] = quantization
    try JSONSerialization.data(withJSONObject: config).write(to: directory.appending(path: "config.json"))
  }
}
