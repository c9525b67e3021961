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
