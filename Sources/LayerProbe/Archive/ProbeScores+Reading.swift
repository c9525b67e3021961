import Foundation

extension ProbeScores {
  /// Reads an archive that `writeArchive` made.
  /// - Throws: `ProbeError.archive` when something is missing or cannot be read, `.archiveVersion` for another layout.
  public init(archive url: URL) throws(ProbeError) {
    self = try HDF5Access.exclusively { () throws(ProbeError) in
      let file = try HDF5File(reading: url)
      let version = Int(try file.integerAttribute("schema_version", of: "/"))
      guard version == Self.archiveVersion else {
        throw .archiveVersion(file: url.path, found: version, expected: Self.archiveVersion)
      }
      let texts = try Self.texts(file)
      var pairings: [DocumentPairing] = []
      for text in texts.dropFirst() { pairings.append(try Self.pairing(of: text.name, file)) }
      let empty = ProbeScores(
        texts: texts, pairings: pairings, layerCount: Int(try file.integerAttribute("layer_count", of: "/")),
        tensors: try file.texts("/tensors"), scores: [])
      var scores: [(position: Int64, score: Score)] = []
      for name in try file.members(of: "/scores") {
        let score = try empty.score(named: name, file)
        scores.append((try file.integerAttribute("position", of: "/scores/\(name)"), score))
      }
      return ProbeScores(
        texts: texts, pairings: pairings, layerCount: empty.layerCount, tensors: empty.tensors,
        scores: scores.sorted { $0.position < $1.position }.map(\.score))
    }
  }

  private static func texts(_ file: borrowing HDF5File) throws(ProbeError) -> [Text] {
    var texts: [(position: Int64, text: Text)] = []
    for name in try file.members(of: "/texts") {
      let group = "/texts/\(name)"
      let (indices, tokens) = (try file.integers("\(group)/index"), try file.integers("\(group)/tokens"))
      let bytes = try file.integers("\(group)/bytes")
      let ids = try file.members(of: group).contains("id") ? try file.texts("\(group)/id") : nil
      guard tokens.count == indices.count, bytes.count == indices.count, ids.map({ $0.count == indices.count }) ?? true,
        !indices.isEmpty
      else { throw .archive(file: file.path, routine: "reading documents", object: group) }
      let documents = indices.indices.map {
        Document(index: Int(indices[$0]), id: ids?[$0], tokenCount: Int(tokens[$0]), byteCount: Int(bytes[$0]))
      }
      let empty = Int(try file.integerAttribute("empty_documents", of: group))
      let text = Text(name: name, documents: documents, emptyDocumentCount: empty)
      texts.append((try file.integerAttribute("position", of: group), text))
    }
    return texts.sorted { $0.position < $1.position }.map(\.text)
  }

  private static func pairing(of text: String, _ file: borrowing HDF5File) throws(ProbeError) -> DocumentPairing {
    let group = "/pairings/\(text)"
    let (target, source) = (try file.integers("\(group)/target"), try file.integers("\(group)/source"))
    guard target.count == source.count,
      let basis = DocumentPairing.Basis(rawValue: try file.textAttribute("basis", of: group))
    else { throw .archive(file: file.path, routine: "reading pairs", object: group) }
    return DocumentPairing(basis: basis, target: target.map(Int.init), source: source.map(Int.init))
  }

  private func score(named name: String, _ file: borrowing HDF5File) throws(ProbeError) -> Score {
    let group = "/scores/\(name)"
    let description = try ScoreDescription(name: name, group: group, file)
    let places = shape(of: description.axis)
    let present = try file.members(of: group)
    var subjects: [ScoreValues?] = []
    for (subject, limit) in documentCounts(for: description.subject).enumerated() {
      let name = subjectName(subject, of: description.subject)
      guard present.contains(name) else {
        subjects.append(nil)
        continue
      }
      let estimate = try file.doubles("\(group)/\(name)/estimate")
      var rows: [[Double]] = []
      if try file.members(of: "\(group)/\(name)").contains("documents") {
        let (values, shape) = try file.doubles("\(group)/\(name)/documents")
        guard let count = shape.first, count <= limit, Array(shape.dropFirst()) == places else {
          throw .archive(file: file.path, routine: "reading scores", object: "\(group)/\(name)/documents")
        }
        let width = values.count / max(count, 1)
        rows = (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
      }
      guard estimate.shape == places else {
        throw .archive(file: file.path, routine: "reading scores", object: "\(group)/\(name)/estimate")
      }
      subjects.append(ScoreValues(estimate: estimate.values, leavingOut: rows))
    }
    return Score(description: description, values: subjects)
  }
}

extension ScoreDescription {
  fileprivate init(name: String, group: String, _ file: borrowing HDF5File) throws(ProbeError) {
    func value<Value: RawRepresentable<String>>(_ key: String) throws(ProbeError) -> Value {
      guard let value = Value(rawValue: try file.textAttribute(key, of: group)) else {
        throw .archive(file: file.path, routine: "reading attribute \(key)", object: group)
      }
      return value
    }
    self.init(
      name: name, unit: try file.textAttribute("unit", of: group),
      description: try file.textAttribute("description", of: group),
      source: try file.textAttribute("source", of: group), part: try value("part"), axis: try value("axis"),
      subject: try value("subject"), direction: try value("direction"),
      ranks: try file.integerAttribute("ranks", of: group) == 1, aggregation: try value("aggregation"))
  }
}
