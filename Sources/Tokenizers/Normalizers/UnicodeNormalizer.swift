/// The types NFC, NFD, NFKC and NFKD (Unicode Standard Annex 15).
struct UnicodeNormalizer: Normalizer {
  enum Form: Sendable {
    case nfc, nfd, nfkc, nfkd

    var isComposed: Bool { self == .nfc || self == .nfkc }
    var isCompatible: Bool { self == .nfkc || self == .nfkd }
  }

  let form: Form
  private let tables = NormalizationTables.shared
  /// A bit per scalar: whether it, or what stands before it, may change.
  private let active: [UInt64]

  init(form: Form) {
    self.form = form
    active = tables.activeScalars(composed: form.isComposed, compatible: form.isCompatible)
  }

  func normalize(_ text: inout [UInt8]) {
    guard text.contains(where: { $0 >= 0x80 }) else { return }
    var output: [UInt8] = []
    output.reserveCapacity(text.count + text.count / 8)
    var copied = 0
    // Nothing crosses the border before an inactive scalar, so only an active run and the scalar before it change.
    var lastInactive = 0
    var activeRun: Int?
    var position = 0
    func finishRun(at end: Int) {
      guard let start = activeRun else { return }
      output.append(contentsOf: text[copied..<start])
      for scalar in normalized(text[start..<end]) { output.append(contentsOf: UTF8.encode(scalar)!) }
      copied = end
      activeRun = nil
    }
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      if isActive(scalar) {
        activeRun = activeRun ?? max(lastInactive, copied)
      } else {
        finishRun(at: position)
        lastInactive = position
      }
      position += UTF8.width(scalar)
    }
    finishRun(at: position)
    output.append(contentsOf: text[copied...])
    text = output
  }

  private func isActive(_ scalar: Unicode.Scalar) -> Bool {
    let word = Int(scalar.value >> 6)
    return word < active.count && active[word] >> UInt64(scalar.value & 63) & 1 == 1
  }

  private func normalized(_ text: ArraySlice<UInt8>) -> [Unicode.Scalar] {
    var scalars: [Unicode.Scalar] = []
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      tables.decompose(scalar, compatible: form.isCompatible, into: &scalars)
    }
    tables.order(&scalars)
    return form.isComposed ? tables.compose(scalars) : scalars
  }
}
