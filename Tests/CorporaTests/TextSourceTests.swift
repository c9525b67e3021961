import Corpora
import Foundation
import TestSupport
import Testing

@Suite struct TextSourceTests {
  @Test(arguments: [
    ("de=news.jsonl", "de", "news.jsonl", 1),
    ("de=news.jsonl:9", "de", "news.jsonl", 9),
    ("de=a:b.jsonl", "de", "a:b.jsonl", 1),
    ("de=a:3:0.5", "de", "a:3", 0.5),
    ("de=a=b.txt:1e-2", "de", "a=b.txt", 0.01),
    ("de=a.txt:inf", "de", "a.txt:inf", 1),
    ("de=a.txt:0x10", "de", "a.txt:0x10", 1),
    ("de=a.txt:", "de", "a.txt:", 1),
    ("Deutsch (neu)=x", "Deutsch (neu)", "x", 1),
  ])
  func `An argument is a name, a path and perhaps a weight`(
    argument: String, name: String, path: String, weight: Double
  )
    throws
  {
    #expect(try TextSource(argument: argument) == TextSource(name: name, path: path, weight: weight))
  }

  @Test(arguments: ["", "news.jsonl", "=news.jsonl", "de=", "de=:3"])
  func `An argument without a name or a path is refused`(argument: String) {
    #expect(throws: CorpusError.malformedSource(argument: argument)) { try TextSource(argument: argument) }
  }

  @Test(arguments: ["0", "-1", "1e999", "0.0", "-0"])
  func `A weight that is no share is refused`(weight: String) {
    let argument = "de=a.txt:\(weight)"
    #expect(throws: CorpusError.invalidWeight(argument: argument, weight: weight)) {
      try TextSource(argument: argument)
    }
  }

  @Test func `A name that stands twice is refused`() throws {
    #expect(try TextSource.list(arguments: ["a=x:2", "b=x"]).map(\.name) == ["a", "b"])
    #expect(throws: CorpusError.duplicateName("a")) { try TextSource.list(arguments: ["a=x", "b=y", "a=z"]) }
  }

  private func names(_ path: String) throws -> [String] {
    let root = fixture("corpora/tree").path + "/"
    return try TextSource(name: "x", path: path).files().map { $0.path.replacingOccurrences(of: root, with: "") }
  }

  @Test func `A directory stands for the texts below it, sorted, without hidden and other files`() throws {
    let all = ["a.jsonl", "b.txt", "empty.txt", "sub/D.TXT.zst", "sub/c.jsonl.gz"]
    #expect(try names(fixture("corpora/tree").path) == all)
    #expect(try names(fixture("corpora/tree").path + "/") == all)
  }

  @Test func `A pattern stands for what it matches, directories included, each file once`() throws {
    let tree = fixture("corpora/tree").path
    #expect(try names(tree + "/*") == ["a.jsonl", "b.txt", "empty.txt", "sub/D.TXT.zst", "sub/c.jsonl.gz"])
    #expect(try names(tree + "/[ab].*") == ["a.jsonl", "b.txt"])
    #expect(try names(tree + "/su?") == ["sub/D.TXT.zst", "sub/c.jsonl.gz"])
  }

  @Test func `A file whose name looks like a pattern is taken by its name`() throws {
    try withTemporaryDirectory { directory in
      for name in ["[ab].txt", "a.txt"] { try Data("x".utf8).write(to: directory.appending(path: name)) }
      let files = try TextSource(name: "x", path: directory.path + "/[ab].txt").files()
      #expect(files.map(\.lastPathComponent) == ["[ab].txt"])
    }
  }

  @Test func `A link that leads back to its directory is not followed for ever`() throws {
    try withTemporaryDirectory { directory in
      let sub = directory.appending(path: "sub")
      try FileManager.default.createDirectory(at: sub, withIntermediateDirectories: false)
      try Data("x".utf8).write(to: sub.appending(path: "a.txt"))
      try FileManager.default.createSymbolicLink(at: sub.appending(path: "loop"), withDestinationURL: directory)
      let files = try TextSource(name: "x", path: directory.path).files()
      #expect(files.map(\.lastPathComponent) == ["a.txt"])
    }
  }

  @Test func `A path with nothing to read is refused by its name`() throws {
    let missing = fixture("corpora/missing").path
    #expect(throws: CorpusError.nothingFound(path: missing)) { try names(missing) }
    #expect(throws: CorpusError.nothingFound(path: missing + "/*.txt")) { try names(missing + "/*.txt") }
    let notes = fixture("corpora/tree/notes.md").path
    #expect(throws: CorpusError.unsupportedFile(file: notes)) { try names(notes) }
    try withTemporaryDirectory { directory in
      _ = #expect(throws: CorpusError.nothingFound(path: directory.path)) { try names(directory.path) }
    }
  }
}
