/// How a GGUF tensor stores its elements: blocks of a fixed number of elements in a fixed number of bytes.
///
/// The numbers are ggml's (`enum ggml_type`), the block layouts those of `ggml-common.h`. A row of a tensor is a
/// whole number of blocks.
public enum GGMLType: UInt32, Sendable, Hashable, CaseIterable {
  /// IEEE single precision.
  case f32 = 0
  /// IEEE half precision.
  case f16 = 1
  /// 32 elements: scale, 4-bit integers around 8.
  case q4x0 = 2
  /// 32 elements: scale, minimum, 4-bit integers.
  case q4x1 = 3
  /// 32 elements: scale, 5-bit integers around 16.
  case q5x0 = 6
  /// 32 elements: scale, minimum, 5-bit integers.
  case q5x1 = 7
  /// 32 elements: scale, 8-bit integers.
  case q8x0 = 8
  /// 256 elements: 8 sub-blocks with 6-bit scales and minima, 4-bit integers.
  case q4K = 12
  /// 256 elements: 8 sub-blocks with 6-bit scales and minima, 5-bit integers.
  case q5K = 13
  /// 256 elements: 16 sub-blocks with 8-bit scales, 6-bit integers around 32.
  case q6K = 14
  /// The upper half of an IEEE single.
  case bf16 = 30

  /// The format's own name for the type.
  public var name: String {
    switch self {
    case .f32: "F32"
    case .f16: "F16"
    case .bf16: "BF16"
    case .q4x0: "Q4_0"
    case .q4x1: "Q4_1"
    case .q5x0: "Q5_0"
    case .q5x1: "Q5_1"
    case .q8x0: "Q8_0"
    case .q4K: "Q4_K"
    case .q5K: "Q5_K"
    case .q6K: "Q6_K"
    }
  }

  /// The elements of one block.
  public var blockElements: Int {
    switch self {
    case .f32, .f16, .bf16: 1
    case .q4x0, .q4x1, .q5x0, .q5x1, .q8x0: 32
    case .q4K, .q5K, .q6K: 256
    }
  }

  /// The bytes of one block.
  public var blockBytes: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .q4x0: 2 + 16
    case .q4x1: 2 + 2 + 16
    case .q5x0: 2 + 4 + 16
    case .q5x1: 2 + 2 + 4 + 16
    case .q8x0: 2 + 32
    case .q4K: 2 + 2 + 12 + 128
    case .q5K: 2 + 2 + 12 + 32 + 128
    case .q6K: 128 + 64 + 16 + 2
    }
  }

  /// What to call a type in a message, also one that is not read here.
  static func describe(_ number: UInt32) -> String {
    if let type = GGMLType(rawValue: number) { return type.name }
    return unreadNames[number] ?? "type number \(number)"
  }

  private static let unreadNames: [UInt32: String] = [
    9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
    20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
    29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4",
  ]
}
