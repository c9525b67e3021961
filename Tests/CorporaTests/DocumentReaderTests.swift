import Corpora
import Foundation
import TestSupport
import Testing

@Suite struct DocumentReaderTests {
  private func documents(_ files: [URL], textField: String = "text", chunkSize: Int = 1 << 20) throws -> [Document] {
    var documents: [Document] = []
    try DocumentReader(files: files, textField: textField, chunkSize: chunkSize).forEach { documents.append($0) }
    return documents
  }

  private func texts(_ path: String, chunkSize: Int) throws -> [String] {
    try documents([fixture(path)], chunkSize: chunkSize).map { String(decoding: $0.text, as: UTF8.self) }
  }

  /// Small chunks put every boundary (a line's end, a character, a member, a frame) across two of them.
  @Test(arguments: [1, 2, 3, 7, 64, 1 << 20])
  func `Every kind of file reads the same in chunks of any size`(chunkSize: Int) throws {
    let a = try texts("corpora/tree/a.jsonl", chunkSize: chunkSize)
    #expect(a == ["Grüße aus Köln", "", "tab\there, \"quotes\" and a \\", "한국어 문장", "😀 outside the first plane"])
    #expect(try texts("corpora/tree/b.txt", chunkSize: chunkSize) == ["\u{FEFF}A byte-order mark\r\nis text.\n"])
    #expect(try texts("corpora/tree/empty.txt", chunkSize: chunkSize) == [""])
    let c = (0..<120).map { "document \($0) " + String(repeating: "x", count: $0 * 7 % 50) }
    #expect(try texts("corpora/tree/sub/c.jsonl.gz", chunkSize: chunkSize) == c)
    let d = String(repeating: "first frame\n", count: 300) + String(repeating: "second frame\n", count: 200)
    #expect(try texts("corpora/tree/sub/D.TXT.zst", chunkSize: chunkSize) == [d])
  }

  @Test func `A document knows where it stands`() throws {
    let file = fixture("corpora/tree/a.jsonl").path
    let found = try documents([fixture("corpora/tree/a.jsonl"), fixture("corpora/tree/b.txt")]).map(\.origin)
    // Line 2 is blank.
    #expect(found == [1, 3, 4, 5, 6].map { "\(file):\($0)" } + [fixture("corpora/tree/b.txt").path])
  }

  @Test func `a document is called what the field id says, if that is text`() throws {
    let lines = #"{"id": "a/b.html", "text": "x"}"# + "\n" + #"{"text": "y"}"# + "\n" + #"{"id": 7, "text": "z"}"#
    try withFile("x.jsonl", lines) { file in
      let found = try documents([file])
      #expect(found.map(\.id) == ["a/b.html", nil, nil])
    }
  }

  @Test func `Another field can hold the text`() throws {
    try withFile("x.jsonl", #"{"text": 1, "body": "here"}"#) { file in
      let found = try documents([file], textField: "body")
      #expect(found.map(\.text) == [Array("here".utf8)])
    }
  }

  @Test func `A byte-order mark at the start of a .jsonl is passed over`() throws {
    try withFile("x.jsonl", "\u{FEFF}{\"text\": \"a\"}\n") { file in
      let found = try documents([file])
      #expect(found.map(\.text) == [[0x61]])
    }
  }

  @Test(arguments: [
    ("no JSON", #"{"text": "a""#),
    ("two values", #"{"text": "a"} {"text": "b"}"#),
  ])
  func `A line that is no JSON is refused by file and line`(label: String, line: String) throws {
    try withFile("x.jsonl", "{\"text\": \"a\"}\n\(line)\n") { file in
      let error = #expect(throws: CorpusError.self) { try documents([file]) }
      guard case .invalidJSON(file.path, line: 2, problem: _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func `A line that holds no text is refused by file and line`() throws {
    func error(_ line: String) throws -> CorpusError? {
      try withFile("x.jsonl", "\n{\"text\": \"a\"}\n\(line)\n") { file in
        let error = #expect(throws: CorpusError.self) { try documents([file]) }
        #expect(error?.description.contains("'\(file.path)', line 3") == true)
        return error
      }
    }
    guard case .notAnObject = try error("[]") else { throw Unexpected() }
    guard case .missingField(_, 3, "text", ["body", "id"]) = try error(#"{"body": "a", "id": 1}"#) else {
      throw Unexpected()
    }
    guard case .fieldIsNoString(_, 3, "text") = try error(#"{"text": null}"#) else { throw Unexpected() }
  }

  @Test func `Invalid UTF-8 is refused by its byte offset in the text`() throws {
    try withFile("x.txt", bytes: Array("Grüße ".utf8) + [0xFF, 0x41]) { file in
      #expect(throws: CorpusError.invalidUTF8(file: file.path, line: nil, offset: 8)) { try documents([file]) }
    }
    // A sequence that the end of the file cuts off, and an encoded surrogate.
    try withFile("x.txt", bytes: Array("ab".utf8) + [0xE4, 0xBD]) { file in
      #expect(throws: CorpusError.invalidUTF8(file: file.path, line: nil, offset: 2)) { try documents([file]) }
    }
    try withFile("x.txt", bytes: Array("abc".utf8) + [0xED, 0xA0, 0x80]) { file in
      #expect(throws: CorpusError.invalidUTF8(file: file.path, line: nil, offset: 3)) { try documents([file]) }
    }
    let first = Array("{\"text\": \"a\"}\n".utf8)
    try withFile("x.jsonl", bytes: first + Array("{\"text\": \"".utf8) + [0xC3, 0x22, 0x7D]) { file in
      #expect(throws: CorpusError.invalidUTF8(file: file.path, line: 2, offset: first.count + 10)) {
        try documents([file])
      }
    }
  }

  @Test(arguments: ["corpora/tree/sub/c.jsonl.gz", "corpora/tree/sub/D.TXT.zst"])
  func `A compressed file cut anywhere but between members is refused`(path: String) throws {
    let whole = try Array(Data(contentsOf: fixture(path)))
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: fixture(path).lastPathComponent)
      for cut in 0..<whole.count {
        try Data(whole[..<cut]).write(to: file)
        do {
          _ = try documents([file], chunkSize: 4096)
          // What is cut off begins with the magic number of a member, a frame or a skippable frame.
          let rest = Array(whole[cut...].prefix(2))
          #expect([[0x1F, 0x8B], [0x28, 0xB5], [0x50, 0x2A]].contains(rest), "cut at \(cut)")
        } catch CorpusError.truncated(file.path, _) {
        } catch CorpusError.invalidJSON(file.path, _, _) where path.contains("jsonl") {
          // The first member ends within a line, and the cut lies right behind it.
          #expect(Array(whole[cut...].prefix(2)) == [0x1F, 0x8B], "cut at \(cut)")
        }
      }
    }
  }

  @Test(arguments: [3, 1 << 20])
  func `Reading goes on from any place between two documents`(chunkSize: Int) throws {
    let files = try TextSource(name: "x", path: fixture("corpora/tree").path).files()
    let all = try documents(files)
    var reader = try DocumentReader(files: files, textField: "text", chunkSize: 64)
    for count in 0...all.count {
      let place = try JSONDecoder().decode(TextPosition.self, from: JSONEncoder().encode(reader.position))
      var rest: [Document] = []
      try DocumentReader(files: files, textField: "text", from: place, chunkSize: chunkSize).forEach { rest.append($0) }
      let isSame = rest == Array(all[count...])
      #expect(isSame, "from document \(count) on")
      _ = try reader.next()
    }
  }

  @Test func `What cannot be read is passed over and counted, with its first places`() throws {
    let valid = Array("{\"text\": \"good\"}\n".utf8)
    let broken = Array("{\"text\": \"".utf8) + [0xFF] + Array("\"}\n".utf8)
    let long = Array("{\"text\": \"\(String(repeating: "x", count: 100))\"}\n".utf8)
    let lines = [valid, broken, valid, long, broken, broken, broken, valid].flatMap { $0 }
    try withFile("x.jsonl", bytes: lines) { file in
      var reader = try DocumentReader(files: [file], textField: "text", flaws: .skip, lineLimit: 60, chunkSize: 7)
      var origins: [String] = []
      while let document = try reader.next() { origins.append(document.origin) }
      #expect(origins == [1, 3, 8].map { "\(file.path):\($0)" })
      #expect(reader.flaws.invalidUTF8.count == 4 && reader.flaws.tooLong.count == 1)
      let first = valid.count + 10
      #expect(reader.flaws.invalidUTF8.places.first == "\(file.path):2, byte \(first)")
      #expect(reader.flaws.invalidUTF8.places.count == 3)
      let offset = 2 * valid.count + broken.count
      #expect(reader.flaws.tooLong.places == ["\(file.path):4, byte \(offset), \(long.count - 1) bytes long"])
    }
    try withFile("x.jsonl", bytes: valid + long) { file in
      let limit = CorpusError.lineTooLong(
        file: file.path, line: 2, offset: valid.count, length: long.count - 1, limit: 60)
      #expect(throws: limit) {
        try DocumentReader(files: [file], textField: "text", lineLimit: 60, chunkSize: 7).forEach { _ in }
      }
    }
  }

  @Test(arguments: ["x.txt.gz", "x.txt.zst"])
  func `A file that is not what its name says is refused`(name: String) throws {
    try withFile(name, "plain text, long enough to be no header of anything") { file in
      let error = #expect(throws: CorpusError.self) { try documents([file]) }
      guard case .damaged(file.path, _, _) = error else { throw Unexpected() }
    }
  }

  @Test func `A changed byte in a gzip member is found by its checksum`() throws {
    var bytes = try Array(Data(contentsOf: fixture("corpora/tree/sub/c.jsonl.gz")))
    bytes[bytes.count - 8] ^= 1
    try withFile("x.jsonl.gz", bytes: bytes) { file in
      let error = #expect(throws: CorpusError.self) { try documents([file]) }
      guard case .damaged(file.path, .gzip, _) = error else { throw Unexpected() }
    }
  }

  @Test func `A file that cannot be opened is refused with the system's reason`() throws {
    let missing = fixture("corpora/missing.txt")
    let error = #expect(throws: CorpusError.self) { try documents([missing]) }
    guard case .unreadable(missing.path, _) = error else { throw Unexpected() }
  }
}

struct Unexpected: Error {}

@discardableResult func withFile<Result>(_ name: String, bytes: [UInt8], _ body: (URL) throws -> Result) throws
  -> Result
{
  try withTemporaryDirectory { directory in
    let file = directory.appending(path: name)
    try Data(bytes).write(to: file)
    return try body(file)
  }
}

@discardableResult func withFile<Result>(_ name: String, _ text: String, _ body: (URL) throws -> Result) throws
  -> Result
{
  try withFile(name, bytes: Array(text.utf8), body)
}
