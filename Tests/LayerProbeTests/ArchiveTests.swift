import Foundation
import LayerProbe
import TestSupport
import Testing

@Suite struct ArchiveTests {
  private func makeScores() -> ProbeScores {
    let texts = ["zh", "de", "Ελληνικά"].enumerated().map { position, name in
      ProbeScores.Text(
        name: name,
        documents: (0...position + 1).map {
          ProbeScores.Document(index: 2 * $0, tokenCount: 10 * position + $0 + 1, byteCount: 100 * position + $0 + 1)
        }, emptyDocumentCount: position)
    }
    func values(_ factor: Double) -> [[[Double]]] {
      texts.map { text in text.documents.map { document in (0..<4).map { factor / Double(document.byteCount + $0) } } }
    }
    return ProbeScores(
      texts: texts, layerCount: 4,
      scores: [
        .init(
          description: .init(name: "b_score", unit: "nats/token", description: "first"), ranks: true, perText: values(1)
        ),
        .init(description: .init(name: "a_score", unit: "1", description: ""), ranks: false, perText: values(-1e-300)),
      ])
  }

  @Test func `what is read is what was written: every bit, names of any script, the order`() throws {
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "report.h5")
      let scores = makeScores()
      try scores.writeArchive(to: file)
      #expect(try ProbeScores(archive: file) == scores)
    }
  }

  @Test func `an archive takes the place of one that is there`() throws {
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "report.h5")
      try makeScores().writeArchive(to: file)
      let other = ProbeScores(texts: makeScores().texts, layerCount: 4, scores: [])
      try other.writeArchive(to: file)
      #expect(try ProbeScores(archive: file) == other)
    }
  }

  @Test func `archives can be written from many threads`() async throws {
    let scores = makeScores()
    let directory = FileManager.default.temporaryDirectory.appending(path: "archives-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<16 {
        group.addTask {
          let file = directory.appending(path: "\(index).h5")
          try scores.writeArchive(to: file)
          return try ProbeScores(archive: file) == scores
        }
      }
      for try await isEqual in group { #expect(isEqual) }
    }
  }

  @Test func `a missing, foreign or cut file is an error that names it`() throws {
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "report.h5")
      let cannotOpen = ProbeError.archive(file: file.path, routine: "H5Fopen", object: "the file")
      #expect(throws: cannotOpen) { try ProbeScores(archive: file) }
      try Data("not an archive".utf8).write(to: file)
      #expect(throws: cannotOpen) { try ProbeScores(archive: file) }
      try makeScores().writeArchive(to: file)
      try Data(Data(contentsOf: file).prefix(3000)).write(to: file)
      #expect(throws: cannotOpen) { try ProbeScores(archive: file) }
      #expect(cannotOpen.description.contains(file.path))
    }
  }

  @Test func `a file that cannot be made is an error`() throws {
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "absent/report.h5")
      #expect(throws: ProbeError.archive(file: file.path, routine: "H5Fcreate", object: "the file")) {
        try makeScores().writeArchive(to: file)
      }
    }
  }
}
