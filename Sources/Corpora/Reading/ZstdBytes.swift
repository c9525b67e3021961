import CZstd

/// Decompresses Zstandard data (RFC 8878), one frame after the other.
final class ZstdBytes: ByteStream {
  private let stored: StoredBytes
  private let chunkSize: Int
  private let stream: OpaquePointer
  private var input: [UInt8] = []
  private var consumed = 0
  private var isInsideFrame = true

  init(_ stored: StoredBytes, chunkSize: Int) {
    self.stored = stored
    self.chunkSize = chunkSize
    guard let stream = ZSTD_createDStream() else { preconditionFailure("no memory for a Zstandard stream") }
    self.stream = stream
    // Corpora are often packed with `--long=31`; how much memory that takes is the file's choice.
    ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, 31)
  }

  deinit {
    ZSTD_freeDStream(stream)
  }

  func next() throws(CorpusError) -> [UInt8]? {
    while true {
      if consumed == input.count {
        guard let more = try stored.next() else {
          guard !isInsideFrame else { throw .truncated(file: stored.path, format: .zstd) }
          return nil
        }
        input = more
        consumed = 0
      }
      let output = try decompressOnce()
      if !output.isEmpty { return output }
    }
  }

  private func decompressOnce() throws(CorpusError) -> [UInt8] {
    var status = 0
    let output = [UInt8](unsafeUninitializedCapacity: chunkSize) { buffer, count in
      input.withUnsafeBytes { input in
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: consumed)
        var destination = ZSTD_outBuffer(dst: buffer.baseAddress, size: chunkSize, pos: 0)
        status = ZSTD_decompressStream(stream, &destination, &source)
        consumed = source.pos
        count = destination.pos
      }
    }
    guard ZSTD_isError(status) == 0 else {
      throw .damaged(file: stored.path, format: .zstd, reason: String(cString: ZSTD_getErrorName(status)))
    }
    // Output that did not fit comes with the next call: Zstandard holds a byte of input back until all of it is out.
    isInsideFrame = status != 0
    return output
  }
}
