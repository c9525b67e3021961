import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// A tiny model of a family and what `transformers` computed with it; weights come from the hash that the generator uses.
struct FamilyFixture {
  static let names = try! FileManager.default.contentsOfDirectory(atPath: fixture("families").path)
    .filter { FileManager.default.fileExists(atPath: fixture("families/\($0)/config.json").path) }.sorted()

  let name: String
  private let folder: URL
  /// Names and shapes of the stored tensors, in the order of the gradients.
  let shapes: [(name: String, shape: [Int])]
  let logits: [Double]
  let tokenNLL: [Double]
  private let gradients: [Double]
  private let errors: [Double]

  init(_ name: String) throws {
    self.name = name
    folder = fixture("families/\(name)")
    let json = try ConfigText(contentsOf: folder.appending(path: "tensors.json"))
    shapes = json.root.members!.map { ($0.key, $0.value.elements!.map { $0.int! }) }
    let tensors = try readTensors(folder.appending(path: "expected.safetensors"))
    func floats(_ name: String) -> [Double] {
      tensors[name]!.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 4).map {
          Double(bytes.loadUnaligned(fromByteOffset: $0, as: Float.self))
        }
      }
    }
    logits = floats("logits")
    tokenNLL = floats("token_nll")
    gradients = floats("gradients")
    errors = tensors["f32_error"]!.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 8).map { bytes.loadUnaligned(fromByteOffset: $0, as: Double.self) }
    }
  }

  /// Writes the checkpoint.
  func write(to directory: URL) throws {
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
            : withUnsafeBytes(of: UInt16(truncatingIfNeeded: value.bitPattern >> 16)) { Array($0) }
        }
        return (name, .bytes(dtype, shape: shape) { sink in try bytes.withUnsafeBytes { try sink($0) } })
      })
  }

  func decoder(threads: Int = 2) throws -> Decoder {
    try withTemporaryDirectory { directory in
      let model = directory.appending(path: "model")
      try write(to: model)
      return try Decoder(Checkpoint(directory: model), device: CPUDevice(threads: threads))
    }
  }

  /// The batch that all models are given.
  static func batch(on device: any Device) throws -> TokenBatch {
    let bounds = try integers("spans").map(Int.init)
    return TokenBatch(
      ids: try integers("ids"), targets: try integers("targets"), positions: try integers("positions"),
      spans: stride(from: 0, to: bounds.count, by: 2).map { bounds[$0]..<bounds[$0 + 1] }, device: device)
  }

  /// How many of its tokens have a target.
  static func predictedCount() throws -> Int { try integers("targets").count { $0 >= 0 } }

  private static func integers(_ name: String) throws -> [Int32] {
    try readTensors(fixture("families/batch.safetensors"))[name]!.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self) }
    }
  }

  func expectLogits(_ values: [Float]) { expectClose(values, logits, errors[0..<2], "logits") }
  func expectLosses(_ values: [Float]) { expectClose(values, tokenNLL, errors[2..<4], "token_nll") }

  /// Every stored tensor's gradient, but none for tensors that no parameter of the decoder holds.
  func expectGradients(_ decoder: Decoder) throws {
    let parameters = Dictionary(uniqueKeysWithValues: decoder.parameters.map { ($0.name, $0) })
    #expect(Set(parameters.keys) == Set(shapes.map(\.name)), "\(name)")
    var start = 0
    for (index, (name, shape)) in shapes.enumerated() {
      let count = shape.reduce(1, *)
      let parameter = try #require(parameters[name])
      expectClose(
        decoder.device.download(try #require(parameter.gradient)), Array(gradients[start..<start + count]),
        errors[2 * index + 4..<2 * index + 6], "gradient of " + name)
      start += count
    }
  }

  /// Every element is compared: the norm of the whole error against twice that of `transformers` in float32, and no
  /// single element further off than twice its worst.
  private func expectClose(_ values: [Float], _ reference: [Double], _ allowed: ArraySlice<Double>, _ what: String) {
    guard values.count == reference.count else {
      Issue.record("\(name), \(what): \(values.count) values for \(reference.count)")
      return
    }
    let errors = zip(values, reference).map { abs(Double($0) - $1) }
    let norm = errors.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(norm <= 2 * allowed.last!, "\(name), \(what): error \(norm), transformers in f32 \(allowed.last!)")
    #expect(
      errors.max() ?? 0 <= 2 * allowed.first!,
      "\(name), \(what): worst element \(errors.max() ?? 0), transformers in f32 \(allowed.first!)")
  }

  /// Eight bits times a power of two: exact in bf16. The generator's `weight`.
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
