import Foundation

/// The archive of a probe, an HDF5 file:
///
///     /                      attributes schema_version, layer_count
///     /texts/NAME            attributes position, empty_documents
///       index, tokens, bytes   i64 [documents]
///     /scores/SCORE          attributes position, ranks, unit, description
///       NAME                 f64 [documents, layers]
extension ProbeScores {
  /// The layout that is written and read.
  public static let archiveVersion = 1

  /// Writes all scores to an HDF5 file, in place of one that is there.
  /// - Throws: `ProbeError.archive`.
  public func writeArchive(to url: URL) throws(ProbeError) {
    try HDF5Access.exclusively { () throws(ProbeError) in
      let file = try HDF5File(creating: url)
      try file.setAttribute("schema_version", of: "/", to: Int64(Self.archiveVersion))
      try file.setAttribute("layer_count", of: "/", to: Int64(layerCount))
      try file.makeGroup("/texts")
      for (position, text) in texts.enumerated() {
        let group = "/texts/\(text.name)"
        try file.makeGroup(group)
        try file.setAttribute("position", of: group, to: Int64(position))
        try file.setAttribute("empty_documents", of: group, to: Int64(text.emptyDocumentCount))
        try file.write(text.documents.map { Int64($0.index) }, to: "\(group)/index")
        try file.write(text.documents.map { Int64($0.tokenCount) }, to: "\(group)/tokens")
        try file.write(text.documents.map { Int64($0.byteCount) }, to: "\(group)/bytes")
      }
      try file.makeGroup("/scores")
      for (position, score) in scores.enumerated() {
        let group = "/scores/\(score.description.name)"
        try file.makeGroup(group)
        try file.setAttribute("position", of: group, to: Int64(position))
        try file.setAttribute("ranks", of: group, to: score.ranks ? 1 : 0)
        try file.setAttribute("unit", of: group, to: score.description.unit)
        try file.setAttribute("description", of: group, to: score.description.description)
        for (text, documents) in zip(texts, score.perText) {
          try file.write(
            documents.flatMap { $0 }, shape: [documents.count, layerCount], to: "\(group)/\(text.name)")
        }
      }
    }
  }

  /// Reads an archive.
  /// - Throws: `ProbeError.archive` when something is missing or cannot be read, `.archiveVersion` for another layout.
  public init(archive url: URL) throws(ProbeError) {
    self = try HDF5Access.exclusively { () throws(ProbeError) in
      let file = try HDF5File(reading: url)
      let version = Int(try file.integerAttribute("schema_version", of: "/"))
      guard version == Self.archiveVersion else {
        throw .archiveVersion(file: url.path, found: version, expected: Self.archiveVersion)
      }
      let layerCount = Int(try file.integerAttribute("layer_count", of: "/"))
      var texts: [(position: Int64, text: Text)] = []
      for name in try file.members(of: "/texts") {
        let group = "/texts/\(name)"
        let (indices, tokens) = (try file.integers("\(group)/index"), try file.integers("\(group)/tokens"))
        let bytes = try file.integers("\(group)/bytes")
        guard tokens.count == indices.count, bytes.count == indices.count, !indices.isEmpty else {
          throw .archive(file: url.path, routine: "reading documents", object: group)
        }
        let documents = indices.indices.map {
          Document(index: Int(indices[$0]), tokenCount: Int(tokens[$0]), byteCount: Int(bytes[$0]))
        }
        let empty = Int(try file.integerAttribute("empty_documents", of: group))
        texts.append(
          (
            try file.integerAttribute("position", of: group),
            Text(name: name, documents: documents, emptyDocumentCount: empty)
          ))
      }
      let ordered = texts.sorted { $0.position < $1.position }.map(\.text)
      var scores: [(position: Int64, score: Score)] = []
      for name in try file.members(of: "/scores") {
        let group = "/scores/\(name)"
        let description = ScoreDescription(
          name: name, unit: try file.textAttribute("unit", of: group),
          description: try file.textAttribute("description", of: group))
        var perText: [[[Double]]] = []
        for text in ordered {
          let (values, shape) = try file.doubles("\(group)/\(text.name)")
          guard shape == [text.documents.count, layerCount] else {
            throw .archive(file: url.path, routine: "reading scores", object: "\(group)/\(text.name)")
          }
          perText.append(
            text.documents.indices.map { Array(values[$0 * layerCount..<($0 + 1) * layerCount]) })
        }
        let ranks = try file.integerAttribute("ranks", of: group) == 1
        scores.append(
          (
            try file.integerAttribute("position", of: group),
            Score(description: description, ranks: ranks, perText: perText)
          ))
      }
      return ProbeScores(
        texts: ordered, layerCount: layerCount,
        scores: scores.sorted { $0.position < $1.position }.map(\.score))
    }
  }
}
