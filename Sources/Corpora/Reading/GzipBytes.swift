import CZlib

/// Decompresses gzip data (RFC 1952), one member after the other.
final class GzipBytes: ByteStream {
  private let stored: StoredBytes
  private let chunkSize: Int
  /// zlib keeps a pointer back to its stream, so the stream must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private var input: [UInt8] = []
  private var consumed = 0
  private var isInsideMember = true

  init(_ stored: StoredBytes, chunkSize: Int) {
    self.stored = stored
    self.chunkSize = chunkSize
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 is the largest window, 16 asks for the gzip wrapper.
    let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "inflateInit2 returned \(status)")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  func next() throws(CorpusError) -> [UInt8]? {
    while true {
      if consumed == input.count {
        guard let more = try stored.next() else {
          guard !isInsideMember else { throw .truncated(file: stored.path, format: .gzip) }
          return nil
        }
        input = more
        consumed = 0
      }
      let output = try inflateOnce()
      if !output.isEmpty { return output }
    }
  }

  private func inflateOnce() throws(CorpusError) -> [UInt8] {
    if !isInsideMember {
      inflateReset(stream)
      isInsideMember = true
    }
    var status = Z_OK
    let output = [UInt8](unsafeUninitializedCapacity: chunkSize) { buffer, count in
      input.withUnsafeMutableBufferPointer { input in
        stream.pointee.next_in = input.baseAddress.map { $0 + consumed }
        stream.pointee.avail_in = UInt32(input.count - consumed)
        stream.pointee.next_out = buffer.baseAddress
        stream.pointee.avail_out = UInt32(chunkSize)
        status = inflate(stream, Z_NO_FLUSH)
        consumed = input.count - Int(stream.pointee.avail_in)
      }
      count = chunkSize - Int(stream.pointee.avail_out)
    }
    switch status {
    case Z_STREAM_END:
      isInsideMember = false
    case Z_OK, Z_BUF_ERROR:
      // Output that did not fit comes with the next call: a member's checksum is read behind all of its output, so
      // input is left until then.
      break
    default:
      let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)"
      throw .damaged(file: stored.path, format: .gzip, reason: reason)
    }
    return output
  }
}
