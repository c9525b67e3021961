/// Cuts a file's bytes into lines at each line feed.
struct LineReader {
  struct Line {
    let bytes: [UInt8]
    let file: String
    /// Counted from 1.
    let number: Int
    /// Where the line starts, in bytes from the start of the text.
    let offset: Int
  }

  private let stream: any ByteStream
  private let file: String
  private var chunk: ArraySlice<UInt8> = []
  private var number = 0
  private var offset = 0

  init(_ stream: any ByteStream, file: String) {
    self.stream = stream
    self.file = file
  }

  /// The next line without its line feed, nil at the end.
  ///
  /// A last line without a line feed counts when it has bytes.
  mutating func next() throws(CorpusError) -> Line? {
    var bytes: [UInt8] = []
    var isClosed = false
    while !isClosed {
      if chunk.isEmpty {
        guard let more = try stream.next() else { break }
        chunk = more[...]
      }
      let end = chunk.firstIndex(of: 0x0A)
      bytes += chunk[..<(end ?? chunk.endIndex)]
      chunk = end.map { chunk[($0 + 1)...] } ?? []
      isClosed = end != nil
    }
    guard isClosed || !bytes.isEmpty else { return nil }
    number += 1
    let start = offset
    offset += bytes.count + (isClosed ? 1 : 0)
    if number == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      return Line(bytes: Array(bytes.dropFirst(3)), file: file, number: number, offset: start + 3)
    }
    return Line(bytes: bytes, file: file, number: number, offset: start)
  }
}
