import Checkpoints
import Foundation

/// The archive of a probe, an HDF5 file; every dataset has the attributes `axes` and `unit`:
///
///     /                        attributes schema_version, layer_count
///     /tensors                 names of the layers' tensors, layer by layer
///     /texts/NAME              attributes position (0: the target), empty_documents
///       index, tokens, bytes     i64 [documents]
///       id                       text [documents], where the files have ids
///     /pairings/NAME           attribute basis; NAME is a source text
///       target, source           i64 [pairs], places in the texts' documents
///     /scores/SCORE            attributes position, ranks, unit, description, source, part, axis, subject, direction,
///                              aggregation
///       NAME/estimate            f64 [places]; NAME is a text, a source text (contrast), or `weights`
///       NAME/documents           f64 [documents, places]; not for weights
///
/// `places` are one or two dimensions, as the axis says. A compact archive has f32 in place of f64, and no `documents` of
/// pairs of states.
extension ProbeScores {
  /// The layout that is written and read.
  public static let archiveVersion = 2

  /// How much an archive keeps.
  public enum ArchiveDetail: Sendable {
    /// Every number with all its digits.
    case full
    /// Single precision, without the documents' own matrices of states: about a tenth of the size, for notebooks.
    case compact
  }

  /// Writes all scores to an HDF5 file, in place of one that is there.
  ///
  /// The file is made in memory first; it takes about 8 bytes for each number.
  /// - Throws: `CheckpointError.noSpace`, `.unwritable`; `ProbeError.archive` when HDF5 fails.
  public func writeArchive(to url: URL, detail: ArchiveDetail = .full) throws {
    let image = try HDF5Access.exclusively { () throws(ProbeError) in
      let file = try HDF5File(inMemoryFor: url)
      try write(file, detail)
      return try file.image()
    }
    try replaceFile(at: url, with: image)
  }

  private func write(_ file: borrowing HDF5File, _ detail: ArchiveDetail) throws(ProbeError) {
    try file.setAttribute("schema_version", of: "/", to: Int64(Self.archiveVersion))
    try file.setAttribute("layer_count", of: "/", to: Int64(layerCount))
    try file.write(tensors, to: "/tensors")
    try file.label("/tensors", axes: "tensors", unit: "name")
    try writeTexts(file)
    try writePairings(file)
    try file.makeGroup("/scores")
    for (position, score) in scores.enumerated() {
      let group = "/scores/\(score.description.name)"
      try file.makeGroup(group)
      try file.setAttribute("position", of: group, to: Int64(position))
      try score.description.write(to: group, file)
      for (subject, values) in score.values.enumerated() {
        guard let values else { continue }
        try write(values, of: score.description, subject: subject, in: group, file, detail)
      }
    }
  }

  private func writeTexts(_ file: borrowing HDF5File) throws(ProbeError) {
    try file.makeGroup("/texts")
    for (position, text) in texts.enumerated() {
      let group = "/texts/\(text.name)"
      try file.makeGroup(group)
      try file.setAttribute("position", of: group, to: Int64(position))
      try file.setAttribute("empty_documents", of: group, to: Int64(text.emptyDocumentCount))
      for (name, unit, values) in [
        ("index", "document", text.documents.map(\.index)), ("tokens", "token", text.documents.map(\.tokenCount)),
        ("bytes", "byte", text.documents.map(\.byteCount)),
      ] {
        try file.write(values.map(Int64.init), to: "\(group)/\(name)")
        try file.label("\(group)/\(name)", axes: "documents", unit: unit)
      }
      let ids = text.documents.compactMap(\.id)
      guard ids.count == text.documents.count else { continue }
      try file.write(ids, to: "\(group)/id")
      try file.label("\(group)/id", axes: "documents", unit: "name")
    }
  }

  private func writePairings(_ file: borrowing HDF5File) throws(ProbeError) {
    try file.makeGroup("/pairings")
    for (text, pairing) in zip(texts.dropFirst(), pairings) {
      let group = "/pairings/\(text.name)"
      try file.makeGroup(group)
      try file.setAttribute("basis", of: group, to: pairing.basis.rawValue)
      for (name, places) in [("target", pairing.target), ("source", pairing.source)] {
        try file.write(places.map(Int64.init), to: "\(group)/\(name)")
        try file.label("\(group)/\(name)", axes: "pairs", unit: "place in the text's documents")
      }
    }
  }

  private func write(
    _ values: ScoreValues, of description: ScoreDescription, subject: Int, in group: String,
    _ file: borrowing HDF5File, _ detail: ArchiveDetail
  ) throws(ProbeError) {
    let places = shape(of: description.axis)
    let axes = description.axis == .statePairs ? "states,states" : description.axis.rawValue
    let name = "\(group)/\(subjectName(subject, of: description.subject))"
    try file.makeGroup(name)
    let single = detail == .compact
    try file.write(values.estimate, shape: places, single: single, to: "\(name)/estimate")
    try file.label("\(name)/estimate", axes: axes, unit: description.unit)
    guard !values.perDocument.isEmpty, detail == .full || description.axis != .statePairs else { return }
    let documents = "\(name)/documents"
    try file.write(
      values.perDocument.flatMap { $0 }, shape: [values.perDocument.count] + places, single: single, to: documents)
    let rows = description.subject == .contrast ? "pairs" : "documents"
    try file.label(documents, axes: "\(rows),\(axes)", unit: description.unit)
  }
}

extension HDF5File {
  /// Says what an array's dimensions and numbers are.
  func label(_ dataset: String, axes: String, unit: String) throws(ProbeError) {
    try setAttribute("axes", of: dataset, to: axes)
    try setAttribute("unit", of: dataset, to: unit)
  }
}

extension ScoreDescription {
  fileprivate func write(to group: String, _ file: borrowing HDF5File) throws(ProbeError) {
    try file.setAttribute("ranks", of: group, to: ranks ? 1 : 0)
    for (key, value) in [
      ("unit", unit), ("description", description), ("source", source), ("part", part.rawValue),
      ("axis", axis.rawValue), ("subject", subject.rawValue), ("direction", direction.rawValue),
      ("aggregation", aggregation.rawValue),
    ] {
      try file.setAttribute(key, of: group, to: value)
    }
  }
}
