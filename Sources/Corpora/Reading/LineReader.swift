/// Cuts a file's bytes into lines at each line feed.
struct LineReader {
  struct Line {
    let bytes: [UInt8]
    let file: String
    /// Counted from 1.
    let number: Int
    /// Where the line starts, in bytes from the start of the text.
    let offset: Int
    /// The line's length when it is beyond the limit; `bytes` is empty then.
    var excessiveLength: Int?
  }

  private let stream: any ByteStream
  private let file: String
  private let limit: Int
  private var chunk: ArraySlice<UInt8> = []
  /// Lines read so far.
  private(set) var number: Int
  /// Bytes read so far.
  private(set) var offset: Int

  /// - Parameters:
  ///   - limit: lines of more bytes are passed over without being held.
  ///   - position: where the stream begins in the text.
  init(_ stream: any ByteStream, file: String, limit: Int, position: TextPosition) {
    self.stream = stream
    self.file = file
    self.limit = limit
    number = position.line
    offset = position.offset
  }

  /// The next line without its line feed, nil at the end.
  ///
  /// A last line without a line feed counts when it has bytes.
  mutating func next() throws(CorpusError) -> Line? {
    var bytes: [UInt8] = []
    var isClosed = false
    var length = 0
    while !isClosed {
      if chunk.isEmpty {
        guard let more = try stream.next() else { break }
        chunk = more[...]
      }
      let end = chunk.firstIndex(of: 0x0A)
      let piece = chunk[..<(end ?? chunk.endIndex)]
      length += piece.count
      if length <= limit { bytes += piece } else { bytes = [] }
      chunk = end.map { chunk[($0 + 1)...] } ?? []
      isClosed = end != nil
    }
    guard isClosed || length > 0 else { return nil }
    number += 1
    let start = offset
    offset += length + (isClosed ? 1 : 0)
    guard length <= limit else {
      return Line(bytes: [], file: file, number: number, offset: start, excessiveLength: length)
    }
    if number == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      return Line(bytes: Array(bytes.dropFirst(3)), file: file, number: number, offset: start + 3)
    }
    return Line(bytes: bytes, file: file, number: number, offset: start)
  }
}
