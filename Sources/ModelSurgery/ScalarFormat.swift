import Checkpoints

/// The number formats that blending and casting compute with.
///
/// Values are computed in double precision and rounded once, to nearest, ties to even.
enum ScalarFormat: Sendable {
  case f64, f32, f16, bf16

  init?(_ dtype: DType) {
    switch dtype {
    case .f64: self = .f64
    case .f32: self = .f32
    case .f16: self = .f16
    case .bf16: self = .bf16
    default: return nil
    }
  }

  var byteWidth: Int {
    switch self {
    case .f64: 8
    case .f32: 4
    case .f16, .bf16: 2
    }
  }

  /// The value of element `index` of a buffer at any alignment.
  func value(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Double {
    let offset = index * byteWidth
    switch self {
    case .f64: return Double(bitPattern: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
    case .f32:
      return Double(Float(bitPattern: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian))
    case .f16:
      return Double(Float16(bitPattern: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self).littleEndian))
    case .bf16:
      let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self).littleEndian
      return Double(Float(bitPattern: UInt32(bits) << 16))
    }
  }

  /// Stores a value as element `index`, rounded to nearest even.
  func store(_ value: Double, to bytes: UnsafeMutableRawBufferPointer, at index: Int) {
    let offset = index * byteWidth
    switch self {
    case .f64: bytes.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: offset, as: UInt64.self)
    case .f32: bytes.storeBytes(of: Float(value).bitPattern.littleEndian, toByteOffset: offset, as: UInt32.self)
    case .f16: bytes.storeBytes(of: Float16(value).bitPattern.littleEndian, toByteOffset: offset, as: UInt16.self)
    case .bf16: bytes.storeBytes(of: Self.bf16Bits(value).littleEndian, toByteOffset: offset, as: UInt16.self)
    }
  }

  /// The bits of the bfloat16 nearest to a value.
  ///
  /// Rounding to single first and then to bfloat16 would round twice; rounding to odd in the first step (cut off, last
  /// bit set when anything was lost) makes the second step exact, since single has more than two bits to spare.
  static func bf16Bits(_ value: Double) -> UInt16 {
    var single = Float(value)
    if value.isFinite, Double(single) != value {
      if Double(single.magnitude) > value.magnitude { single = value < 0 ? single.nextUp : single.nextDown }
      single = Float(bitPattern: single.bitPattern | 1)
    }
    guard !single.isNaN else { return UInt16(truncatingIfNeeded: single.bitPattern >> 16) | 0x40 }
    let bits = single.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }
}

/// The first element of a piece of a tensor that is NaN or infinite, nil when there is none or the type has no such
/// values that training could leave (integers, packed formats).
///
/// The piece must be aligned for its type.
func firstNonFinite(_ bytes: UnsafeRawBufferPointer, _ dtype: DType) -> Int? {
  func first<Bits: FixedWidthInteger>(_: Bits.Type, exponent: Bits) -> Int? {
    bytes.withMemoryRebound(to: Bits.self) { elements in
      // The scan without an early exit is vectorised; the search for the place runs in the bad case only.
      var found: Bits = 0
      for element in elements { found |= element & exponent == exponent ? 1 : 0 }
      return found == 0 ? nil : elements.firstIndex { $0 & exponent == exponent }
    }
  }
  switch dtype {
  case .f64: return first(UInt64.self, exponent: 0x7FF0_0000_0000_0000)
  case .f32: return first(UInt32.self, exponent: 0x7F80_0000)
  case .f16: return first(UInt16.self, exponent: 0x7C00)
  case .bf16: return first(UInt16.self, exponent: 0x7F80)
  case .f8e5m2: return first(UInt8.self, exponent: 0x7C)
  case .f8e4m3: return first(UInt8.self, exponent: 0x7F)
  default: return nil
  }
}
