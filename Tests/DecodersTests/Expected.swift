import Checkpoints
import Decoders
import Foundation
import TestSupport
import Testing

/// What `transformers` computed, with the error that it makes itself in float32.
struct Expected {
  private let tensors: [String: StoredTensor]

  init(_ file: URL) throws { tensors = try readTensors(file) }

  func shape(_ name: String) -> [Int] { tensors[name]!.shape }

  func integers(_ name: String) -> [Int32] {
    tensors[name]!.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
  }

  func doubles(_ name: String) -> [Double] {
    tensors[name]!.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 8).map { bytes.loadUnaligned(fromByteOffset: $0, as: Double.self) }
    }
  }

  func packedBatch(on device: any Device) -> TokenBatch {
    let bounds = integers("packed.spans").map(Int.init)
    return TokenBatch(
      ids: integers("packed.ids"), targets: integers("packed.targets"), positions: integers("packed.positions"),
      spans: stride(from: 0, to: bounds.count, by: 2).map { bounds[$0]..<bounds[$0 + 1] }, device: device)
  }

  /// Every element is compared: the norm of the whole error against twice that of `transformers` in float32, and no
  /// single element further off than twice its worst.
  func expectClose(_ values: [Float], _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let reference = doubles(name)
    let allowed = doubles("f32_error." + name)
    guard values.count == reference.count else {
      Issue.record("\(name): \(values.count) values for \(reference.count)", sourceLocation: sourceLocation)
      return
    }
    let errors = zip(values, reference).map { abs(Double($0) - $1) }
    let norm = errors.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let worst = errors.max() ?? 0
    #expect(
      norm <= 2 * allowed[1], "\(name): error \(norm), transformers in f32 \(allowed[1])",
      sourceLocation: sourceLocation)
    #expect(
      worst <= 2 * allowed[0], "\(name): worst element \(worst), transformers in f32 \(allowed[0])",
      sourceLocation: sourceLocation)
  }
}
