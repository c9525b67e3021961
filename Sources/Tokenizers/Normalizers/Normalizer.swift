import Foundation

/// Rewrites the text before it is cut into pieces.
protocol Normalizer: Sendable {
  /// Rewrites valid UTF-8 in place.
  func normalize(_ text: inout [UInt8])
}

/// Reads a normalizer by its `type`.
/// - Throws: `TokenizerError`, naming a type outside the list.
func makeNormalizer(_ component: Component) throws(TokenizerError) -> any Normalizer {
  let type = try component.type
  switch type {
  case "Sequence":
    var members: [any Normalizer] = []
    for part in try component.elements("normalizers") { members.append(try makeNormalizer(part)) }
    return NormalizerSequence(members: members)
  case "NFC": return UnicodeNormalizer(form: .nfc)
  case "NFD": return UnicodeNormalizer(form: .nfd)
  case "NFKC": return UnicodeNormalizer(form: .nfkc)
  case "NFKD": return UnicodeNormalizer(form: .nfkd)
  case "Lowercase": return ScalarNormalizer { Array($0.properties.lowercaseMapping.utf8) }
  case "StripAccents":
    let marks = UnicodeSets.combiningMarks
    return ScalarNormalizer { marks.contains($0) ? [] : Array(String($0).utf8) }
  case "Strip":
    return StripNormalizer(left: try component.bool("strip_left"), right: try component.bool("strip_right"))
  case "Prepend": return PrependNormalizer(prefix: Array(try component.string("prepend").utf8))
  case "Replace":
    return ReplaceNormalizer(
      pattern: try component.pattern(), replacement: Array(try component.string("content").utf8))
  case "ByteLevel": return ByteLevelNormalizer()
  case "Precompiled":
    guard let blob = Data(base64Encoded: try component.string("precompiled_charsmap")) else {
      throw component.malformed("precompiled_charsmap", "bytes in base64")
    }
    return PrecompiledNormalizer(
      map: try PrecompiledCharsMap(Array(blob), field: "\(component.path).precompiled_charsmap"))
  default: throw component.unsupportedType(type)
  }
}

/// One normalizer after the other.
struct NormalizerSequence: Normalizer {
  let members: [any Normalizer]

  func normalize(_ text: inout [UInt8]) {
    for member in members { member.normalize(&text) }
  }
}

/// Maps each scalar by itself: the types Lowercase and StripAccents.
struct ScalarNormalizer: Normalizer {
  private let ascii: [[UInt8]]
  private let map: @Sendable (Unicode.Scalar) -> [UInt8]

  init(map: @escaping @Sendable (Unicode.Scalar) -> [UInt8]) {
    self.map = map
    ascii = (0..<128).map { map(Unicode.Scalar($0)) }
  }

  func normalize(_ text: inout [UInt8]) {
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      output.append(contentsOf: scalar.isASCII ? ascii[Int(scalar.value)] : map(scalar))
    }
    text = output
  }
}

/// The type Strip: drops white space at the ends.
struct StripNormalizer: Normalizer {
  let left: Bool
  let right: Bool

  func normalize(_ text: inout [UInt8]) {
    let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
    var rest = scalars[...]
    if left { rest = rest.drop { UnicodeSets.whiteSpace.contains($0) } }
    if right {
      while let last = rest.last, UnicodeSets.whiteSpace.contains(last) { rest.removeLast() }
    }
    text = Array(Substring(rest).utf8)
  }
}

/// The type Prepend: puts a prefix before a text that is not empty.
struct PrependNormalizer: Normalizer {
  let prefix: [UInt8]

  func normalize(_ text: inout [UInt8]) {
    if !text.isEmpty { text.insert(contentsOf: prefix, at: 0) }
  }
}

/// The type Replace, a decoder too: puts a fixed text in place of each match of a pattern.
struct ReplaceNormalizer: Normalizer {
  let pattern: RegexProgram
  let replacement: [UInt8]

  func normalize(_ text: inout [UInt8]) {
    var classes: [UInt8] = []
    var state = MatchState()
    pattern.alphabet.classify(text.span, into: &classes)
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    var covered = 0
    pattern.forEachMatch(in: 0..<text.count, classes: &classes, state: &state) { match in
      output.append(contentsOf: text[covered..<match.lowerBound])
      output.append(contentsOf: replacement)
      covered = match.upperBound
    }
    output.append(contentsOf: text[covered...])
    text = output
  }
}

/// The type ByteLevel: spells each byte as a scalar of the byte alphabet.
struct ByteLevelNormalizer: Normalizer {
  func normalize(_ text: inout [UInt8]) {
    text = text.flatMap { ByteAlphabet.spellings[Int($0)] }
  }
}
