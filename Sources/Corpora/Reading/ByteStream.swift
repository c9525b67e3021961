import Foundation

/// The bytes of a file in pieces, decompressed.
protocol ByteStream: AnyObject {
  /// The next bytes, never none; nil at the end.
  func next() throws(CorpusError) -> [UInt8]?
}

/// How many bytes are read or decompressed at a time.
let defaultChunkSize = 1 << 20

/// Opens a file and, where its name says that it is compressed, decompresses it on the way.
/// - Parameter offset: how many bytes of the text to pass over. A compressed file is decompressed up to there.
/// - Throws: `CorpusError.unreadable` here; `.damaged` and `.truncated` while reading.
func openBytes(of file: TextFile, from offset: Int = 0, chunkSize: Int) throws(CorpusError) -> any ByteStream {
  let stored = try StoredBytes(
    path: file.url.path, from: file.compression == nil ? offset : 0, chunkSize: chunkSize)
  let decompressed: any ByteStream
  switch file.compression {
  case nil: return stored
  case .gzip: decompressed = GzipBytes(stored, chunkSize: chunkSize)
  case .zstd: decompressed = ZstdBytes(stored, chunkSize: chunkSize)
  }
  return offset == 0 ? decompressed : try LaterBytes(of: decompressed, from: offset)
}

/// The bytes of a stream from some place on.
private final class LaterBytes: ByteStream {
  private let stream: any ByteStream
  private var first: [UInt8]?

  init(of stream: any ByteStream, from offset: Int) throws(CorpusError) {
    self.stream = stream
    var left = offset
    while left > 0, let chunk = try stream.next() {
      if chunk.count > left { first = Array(chunk[left...]) }
      left -= min(left, chunk.count)
    }
  }

  func next() throws(CorpusError) -> [UInt8]? {
    if let bytes = first {
      first = nil
      return bytes
    }
    return try stream.next()
  }
}

/// The bytes of a file as they are stored.
final class StoredBytes: ByteStream {
  let path: String
  private let chunkSize: Int
  private let descriptor: Int32

  init(path: String, from offset: Int = 0, chunkSize: Int) throws(CorpusError) {
    self.path = path
    self.chunkSize = chunkSize
    self.descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0, lseek(descriptor, off_t(offset), SEEK_SET) == off_t(offset) || offset == 0 else {
      throw .unreadable(file: path, reason: String(cString: strerror(errno)))
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  func next() throws(CorpusError) -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: chunkSize) { buffer, count in
      var status: Int
      repeat { status = read(descriptor, buffer.baseAddress, chunkSize) } while status < 0 && errno == EINTR
      count = max(status, 0)
      failure = status < 0 ? errno : nil
    }
    if let failure { throw .unreadable(file: path, reason: String(cString: strerror(failure))) }
    return bytes.isEmpty ? nil : bytes
  }

  private var failure: Int32?
}
