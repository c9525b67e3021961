import Dispatch
import Foundation

extension GGUFFile {
  /// Makes a tensor's bytes in a type, in bounded pieces, rows in the checkpoint's order.
  ///
  /// The rows of a piece are shared among all cores; each widens a row at a time to single precision and narrows it.
  /// - Throws: `GGUFError.overflow`, and what `sink` throws.
  func narrow(_ tensor: ConvertedTensor, to dtype: DType, sink: (UnsafeRawBufferPointer) throws -> Void) throws {
    let source = tensor.source
    let rowElements = source.rowElements
    let rowBytes = rowElements * dtype.bitWidth / 8
    let rowCount = source.elementCount / rowElements
    let rowsPerPiece = min(rowCount, max(1, (8 << 20) / rowBytes))
    let workers = max(1, min(ProcessInfo.processInfo.activeProcessorCount, rowsPerPiece))
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: rowsPerPiece * rowBytes, alignment: 64)
    let scratch = UnsafeMutableBufferPointer<Float>.allocate(capacity: workers * rowElements)
    let overflows = UnsafeMutableBufferPointer<Bool>.allocate(capacity: workers)
    overflows.initialize(repeating: false)
    defer {
      piece.deallocate()
      scratch.deallocate()
      overflows.deallocate()
    }
    // Workers write disjoint rows of the piece and each its own part of the others, and are joined before any is read.
    nonisolated(unsafe) let rows = piece
    nonisolated(unsafe) let floats = scratch
    nonisolated(unsafe) let failures = overflows
    for first in stride(from: 0, to: rowCount, by: rowsPerPiece) {
      let count = min(rowsPerPiece, rowCount - first)
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        let own = count * worker / workers..<count * (worker + 1) / workers
        guard let row = floats.baseAddress, let output = rows.baseAddress else { return }
        let widened = row + worker * rowElements
        for index in own {
          widenRow(tensor.sourceRow(first + index), of: source, into: widened)
          let fits = narrowElements(widened, rowElements, to: dtype, into: output + index * rowBytes)
          if !fits { failures[worker] = true }
        }
      }
      guard !overflows.contains(true) else {
        throw GGUFError.overflow(file: name, tensor: source.name, dtype: dtype.name)
      }
      try sink(UnsafeRawBufferPointer(rebasing: piece[..<(count * rowBytes)]))
    }
  }

  private func widenRow(_ row: Int, of tensor: GGUFTensor, into destination: UnsafeMutablePointer<Float>) {
    mapping.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      dequantize(
        tensor.type, blocks: tensor.rowElements / tensor.type.blockElements,
        from: base + tensor.byteRange.lowerBound + row * tensor.rowBytes, into: destination)
    }
  }
}

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
