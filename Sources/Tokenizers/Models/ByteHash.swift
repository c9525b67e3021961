/// A 64-bit hash of bytes for the tables of this module: eight bytes a step, each folded in by a wide multiplication.
///
/// Not for untrusted peers that could craft collisions at leisure: tables compare the bytes, so a collision costs time
/// only, and Swift's own keyed hash costs several times as much on words of a few bytes.
@inline(__always)
func byteHash(_ bytes: Span<UInt8>) -> UInt64 {
  let raw = bytes.bytes
  var hash = UInt64(truncatingIfNeeded: bytes.count) &* 0x9E37_79B9_7F4A_7C15
  var offset = 0
  while offset + 8 <= bytes.count {
    hash = mixed(hash ^ raw.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    offset += 8
  }
  var rest: UInt64 = 0
  if bytes.count - offset >= 4 {
    rest = UInt64(raw.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self))
    offset += 4
  }
  while offset < bytes.count {
    rest = rest << 8 | UInt64(bytes[unchecked: offset])
    offset += 1
  }
  return mixed(hash ^ rest)
}

/// Both halves of the product with an odd constant, folded.
@inline(__always)
func mixed(_ value: UInt64) -> UInt64 {
  let product = (value ^ 0xD6E8_FEB8_6659_FD93).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
  return product.high ^ product.low
}

/// Whether two runs of bytes are the same.
@inline(__always)
func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
  guard left.count == right.count else { return false }
  let (left, right) = (left.bytes, right.bytes)
  var offset = 0
  while offset + 8 <= left.byteCount {
    let difference =
      left.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
      ^ right.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    if difference != 0 { return false }
    offset += 8
  }
  while offset < left.byteCount {
    if left.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
      != right.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    {
      return false
    }
    offset += 1
  }
  return true
}
