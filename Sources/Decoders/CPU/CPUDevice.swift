import COpenBLAS
import Checkpoints
import CKernels
import Foundation

/// The device that computes on the processor: OpenBLAS for products, `CKernels` for the rest.
///
/// `@unchecked Sendable`: `scratch` is the only mutable state; each worker touches only its own entry, and operations
/// are called one at a time.
public final class CPUDevice: Device, @unchecked Sendable {
  let workers: Workers
  /// Temporary memory of each worker, grown to what the operations so far needed.
  private var scratch: [HostStorage?]
  private var scratchSizes: [Int]

  /// A device with a number of threads, by default one for each core.
  ///
  /// Sets OpenBLAS to one thread, for the whole process: parallel work is split here.
  public init(threads: Int = ProcessInfo.processInfo.activeProcessorCount) {
    precondition(threads > 0, "a device needs at least one thread")
    workers = Workers(count: threads)
    scratch = Array(repeating: nil, count: threads)
    scratchSizes = Array(repeating: 0, count: threads)
    openblas_set_num_threads(1)
  }

  /// How many threads work.
  public var threads: Int { workers.count }

  /// A worker's temporary memory of at least `count` floats; what it holds is undefined.
  func scratch(_ worker: Int, count: Int) -> UnsafeMutablePointer<Float> {
    // Through the buffer, so that two workers never write the array itself at once.
    scratchSizes.withUnsafeMutableBufferPointer { sizes in
      scratch.withUnsafeMutableBufferPointer { blocks in
        if sizes[worker] < count {
          blocks[worker] = HostStorage(byteCount: count * 4)
          sizes[worker] = count
        }
        return blocks[worker]!.pointer.assumingMemoryBound(to: Float.self)
      }
    }
  }
}
