/// A block of temporary memory for each worker, grown to what was asked of it so far.
///
/// `@unchecked Sendable`: each worker touches only its own entry.
final class WorkerMemory: @unchecked Sendable {
  private var blocks: [HostStorage?]
  private var sizes: [Int]

  init(workers: Int) {
    blocks = Array(repeating: nil, count: workers)
    sizes = Array(repeating: 0, count: workers)
  }

  /// A worker's block of at least `count` floats; what it holds is undefined, and asking for more gives another.
  func floats(_ worker: Int, count: Int) -> UnsafeMutablePointer<Float> {
    // Through the buffers, so that two workers never write the arrays themselves at once.
    sizes.withUnsafeMutableBufferPointer { sizes in
      blocks.withUnsafeMutableBufferPointer { blocks in
        if sizes[worker] < count {
          blocks[worker] = HostStorage(byteCount: count * 4)
          sizes[worker] = count
        }
        return blocks[worker]!.pointer.assumingMemoryBound(to: Float.self)
      }
    }
  }
}
