// Legend: d, m scale and minimum of a block; q an integer of the block. Layouts: `ggml-common.h`. The order of the
// operations is that of gguf-py's `quants.py`, and no product is fused with a sum, so the results agree bit for bit.

/// Widens whole blocks to single precision.
/// - Parameters:
///   - blocks: How many blocks.
///   - source: The first block's first byte, at any alignment.
///   - destination: Room for `blocks * type.blockElements` elements; overwritten.
func dequantize(
  _ type: GGMLType, blocks: Int, from source: UnsafeRawPointer, into destination: UnsafeMutablePointer<Float>
) {
  switch type {
  case .f32:
    destination.withMemoryRebound(to: UInt8.self, capacity: blocks * 4) { bytes in
      UnsafeMutableRawPointer(bytes).copyMemory(from: source, byteCount: blocks * 4)
    }
  case .f16: widenF16(blocks, source, destination)
  case .bf16: widenBF16(blocks, source, destination)
  case .q4x0: dequantizeQ4x0(blocks, source, destination)
  case .q4x1: dequantizeQ4x1(blocks, source, destination)
  case .q5x0: dequantizeQ5x0(blocks, source, destination)
  case .q5x1: dequantizeQ5x1(blocks, source, destination)
  case .q8x0: dequantizeQ8x0(blocks, source, destination)
  case .q4K: dequantizeQ4K(blocks, source, destination)
  case .q5K: dequantizeQ5K(blocks, source, destination)
  case .q6K: dequantizeQ6K(blocks, source, destination)
  }
}

/// The value of an IEEE half given by its bits, exactly.
///
/// Shifted into a single's fields a half's exponent is 112 too small; a product with 2^112 corrects it for normal
/// and subnormal halves alike. Only infinities and NaNs need their exponent set.
@inline(__always)
func widenHalf(_ bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let magnitude = UInt32(bits & 0x7FFF) << 13
  let finite = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
  return Float(bitPattern: sign | (magnitude < 0x0F80_0000 ? finite : magnitude | 0x7F80_0000))
}

@inline(__always)
private func half(_ source: UnsafeRawPointer, _ offset: Int) -> Float {
  widenHalf(UInt16(littleEndian: source.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
}

private func widenF16(_ count: Int, _ source: UnsafeRawPointer, _ destination: UnsafeMutablePointer<Float>) {
  for i in 0..<count { destination[i] = half(source, 2 * i) }
}

private func widenBF16(_ count: Int, _ source: UnsafeRawPointer, _ destination: UnsafeMutablePointer<Float>) {
  for i in 0..<count {
    let bits = UInt16(littleEndian: source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
    destination[i] = Float(bitPattern: UInt32(bits) << 16)
  }
}

/// `d: f16, q: 16 bytes`; byte j holds elements j (low half) and j + 16; y = d (q - 8).
private func dequantizeQ4x0(_ blocks: Int, _ source: UnsafeRawPointer, _ destination: UnsafeMutablePointer<Float>) {
  for block in 0..<blocks {
    let x = source + block * 18
    let y = destination + block * 32
    let d = half(x, 0)
    let q = (x + 2).assumingMemoryBound(to: UInt8.self)
    for j in 0..<16 {
      y[j] = d * Float(Int32(q[j] & 15) &- 8)
      y[j + 16] = d * Float(Int32(q[j] >> 4) &- 8)
    }
  }
}

/// `d, m: f16, q: 16 bytes` in Q4_0's order; y = d q + m.
private func dequantizeQ4x1(_ blocks: Int, _ source: UnsafeRawPointer, _ destination: UnsafeMutablePointer<Float>) {
  for block in 0..<blocks {
    let x = source + block * 20
    let y = destination + block * 32
    let d = half(x, 0)
    let m = half(x, 2)
    let q = (x + 4).assumingMemoryBound(to: UInt8.self)
    for j in 0..<16 {
      y[j] = d * Float(Int32(q[j] & 15)) + m
      y[j + 16] = d * Float(Int32(q[j] >> 4)) + m
    }
  }
}

/// `d: f16, h: u32, q: 16 bytes` in Q4_0's order; bit j of h is element j's fifth bit; y = d (q - 16).
private func dequantizeQ5x0(_ blocks: Int, _ source: UnsafeRawPointer, _ destination: UnsafeMutablePointer<Float>) {
  for block in 0..<blocks {
    let x = source + block * 22
    let y = destination + block * 32
    let d = half(x, 0)
    let h = UInt32(littleEndian: x.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
    let q = (x + 6).assumingMemoryBound(to: UInt8.self)
    for j in 0..<16 {
      let bit = UInt32(truncatingIfNeeded: j)
      y[j] = d * Float(Int32(q[j] & 15) + Int32((h &>> bit & 1) << 4) &- 16)
      y[j + 16] = d * Float(Int32(q[j] >> 4) + Int32((h &>> (bit + 16) & 1) << 4) &- 16)
    }
  }
}

/// `d, m: f16, h: u32, q: 16 bytes` in Q5_0's order; y = d q + m.
private func dequantizeQ5x1(_ blocks: Int, _ source: UnsafeRawPointer, _ destination: UnsafeMutablePointer<Float>) {
  for block in 0..<blocks {
    let x = source + block * 24
    let y = destination + block * 32
    let d = half(x, 0)
    let m = half(x, 2)
    let h = UInt32(littleEndian: x.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    let q = (x + 8).assumingMemoryBound(to: UInt8.self)
    for j in 0..<16 {
      let bit = UInt32(truncatingIfNeeded: j)
      y[j] = d * Float(Int32(q[j] & 15) + Int32((h &>> bit & 1) << 4)) + m
      y[j + 16] = d * Float(Int32(q[j] >> 4) + Int32((h &>> (bit + 16) & 1) << 4)) + m
    }
  }
}

/// `d: f16, q: 32 signed bytes`; y = d q.
private func dequantizeQ8x0(_ blocks: Int, _ source: UnsafeRawPointer, _ destination: UnsafeMutablePointer<Float>) {
  for block in 0..<blocks {
    let x = source + block * 34
    let y = destination + block * 32
    let d = half(x, 0)
    let q = (x + 2).assumingMemoryBound(to: Int8.self)
    for j in 0..<32 { y[j] = Float(Int32(q[j])) * d }
  }
}

/// `d, m: f16, scales: 12 bytes, q: 128 bytes`; each 32 bytes hold 64 elements, the low halves first.
///
/// Sub-block i of 32 elements: y = (d s_i) q - (m t_i) with six-bit s and t.
private func dequantizeQ4K(_ blocks: Int, _ source: UnsafeRawPointer, _ destination: UnsafeMutablePointer<Float>) {
  for block in 0..<blocks {
    let x = source + block * 144
    let y = destination + block * 256
    let d = half(x, 0)
    let m = half(x, 2)
    let scales = (x + 4).assumingMemoryBound(to: UInt8.self)
    let q = (x + 16).assumingMemoryBound(to: UInt8.self)
    for pair in 0..<4 {
      let (s0, t0) = sixBitScaleAndMinimum(scales, 2 * pair)
      let (s1, t1) = sixBitScaleAndMinimum(scales, 2 * pair + 1)
      let (d0, m0, d1, m1) = (d * s0, m * t0, d * s1, m * t1)
      for j in 0..<32 {
        let byte = q[32 * pair + j]
        y[64 * pair + j] = d0 * Float(Int32(byte & 15)) - m0
        y[64 * pair + 32 + j] = d1 * Float(Int32(byte >> 4)) - m1
      }
    }
  }
}

/// Q4_K with `h: 32 bytes` before q: bit i of byte j is the fifth bit of element j of sub-block i.
private func dequantizeQ5K(_ blocks: Int, _ source: UnsafeRawPointer, _ destination: UnsafeMutablePointer<Float>) {
  for block in 0..<blocks {
    let x = source + block * 176
    let y = destination + block * 256
    let d = half(x, 0)
    let m = half(x, 2)
    let scales = (x + 4).assumingMemoryBound(to: UInt8.self)
    let h = (x + 16).assumingMemoryBound(to: UInt8.self)
    let q = (x + 48).assumingMemoryBound(to: UInt8.self)
    for pair in 0..<4 {
      let (s0, t0) = sixBitScaleAndMinimum(scales, 2 * pair)
      let (s1, t1) = sixBitScaleAndMinimum(scales, 2 * pair + 1)
      let (d0, m0, d1, m1) = (d * s0, m * t0, d * s1, m * t1)
      let bit = UInt8(truncatingIfNeeded: 2 * pair)
      for j in 0..<32 {
        let byte = q[32 * pair + j]
        y[64 * pair + j] = d0 * Float(Int32((byte & 15) | ((h[j] &>> bit & 1) << 4))) - m0
        y[64 * pair + 32 + j] = d1 * Float(Int32((byte >> 4) | ((h[j] &>> (bit + 1) & 1) << 4))) - m1
      }
    }
  }
}

/// The six-bit scale and minimum of sub-block i in Q4_K's and Q5_K's twelve bytes.
///
/// Sub-blocks 0..<4 have theirs in the low six bits of bytes i and i + 4; 4..<8 have four bits each in byte i + 4 and
/// the two upper bits in the top of bytes i - 4 and i.
@inline(__always)
private func sixBitScaleAndMinimum(_ scales: UnsafePointer<UInt8>, _ i: Int) -> (scale: Float, minimum: Float) {
  if i < 4 { return (Float(scales[i] & 63), Float(scales[i + 4] & 63)) }
  return (
    Float((scales[i + 4] & 15) | ((scales[i - 4] >> 6) << 4)), Float((scales[i + 4] >> 4) | ((scales[i] >> 6) << 4))
  )
}

/// `ql: 128 bytes, qh: 64 bytes, s: 16 signed bytes, d: f16`; y = (d s) (q - 32), a scale for each 16 elements.
///
/// Half a block is 128 elements: element 32 k + j has its low four bits in byte j + 32 (k mod 2) of ql (low half for
/// k < 2), its upper two in bits 2k of byte j of qh.
private func dequantizeQ6K(_ blocks: Int, _ source: UnsafeRawPointer, _ destination: UnsafeMutablePointer<Float>) {
  for block in 0..<blocks {
    let x = source + block * 210
    let d = half(x, 208)
    for part in 0..<2 {
      let y = destination + block * 256 + part * 128
      let ql = (x + 64 * part).assumingMemoryBound(to: UInt8.self)
      let qh = (x + 128 + 32 * part).assumingMemoryBound(to: UInt8.self)
      let scales = (x + 192 + 8 * part).assumingMemoryBound(to: Int8.self)
      for run in 0..<8 {
        let ds = d * Float(scales[run])
        let k = run / 2
        let first = run % 2 * 16
        let low = ql + 32 * (k % 2) + first
        let lowShift = UInt8(truncatingIfNeeded: k / 2 * 4)
        let highShift = UInt8(truncatingIfNeeded: 2 * k)
        for j in 0..<16 {
          let q = (low[j] &>> lowShift & 15) | ((qh[first + j] &>> highShift & 3) << 4)
          y[16 * run + j] = ds * Float(Int32(q) &- 32)
        }
      }
    }
  }
}
