import COpenBLAS
import CKernels
import Checkpoints
import Foundation

/// What a CPU device multiplies matrices with.
public enum MatrixProducts: Sendable {
  /// The program's own product on AMX, which adds products of bf16 parts of f32 values and is as exact.
  case amx
  /// The program's own product on AVX-512.
  case avx512
  /// The program's own product on AVX2.
  case avx2
  /// OpenBLAS, for every other processor, and the reference that the others are tested against.
  case openBLAS

  /// What this processor has, the fastest first.
  public static let supported: [MatrixProducts] =
    (elo_split_product_supported() != 0 ? [.amx] : []) + (elo_product_supported(ELO_AVX512) != 0 ? [.avx512] : [])
    + (elo_product_supported(ELO_AVX2) != 0 ? [.avx2] : []) + [.openBLAS]
  /// The fastest that this processor has.
  public static var fastest: MatrixProducts { supported[0] }
}

/// The device that computes on the processor: its own product or OpenBLAS's, and `CKernels` for the rest.
///
/// `@unchecked Sendable`: the workers' memory is the only mutable state; each worker touches only its own entry, and
/// operations are called one at a time.
public final class CPUDevice: Device, @unchecked Sendable {
  let workers: Workers
  let products: MatrixProducts
  /// Temporary memory of operations.
  private let scratchMemory: WorkerMemory
  /// Where products pack or widen their operands; apart from `scratch`, which their callers use.
  private let packingMemory: WorkerMemory

  /// A device with a number of threads, by default one for each core.
  ///
  /// Sets OpenBLAS to one thread, for the whole process: parallel work is split here.
  public init(
    threads: Int = ProcessInfo.processInfo.activeProcessorCount, products: MatrixProducts = .fastest
  ) {
    precondition(threads > 0, "a device needs at least one thread")
    precondition(MatrixProducts.supported.contains(products), "this processor cannot multiply by \(products)")
    workers = Workers(count: threads)
    self.products = products
    scratchMemory = WorkerMemory(workers: threads)
    packingMemory = WorkerMemory(workers: threads)
    openblas_set_num_threads(1)
  }

  /// How many threads work.
  public var threads: Int { workers.count }

  /// A worker's temporary memory of at least `count` floats; what it holds is undefined.
  func scratch(_ worker: Int, count: Int) -> UnsafeMutablePointer<Float> {
    scratchMemory.floats(worker, count: count)
  }

  /// A worker's memory for a product's operands, likewise.
  func packing(_ worker: Int, count: Int) -> UnsafeMutablePointer<Float> {
    packingMemory.floats(worker, count: count)
  }
}
