import JSONText

/// How config.json says that weights are stored in fewer bits than they are computed in.
public enum WeightQuantization: Sendable, Hashable {
  /// Matrices in F8_E4M3 with `NAME_scale_inv`: a scale for each block, or one for each matrix where there is no block.
  /// See `BlockScaledMatrix`.
  case float8(block: Block?)
  /// Another method, by its name.
  case other(method: String)

  /// The size of a block.
  public struct Block: Sendable, Hashable {
    /// Rows.
    public let rows: Int
    /// Columns.
    public let columns: Int

    /// A block of some size.
    public init(rows: Int, columns: Int) {
      self.rows = rows
      self.columns = columns
    }
  }

  /// `weight_block_size` is no pair of positive whole numbers; `spelling` is what it is.
  public struct MalformedBlock: Error, Equatable {
    /// The value as it stands in config.json.
    public let spelling: String
  }

  /// The keys that say so, in the document or, in a multimodal config, in the decoder's part of it.
  package static let keys = ["quantization_config", "compression_config"]

  /// Reads `quantization_config`; nil where there is none.
  /// - Parameter decoder: the object that describes the decoder, where that is not the document.
  public init?(_ config: ConfigText, decoder: JSONNode? = nil) throws(MalformedBlock) {
    let objects = [decoder, config.root].compactMap(\.self)
    guard let node = objects.lazy.compactMap({ $0["quantization_config"] }).first(where: { !$0.isNull }) else {
      guard objects.contains(where: { $0["compression_config"]?.isNull == false }) else { return nil }
      self = .other(method: "compressed-tensors")
      return
    }
    let method = node["quant_method"]?.string ?? "an unnamed method"
    guard method == "fp8" else {
      self = .other(method: method)
      return
    }
    guard let sizes = node["weight_block_size"], !sizes.isNull else {
      self = .float8(block: nil)
      return
    }
    guard let elements = sizes.elements, elements.count == 2, let rows = elements[0].int, let columns = elements[1].int,
      rows > 0, columns > 0
    else { throw MalformedBlock(spelling: config.spelling(of: sizes)) }
    self = .float8(block: Block(rows: rows, columns: columns))
  }
}
