import Checkpoints
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
          ProbeScores.Document(
            index: 2 * $0, id: position == 1 ? nil : "дос \($0)", tokenCount: 10 * position + $0 + 1,
            byteCount: 100 * position + $0 + 1)
        }, emptyDocumentCount: position)
    }
    func values(_ factor: Double, documents: Int, places: Int = 4) -> ScoreValues {
      ScoreValues(
        means: (0..<documents).map { document in (0..<places).map { factor / Double(100 * document + $0 + 1) } })
    }
    return ProbeScores(
      texts: texts,
      pairings: [
        DocumentPairing(basis: .id, target: [1, 0], source: [0, 2]),
        DocumentPairing(basis: .none, target: [0, 1], source: [0, 1]),
      ], layerCount: 4, tensors: ["layers.0.weight", "layers.1.weight", "λ"],
      scores: [
        Score(
          description: .init(name: "b_score", unit: "nats/token", description: "first", source: "arXiv 1"),
          values: texts.map { values(1, documents: $0.documents.count) }),
        Score(
          description: .init(name: "a_score", unit: "1", description: "", axis: .tensors, ranks: false),
          values: texts.map { _ in values(-1e-300, documents: 1, places: 3) }),
        Score(
          description: .init(
            name: "contrast", unit: "1", description: "c", part: .mlp, axis: .states, subject: .contrast,
            direction: .descriptive, ranks: false, aggregation: .leaveOneOut),
          values: [ScoreValues(estimate: [1, 2, 3, 4, 5], leavingOut: [[5, 4, 3, 2, 1], [0, 0, 0, 0, 9]]), nil]),
        Score(
          description: .init(name: "matrix", unit: "1", description: "m", axis: .statePairs, ranks: false),
          values: texts.map { _ in values(3, documents: 2, places: 25) }),
        Score(
          description: .init(name: "w", unit: "1", description: "w", subject: .weights, direction: .moreMattersLess),
          values: [ScoreValues(ofWeights: [0.1, 0.2, 0.3, .pi])]),
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

  @Test func `a compact archive has single precision and no matrices of documents`() throws {
    try withTemporaryDirectory { directory in
      let (file, full) = (directory.appending(path: "compact.h5"), directory.appending(path: "full.h5"))
      let scores = makeScores()
      try scores.writeArchive(to: file, detail: .compact)
      try scores.writeArchive(to: full)
      #expect(try Data(contentsOf: file).count < Data(contentsOf: full).count)
      let read = try ProbeScores(archive: file)
      #expect(read.texts == scores.texts && read.pairings == scores.pairings && read.tensors == scores.tensors)
      for (read, score) in zip(read.scores, scores.scores) {
        #expect(read.description == score.description)
        let rounded = score.values.map { values in
          values.map {
            ScoreValues(
              estimate: $0.estimate.map { Double(Float($0)) },
              leavingOut: score.description.axis == .statePairs
                ? [] : $0.perDocument.map { $0.map { Double(Float($0)) } })
          }
        }
        #expect(read.values == rounded, "\(score.description.name)")
      }
    }
  }

  @Test func `an archive takes the place of one that is there`() throws {
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "report.h5")
      try makeScores().writeArchive(to: file)
      let scores = makeScores()
      let other = ProbeScores(texts: scores.texts, pairings: scores.pairings, layerCount: 4, scores: [])
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

  @Test func `a file that cannot be made is an error that names it`() throws {
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "absent/report.h5")
      #expect {
        try makeScores().writeArchive(to: file)
      } throws: { error in
        if case .unwritable(let path, _)? = error as? CheckpointError { path.hasPrefix(file.path) } else { false }
      }
    }
  }
}
