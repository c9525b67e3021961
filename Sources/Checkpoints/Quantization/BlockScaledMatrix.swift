/// A matrix of 8-bit floats (E4M3, arXiv 2209.05433: finite, exponent bias 7) with a scale for each block of it, as
/// DeepSeek-V3 and Qwen 3 are published in fp8: a value is its element times its block's scale, `NAME_scale_inv`.
public struct BlockScaledMatrix: Sendable {
  /// The elements, F8_E4M3 `[O, I]`.
  public let elements: StoredTensor
  private let scales: [Float]
  private let blockRows: Int
  private let blockColumns: Int
  private let scaleColumns: Int

  /// Why elements and scales do not belong together.
  public enum Problem: Error, Equatable {
    /// The elements are no matrix of F8_E4M3.
    case notElements(String)
    /// The scales are none of F32, BF16, F16 and F8_E8M0, or not one for each block.
    case notScales(String, expected: [Int])
  }

  /// The name of the scales that belong to a matrix.
  public static func scalesName(of matrix: String) -> String { matrix + "_scale_inv" }

  /// Takes elements and their scales.
  /// - Parameter block: nil for one scale for all elements.
  public init(
    _ elements: StoredTensor, scales: StoredTensor, block: WeightQuantization.Block?
  ) throws(Problem) {
    guard elements.dtype == .f8e4m3, elements.shape.count == 2 else { throw .notElements(elements.kind) }
    let (rows, columns) = (elements.shape[0], elements.shape[1])
    let (height, width) = (max(1, block?.rows ?? rows), max(1, block?.columns ?? columns))
    let grid = [(rows + height - 1) / height, (columns + width - 1) / width]
    guard let values = Self.values(ofScales: scales),
      scales.shape == grid || (block == nil && scales.elementCount == 1)
    else { throw .notScales(scales.kind, expected: grid) }
    self.elements = elements
    self.scales = values
    (blockRows, blockColumns, scaleColumns) = (height, width, block == nil ? 1 : grid[1])
  }

  /// Nil for a type that holds no scales.
  private static func values(ofScales scales: StoredTensor) -> [Float]? {
    scales.withUnsafeBytes { bytes in
      func words<Word>(_: Word.Type) -> [Word] {
        (0..<scales.elementCount).map {
          bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Word>.size, as: Word.self)
        }
      }
      return switch scales.dtype {
      case .f32: words(Float.self)
      case .f16: words(Float16.self).map(Float.init)
      case .bf16: words(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
      // 2 to the power of the byte less 127; the highest byte is NaN, the lowest a subnormal number.
      case .f8e8m0:
        words(UInt8.self).map { $0 == 255 ? .nan : Float(sign: .plus, exponent: Int($0) - 127, significand: 1) }
      default: nil
      }
    }
  }

  /// The values of some rows, row-major, in f32: each the rounded product of its element and its scale.
  public func widened(_ rows: Range<Int>) -> [Float] {
    let columns = elements.shape[1]
    return elements.withUnsafeBytes { bytes in
      [Float](unsafeUninitializedCapacity: rows.count * columns) { buffer, count in
        var place = 0
        for row in rows {
          let scaleRow = row / blockRows * scaleColumns
          for start in stride(from: 0, to: columns, by: blockColumns) {
            let scale = scales[scaleRow + start / blockColumns]
            for column in start..<min(start + blockColumns, columns) {
              buffer[place] = Self.values[Int(bytes[row * columns + column])] * scale
              place += 1
            }
          }
        }
        count = place
      }
    }
  }

  /// What each byte means.
  private static let values: [Float] = (0..<256).map { byte in
    let (exponent, mantissa) = (byte >> 3 & 15, Float(byte & 7) / 8)
    let magnitude: Float =
      switch (exponent, byte & 7) {
      case (15, 7): .nan
      case (0, _): Float(sign: .plus, exponent: -6, significand: mantissa)
      default: Float(sign: .plus, exponent: exponent - 7, significand: 1 + mantissa)
      }
    return byte < 128 ? magnitude : -magnitude
  }
}
