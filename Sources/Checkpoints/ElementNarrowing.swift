/// Narrows elements to a type, rounding to nearest, ties to even.
/// - Returns: false where a finite element is too large for the type.
func narrowElements(
  _ source: UnsafePointer<Float>, _ count: Int, to dtype: DType, into destination: UnsafeMutableRawPointer
) -> Bool {
  switch dtype {
  case .f32:
    destination.copyMemory(from: source, byteCount: 4 * count)
    return true
  case .f16:
    var fits = true
    for i in 0..<count {
      let half = Float16(source[i])
      if half.isInfinite && source[i].isFinite { fits = false }
      destination.storeBytes(of: half.bitPattern.littleEndian, toByteOffset: 2 * i, as: UInt16.self)
    }
    return fits
  case .bf16:
    var infinities = 0
    for i in 0..<count {
      let bits = source[i].bitPattern
      let exponentIsFull = bits & 0x7F80_0000 == 0x7F80_0000
      let rounded = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits &>> 16 & 1)) &>> 16)
      // A NaN keeps its upper bits and becomes quiet; rounding could carry it into an infinity.
      let isNaN = bits & 0x7FFF_FFFF > 0x7F80_0000
      let result = isNaN ? UInt16(truncatingIfNeeded: bits &>> 16) | 0x40 : rounded
      infinities += !exponentIsFull && result & 0x7F80 == 0x7F80 ? 1 : 0
      destination.storeBytes(of: result.littleEndian, toByteOffset: 2 * i, as: UInt16.self)
    }
    return infinities == 0
  default: preconditionFailure("no conversion writes \(dtype)")
  }
}
