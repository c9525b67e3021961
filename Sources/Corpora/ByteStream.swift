import Foundation

/// The bytes of a file in pieces, decompressed.
protocol ByteStream: AnyObject {
  /// The next bytes, never none; nil at the end.
  func next() throws(CorpusError) -> [UInt8]?
}

/// How many bytes are read or decompressed at a time.
let defaultChunkSize = 1 << 20

/// Opens a file and, where its name says that it is compressed, decompresses it on the way.
/// - Throws: `CorpusError.unreadable` here; `.damaged` and `.truncated` while reading.
func openBytes(of file: TextFile, chunkSize: Int) throws(CorpusError) -> any ByteStream {
  let stored = try StoredBytes(path: file.url.path, chunkSize: chunkSize)
  return switch file.compression {
  case nil: stored
  case .gzip: GzipBytes(stored, chunkSize: chunkSize)
  case .zstd: ZstdBytes(stored, chunkSize: chunkSize)
  }
}

/// The bytes of a file as they are stored.
final class StoredBytes: ByteStream {
  let path: String
  private let chunkSize: Int
  private let descriptor: Int32

  init(path: String, chunkSize: Int) throws(CorpusError) {
    self.path = path
    self.chunkSize = chunkSize
    self.descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(file: path, reason: String(cString: strerror(errno))) }
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
