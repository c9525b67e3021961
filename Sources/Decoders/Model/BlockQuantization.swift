import Checkpoints
import JSONText

/// Matrices in fp8 with a scale for each block, see `BlockScaledMatrix`.
public struct BlockQuantization: Sendable, Hashable {
  /// The size of a block.
  public struct Block: Sendable, Hashable {
    /// Rows.
    public let rows: Int
    /// Columns.
    public let columns: Int
  }

  /// Nil for one scale for each matrix.
  public let block: Block?
}

extension DecoderConfiguration {
  /// `quantization_config`, which in a multimodal config may stand outside the decoder's part.
  /// - Throws: `DecoderError.quantized` for every method but fp8 with scales by block or by matrix.
  static func quantization(_ keys: ConfigKeys, _ config: ConfigText) throws(DecoderError) -> BlockQuantization? {
    guard let node = keys["quantization_config"] ?? config["quantization_config"], !node.isNull else {
      if config["compression_config"] != nil { throw .quantized(method: "compressed-tensors") }
      return nil
    }
    let method = node["quant_method"]?.string ?? "an unnamed method"
    guard method == "fp8" else { throw .quantized(method: method) }
    guard let sizes = node["weight_block_size"], !sizes.isNull else { return BlockQuantization(block: nil) }
    guard let elements = sizes.elements, elements.count == 2, let rows = elements[0].int, let columns = elements[1].int,
      rows > 0, columns > 0
    else {
      throw .badValue(
        key: "weight_block_size", value: keys.spelling(of: sizes), expected: "two positive whole numbers, or null")
    }
    return BlockQuantization(block: .init(rows: rows, columns: columns))
  }
}
