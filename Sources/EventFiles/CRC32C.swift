/// The cyclic redundancy check of Castagnoli's polynomial (RFC 3720, appendix B.4), which TFRecord frames are sealed with.
package enum CRC32C {
  /// The remainder of each byte, least significant bit first.
  private static let table: [UInt32] = (0..<256 as Range<UInt32>).map { byte in
    (0..<8).reduce(byte) { remainder, _ in remainder & 1 == 0 ? remainder >> 1 : remainder >> 1 ^ 0x82F6_3B78 }
  }

  /// The check of some bytes.
  package static func check(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { table[Int(truncatingIfNeeded: ($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
  }

  /// The check as TFRecord stores it: rotated and offset, so that a check over stored checks stays a good one.
  package static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let check = check(bytes)
    return (check >> 15 | check << 17) &+ 0xA282_EAD8
  }
}
