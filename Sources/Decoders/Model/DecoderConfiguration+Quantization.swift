import Checkpoints

extension DecoderConfiguration {
  /// How config.json says that matrices are quantised; nil where they are not.
  /// - Throws: `DecoderError.quantized` for every method but fp8 with scales by block or by matrix.
  static func quantization(_ keys: ConfigKeys) throws(DecoderError) -> WeightQuantization? {
    let quantization: WeightQuantization?
    do { quantization = try WeightQuantization(keys.config, decoder: keys.object) } catch {
      throw .badValue(
        key: "weight_block_size", value: error.spelling, expected: "two positive whole numbers, or null")
    }
    if case .other(let method)? = quantization { throw .quantized(method: method) }
    return quantization
  }
}
