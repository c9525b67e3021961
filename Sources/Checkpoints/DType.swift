/// An element type of safetensors: a name and a width.
///
/// Checkpoints are moved as bytes, so a type needs no arithmetic here. Sub-byte types (`F4`, `F6_E2M3`, `F6_E3M2`) are
/// packed; a tensor's shape is the logical one.
public struct DType: Hashable, Sendable, CustomStringConvertible {
  /// The name in a safetensors header, such as `BF16`.
  public let name: String
  /// Bits per element.
  public let bitWidth: Int

  private init(_ name: String, _ bitWidth: Int) {
    self.name = name
    self.bitWidth = bitWidth
  }

  /// The type of a name as safetensors spells it, nil for a name the format does not have.
  public init?(safetensorsName name: String) {
    guard let dtype = Self.byName[name] else { return nil }
    self = dtype
  }

  /// The name in a safetensors header.
  public var description: String { name }

  /// The bytes that `elementCount` elements take, nil when they do not fill whole bytes or the number overflows.
  public func byteCount(elementCount: Int) -> Int? {
    let (bits, overflow) = elementCount.multipliedReportingOverflow(by: bitWidth)
    guard !overflow, bits % 8 == 0 else { return nil }
    return bits / 8
  }

  /// Boolean, one byte.
  public static let bool = DType("BOOL", 8)
  /// 4-bit float (MXFP4 element), two per byte.
  public static let f4 = DType("F4", 4)
  /// 6-bit float with 2 exponent bits.
  public static let f6e2m3 = DType("F6_E2M3", 6)
  /// 6-bit float with 3 exponent bits.
  public static let f6e3m2 = DType("F6_E3M2", 6)
  /// Unsigned 8-bit integer.
  public static let u8 = DType("U8", 8)
  /// Signed 8-bit integer.
  public static let i8 = DType("I8", 8)
  /// 8-bit float with 5 exponent bits.
  public static let f8e5m2 = DType("F8_E5M2", 8)
  /// 8-bit float with 4 exponent bits, finite.
  public static let f8e4m3 = DType("F8_E4M3", 8)
  /// 8-bit exponent, the scale type of MX formats.
  public static let f8e8m0 = DType("F8_E8M0", 8)
  /// 8-bit float with 4 exponent bits, finite, without negative zero.
  public static let f8e4m3fnuz = DType("F8_E4M3FNUZ", 8)
  /// 8-bit float with 5 exponent bits, finite, without negative zero.
  public static let f8e5m2fnuz = DType("F8_E5M2FNUZ", 8)
  /// Signed 16-bit integer.
  public static let i16 = DType("I16", 16)
  /// Unsigned 16-bit integer.
  public static let u16 = DType("U16", 16)
  /// IEEE 754 half precision.
  public static let f16 = DType("F16", 16)
  /// bfloat16: the upper half of a single.
  public static let bf16 = DType("BF16", 16)
  /// Signed 32-bit integer.
  public static let i32 = DType("I32", 32)
  /// Unsigned 32-bit integer.
  public static let u32 = DType("U32", 32)
  /// IEEE 754 single precision.
  public static let f32 = DType("F32", 32)
  /// Two singles.
  public static let c64 = DType("C64", 64)
  /// IEEE 754 double precision.
  public static let f64 = DType("F64", 64)
  /// Signed 64-bit integer.
  public static let i64 = DType("I64", 64)
  /// Unsigned 64-bit integer.
  public static let u64 = DType("U64", 64)

  /// Every type of the format, safetensors 0.8.
  public static let all: [DType] = [
    bool, f4, f6e2m3, f6e3m2, u8, i8, f8e5m2, f8e4m3, f8e8m0, f8e4m3fnuz, f8e5m2fnuz, i16, u16, f16, bf16, i32, u32,
    f32, c64, f64, i64, u64,
  ]
  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
