import Checkpoints
import Foundation
import TestSupport
import Testing

/// 8-bit floats with scales against what torch makes of them, bit for bit.
@Suite struct BlockScaledMatrixTests {
  private let tensors: [String: StoredTensor]

  init() throws { tensors = try readTensors(fixture("float8/blocks.safetensors")) }

  private typealias Block = WeightQuantization.Block
  private static let cases: [(String, WeightQuantization.Block?)] = [
    ("codes", Block(rows: 128, columns: 128)), ("uneven", Block(rows: 3, columns: 4)),
    ("powers", Block(rows: 1, columns: 1)), ("single", nil),
  ]

  @Test(arguments: cases)
  func `values are those of torch, in pieces too`(_ name: String, _ block: WeightQuantization.Block?) throws {
    let matrix = try self.matrix(name, block)
    let rows = matrix.elements.shape[0]
    let expected = tensors[name + ".expected"]!.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self) }
    }
    for cut in [0, 1, rows - 1] {
      let values = matrix.widened(0..<cut) + matrix.widened(cut..<rows)
      for (value, bits) in zip(values, expected) {
        // A NaN is a NaN, whatever else it says.
        #expect(value.bitPattern == bits || (value.isNaN && Float(bitPattern: bits).isNaN))
      }
      #expect(values.count == expected.count)
    }
  }

  @Test func `scales of another shape, and elements of another type, are refused`() throws {
    #expect(throws: BlockScaledMatrix.Problem.notScales("BF16 [3, 3]", expected: [2, 3])) {
      try matrix("uneven", Block(rows: 4, columns: 4))
    }
    #expect(throws: BlockScaledMatrix.Problem.notScales("BF16 [3, 3]", expected: [1, 1])) { try matrix("uneven", nil) }
    #expect(throws: BlockScaledMatrix.Problem.notElements("F32 [5, 3]")) {
      try BlockScaledMatrix(tensors["single.expected"]!, scales: tensors["single.weight_scale_inv"]!, block: nil)
    }
  }

  @discardableResult
  private func matrix(_ name: String, _ block: WeightQuantization.Block?) throws -> BlockScaledMatrix {
    try BlockScaledMatrix(
      tensors[name + ".weight"]!, scales: tensors[name + ".weight_scale_inv"]!, block: block)
  }
}
