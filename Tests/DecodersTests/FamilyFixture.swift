import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// A tiny model of a family and what `transformers` computed with it.
struct FamilyFixture {
  let name: String
  private let checkpoint: FamilyCheckpoint
  let logits: [Double]
  let tokenNLL: [Double]
  private let gradients: [Double]
  private let errors: [Double]

  init(_ name: String) throws {
    self.name = name
    checkpoint = try FamilyCheckpoint(name)
    let tensors = try readTensors(fixture("families/\(name)/expected.safetensors"))
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

  func decoder(threads: Int = 2) throws -> Decoder {
    try withTemporaryDirectory { directory in
      let model = directory.appending(path: "model")
      try checkpoint.write(to: model)
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

  /// The gradient of every trained parameter; the decoder's parameters are the stored tensors, no more and no fewer.
  func expectGradients(_ decoder: Decoder) throws {
    let parameters = Dictionary(uniqueKeysWithValues: decoder.parameters.map { ($0.name, $0) })
    #expect(Set(parameters.keys) == Set(checkpoint.shapes.map(\.name)), "\(name)")
    var start = 0
    for (index, (name, shape)) in checkpoint.shapes.enumerated() {
      let count = shape.reduce(1, *)
      if let gradient = try #require(parameters[name]).gradient {
        expectClose(
          decoder.device.download(gradient), Array(gradients[start..<start + count]),
          errors[2 * index + 4..<2 * index + 6], "gradient of " + name)
      }
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
}
