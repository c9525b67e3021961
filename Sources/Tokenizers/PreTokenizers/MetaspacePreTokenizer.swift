/// The type Metaspace: spaces become a visible sign, `▁`, and begin the pieces.
struct MetaspacePreTokenizer: PreTokenizer {
  private let settings: MetaspaceSettings
  private let splits: Bool
  private let sign: [UInt8]
  private let pattern: RegexProgram

  init(_ component: Component) throws(TokenizerError) {
    settings = try MetaspaceSettings(component)
    splits = try component.bool("split", default: true)
    sign = Array(String(settings.replacement).utf8)
    pattern = try RegexProgram(.scalar(ScalarSet(settings.replacement)), pattern: String(settings.replacement))
  }

  func apply(to pieces: inout Pieces) {
    let beginsDocument = pieces.beginsDocument
    pieces.rewrite { piece, output in
      let prepends =
        switch settings.prepending {
        case .always: true
        case .first: beginsDocument && piece.startIndex == 0
        case .never: false
        }
      if prepends, piece.first != UInt8(ascii: " "), !piece.starts(with: sign) { output.append(contentsOf: sign) }
      for byte in piece {
        if byte == UInt8(ascii: " ") { output.append(contentsOf: sign) } else { output.append(byte) }
      }
    }
    if splits { pieces.split(by: pattern, behavior: .mergedWithNext, isInverted: false) }
  }
}

/// What the pre-tokenizer and the decoder Metaspace have in common.
struct MetaspaceSettings: Sendable {
  /// Where the sign is put before a text that does not begin with it.
  enum Prepending: String, Sendable {
    case always, first, never
  }

  let replacement: Unicode.Scalar
  let prepending: Prepending

  init(_ component: Component) throws(TokenizerError) {
    replacement = try component.scalar("replacement")
    let scheme = try component.optionalString("prepend_scheme")
    guard let declared = Prepending(rawValue: scheme ?? "always") else {
      throw component.malformed("prepend_scheme", "one of always, first and never")
    }
    let addsPrefixSpace = try component.bool("add_prefix_space", default: true)
    guard addsPrefixSpace || scheme == nil || declared == .never else {
      throw component.malformed("add_prefix_space", "true unless prepend_scheme is never")
    }
    prepending = addsPrefixSpace ? declared : .never
  }
}
