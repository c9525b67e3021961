import Dispatch
import Foundation

extension BlockScaledMatrix {
  /// The matrix's values as a file takes them, made in bounded pieces on all cores.
  /// - Parameter dtype: F32, F16 or BF16; each value is the product in f32, rounded to nearest, ties to even.
  /// - Throws: when it is written, `CheckpointError.overflow` where a finite value is too large for the type.
  public func content(as dtype: DType) -> TensorContent {
    precondition([.f32, .f16, .bf16].contains(dtype), "values are not stored as \(dtype)")
    return .bytes(dtype, shape: elements.shape) { sink in try write(as: dtype, to: sink) }
  }

  private func write(as dtype: DType, to sink: (UnsafeRawBufferPointer) throws -> Void) throws {
    let (rowCount, columns) = (elements.shape[0], elements.shape[1])
    guard rowCount > 0, columns > 0 else { return }
    let rowBytes = columns * dtype.bitWidth / 8
    let rowsPerPiece = min(rowCount, max(1, (8 << 20) / rowBytes))
    let workers = max(1, min(ProcessInfo.processInfo.activeProcessorCount, rowsPerPiece))
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: rowsPerPiece * rowBytes, alignment: 64)
    let overflows = UnsafeMutableBufferPointer<Bool>.allocate(capacity: workers)
    overflows.initialize(repeating: false)
    defer {
      piece.deallocate()
      overflows.deallocate()
    }
    // Workers write disjoint rows of the piece and each its own flag, and are joined before any is read.
    nonisolated(unsafe) let output = piece.baseAddress!
    nonisolated(unsafe) let failures = overflows
    for first in stride(from: 0, to: rowCount, by: rowsPerPiece) {
      let count = min(rowsPerPiece, rowCount - first)
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        for row in count * worker / workers..<count * (worker + 1) / workers {
          let fits = widened(first + row..<first + row + 1).withUnsafeBufferPointer {
            narrowElements($0.baseAddress!, columns, to: dtype, into: output + row * rowBytes)
          }
          if !fits { failures[worker] = true }
        }
      }
      guard !overflows.contains(true) else {
        throw CheckpointError.overflow(tensor: elements.name, dtype: dtype.name)
      }
      try sink(UnsafeRawBufferPointer(rebasing: piece[..<(count * rowBytes)]))
    }
  }
}
