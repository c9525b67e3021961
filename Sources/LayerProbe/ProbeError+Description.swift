extension ProbeError: CustomStringConvertible {
  /// One sentence that names the thing, and what to do.
  public var description: String {
    switch self {
    case .tooFewDocuments(let text, let found, let needed):
      "text \(text): \(found) documents with tokens, \(needed) are needed for an interval; give a text with more documents"
    case .badTextName(let name, .repeated):
      "text \(name): the name is given twice; give each text its own"
    case .badTextName(let name, .notAName):
      "text name \"\(name)\": a name needs a character and has no slash; choose another"
    case .tokenOutsideVocabulary(let text, let document, let token, let vocabulary):
      "text \(text), document \(document): token \(token), but the model has \(vocabulary); "
        + "check that tokenizer.json belongs to this checkpoint"
    case .contextTooShort(let maximumTokens, let positions):
      "documents of \(maximumTokens) tokens behind a prefix token, but the model has \(positions) positions; "
        + "set --max-tokens to \(positions - 1) or less"
    case .weightNotFinite(let tensor, let layer, let element):
      "\(layer.map { "layer \($0): " } ?? "")element \(element) of \(tensor) is not a finite number; "
        + "take an undamaged copy of the checkpoint"
    case .notFinite(let score, let subject, let document, let place, let axis):
      "\(score) on \(document.map { "scored document \($0) of " } ?? "")\(subject) is not a finite number at place "
        + "\(place) of its \(axis.rawValue); the model's activations overflow: leave this text or criterion out"
    case .badBudget(.layers(let asked, let layerCount)):
      "\(asked) layers asked for, but the model has \(layerCount); ask for \(layerCount == 1 ? "1" : "1 to \(layerCount)")"
    case .badBudget(.fraction(let asked, let smallestLayer)):
      "a share of \(asked) of the model's weights, but its smallest layer has \(smallestLayer); "
        + "ask for at least that, and at most 1"
    case .statistics(let routine, let message):
      "\(routine): \(message); check the scores that went in"
    case .singularValues(let rows, let columns):
      "the singular values of a matrix of \(rows) x \(columns) do not converge; leave the criterion of weights out"
    case .archive(let file, let routine, let object):
      "\(file): \(routine) failed on \(object); check the disk and that the file is a complete archive"
    case .archiveVersion(let file, let found, let expected):
      "\(file): archive layout \(found), this program reads \(expected); make the archive again"
    case .interrupted:
      "interrupted; nothing was written, run the command again"
    }
  }
}
