import Foundation
import JSONText

/// One document of a text.
public struct Document: Sendable, Hashable {
  /// The document, valid UTF-8.
  public let text: [UInt8]
  /// Where it stands: `FILE` for a `.txt`, `FILE:LINE` for a line of a `.jsonl`.
  public let origin: String
  /// What the field `id` of a `.jsonl` calls it, where that is a string: the same in every language of parallel texts.
  public let id: String?
}

/// Reads documents one after the other; never holds more than one document and some chunks of its file.
///
/// - `.jsonl`: one JSON object per line, its text in one string field, what it is called in the field `id`, if any. Lines
///   of white space alone are passed over, as is a byte-order mark at the start of the file. A lone surrogate escape
///   reads as U+FFFD. A line has at most `maximumLineBytes`.
/// - `.txt`: the file is one document, byte for byte; a byte-order mark is text.
/// - `.gz`, `.zst` behind either: decompressed on the way, all members or frames.
public struct DocumentReader: ~Copyable {
  /// The bytes that a line of a `.jsonl` may have, so that a file without line feeds does not fill the memory.
  public static let maximumLineBytes = 64 << 20

  /// Documents passed over so far; none where flaws are refused.
  public internal(set) var flaws: TextFlaws
  private let files: [TextFile]
  private let textField: String
  private let flawHandling: FlawHandling
  private let lineLimit: Int
  private let chunkSize: Int
  /// The place behind the last document read; of a `.jsonl` that is open, its file's beginning.
  private var start: TextPosition
  private var lines: LineReader?

  /// A reader of files, in the order given.
  /// - Parameters:
  ///   - textField: The field of a `.jsonl` that holds the text.
  ///   - flaws: What to do with bytes that are no UTF-8 and with lines beyond the limit.
  ///   - position: A place that a reader of the same files was at.
  ///   - found: What was found wrong up to there.
  /// - Throws: `CorpusError.unsupportedFile` when a file's name ends in nothing that can be read.
  public init(
    files: [URL], textField: String = "text", flaws: FlawHandling = .refuse, from position: TextPosition = .init(),
    found: TextFlaws = .init()
  ) throws(CorpusError) {
    try self.init(
      files: files, textField: textField, flaws: flaws, from: position, found: found,
      lineLimit: Self.maximumLineBytes, chunkSize: defaultChunkSize)
  }

  /// A reader of what a path stands for, as `TextSource.files()` finds it.
  /// - Throws: As `TextSource.files()`.
  public init(path: String, textField: String = "text") throws(CorpusError) {
    try self.init(files: TextSource(name: path, path: path).files(), textField: textField)
  }

  /// As above, with a limit of its own, reading and decompressing `chunkSize` bytes at a time.
  package init(
    files: [URL], textField: String, flaws: FlawHandling = .refuse, from position: TextPosition = .init(),
    found: TextFlaws = .init(), lineLimit: Int = maximumLineBytes, chunkSize: Int
  ) throws(CorpusError) {
    var textFiles: [TextFile] = []
    for file in files { textFiles.append(try TextFile(file)) }
    self.files = textFiles
    self.textField = textField
    self.flaws = found
    flawHandling = flaws
    self.lineLimit = lineLimit
    self.chunkSize = chunkSize
    start = position
  }

  /// The place behind the last document.
  public var position: TextPosition {
    lines.map { TextPosition(file: start.file, line: $0.number, offset: $0.offset) } ?? start
  }

  /// The next document, nil behind the last.
  /// - Throws: `CorpusError`, naming the file and the line or byte offset. The reader is of no use afterwards.
  public mutating func next() throws(CorpusError) -> Document? {
    while true {
      if let line = try lines?.next() {
        do {
          if let document = try document(on: line) { return document }
        } catch {
          try passOver(error)
        }
        continue
      }
      if lines != nil {
        lines = nil
        start = TextPosition(file: start.file + 1, line: 0, offset: 0)
      }
      guard start.file < files.count else { return nil }
      let file = files[start.file]
      let bytes = try openBytes(of: file, from: start.offset, chunkSize: chunkSize)
      switch file.kind {
      case .jsonLines: lines = LineReader(bytes, file: file.url.path, limit: lineLimit, position: start)
      case .plainText:
        start = TextPosition(file: start.file + 1, line: 0, offset: 0)
        do { return try wholeDocument(bytes, file: file.url.path) } catch { try passOver(error) }
      }
    }
  }

  /// Counts a document that is passed over, or throws what is wrong with it.
  private mutating func passOver(_ error: CorpusError) throws(CorpusError) {
    guard flawHandling == .skip else { throw error }
    switch error {
    case .invalidUTF8(let file, let line, let offset):
      flaws.invalidUTF8.note("\(file)\(line.map { ":\($0)" } ?? ""), byte \(offset)")
    case .lineTooLong(let file, let line, let offset, let length, _):
      flaws.tooLong.note("\(file):\(line), byte \(offset), \(length) bytes long")
    default: throw error
    }
  }

  /// Calls `body` with each remaining document in turn.
  /// - Throws: As `next()`, and what `body` throws.
  public consuming func forEach(_ body: (Document) throws -> Void) throws {
    while let document = try next() { try body(document) }
  }

  private func wholeDocument(_ bytes: any ByteStream, file: String) throws(CorpusError) -> Document {
    var text: [UInt8] = []
    while let chunk = try bytes.next() { text += chunk }
    if let offset = offsetOfInvalidUTF8(in: text) { throw .invalidUTF8(file: file, line: nil, offset: offset) }
    return Document(text: text, origin: file, id: nil)
  }

  private func document(on line: LineReader.Line) throws(CorpusError) -> Document? {
    if let length = line.excessiveLength {
      throw .lineTooLong(file: line.file, line: line.number, offset: line.offset, length: length, limit: lineLimit)
    }
    if line.bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return nil }
    let json: JSONText
    do {
      json = try JSONText(line.bytes)
    } catch {
      if let offset = offsetOfInvalidUTF8(in: line.bytes) {
        throw .invalidUTF8(file: line.file, line: line.number, offset: line.offset + offset)
      }
      throw .invalidJSON(file: line.file, line: line.number, problem: error.description)
    }
    guard let members = json.root.members else { throw .notAnObject(file: line.file, line: line.number) }
    guard let value = json.root[textField] else {
      throw .missingField(file: line.file, line: line.number, field: textField, found: members.map(\.key))
    }
    guard let text = value.string else {
      throw .fieldIsNoString(file: line.file, line: line.number, field: textField)
    }
    return Document(
      text: Array(text.utf8), origin: "\(line.file):\(line.number)", id: json.root["id"]?.string)
  }
}

/// The offset of the first byte that begins no valid UTF-8 sequence, nil for valid text.
private func offsetOfInvalidUTF8(in bytes: [UInt8]) -> Int? {
  // The standard library's check is many times faster than the walk that finds the place.
  if String(validating: bytes, as: UTF8.self) != nil { return nil }
  var parser = Unicode.UTF8.ForwardParser()
  var iterator = bytes.makeIterator()
  var offset = 0
  while true {
    switch parser.parseScalar(from: &iterator) {
    case .valid(let scalar): offset += scalar.count
    case .error: return offset
    case .emptyInput: return nil
    }
  }
}
