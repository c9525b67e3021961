import Foundation

/// Memory of exactly so many bytes before a page that nobody may touch: reading or writing past the end stops the test
/// program.
final class GuardedMemory {
  let pointer: UnsafeMutableRawPointer
  private let mapping: UnsafeMutableRawPointer
  private let length: Int

  init(byteCount: Int) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    length = (byteCount + page - 1) / page * page + page
    mapping = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    mprotect(mapping + length - page, page, PROT_NONE)
    pointer = mapping + length - page - byteCount
  }

  deinit { munmap(mapping, length) }
}
