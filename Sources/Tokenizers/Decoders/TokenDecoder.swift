/// Turns the spellings of tokens back into text.
protocol TokenDecoder: Sendable {
  /// Rewrites the spellings; joined, they are the text. They need not be valid UTF-8.
  func decode(_ spellings: [[UInt8]]) -> [[UInt8]]
}

/// Reads a decoder by its `type`.
/// - Throws: `TokenizerError`, naming a type outside the list.
func makeTokenDecoder(_ component: Component) throws(TokenizerError) -> any TokenDecoder {
  let type = try component.type
  switch type {
  case "Sequence":
    var members: [any TokenDecoder] = []
    for part in try component.elements("decoders") { members.append(try makeTokenDecoder(part)) }
    return DecoderSequence(members: members)
  case "ByteLevel": return ByteLevelDecoder()
  case "ByteFallback": return ByteFallbackDecoder()
  case "Fuse": return FuseDecoder()
  case "Replace":
    return ReplaceNormalizer(
      pattern: try component.pattern(), replacement: Array(try component.string("content").utf8))
  case "Strip":
    return StripDecoder(
      content: Array(String(try component.scalar("content")).utf8), start: try component.count("start"),
      stop: try component.count("stop"))
  case "Metaspace": return MetaspaceDecoder(settings: try MetaspaceSettings(component))
  default: throw component.unsupportedType(type)
  }
}

/// One decoder after the other.
struct DecoderSequence: TokenDecoder {
  let members: [any TokenDecoder]

  func decode(_ spellings: [[UInt8]]) -> [[UInt8]] {
    members.reduce(spellings) { $1.decode($0) }
  }
}

/// The type ByteLevel: spellings in the byte alphabet become bytes, all of them one text.
///
/// Broken UTF-8 in it is replaced. A spelling with any other scalar, such as an added token's, is taken as it is.
struct ByteLevelDecoder: TokenDecoder {
  func decode(_ spellings: [[UInt8]]) -> [[UInt8]] {
    let bytes = spellings.flatMap { ByteAlphabet.bytes(of: String(decoding: $0, as: UTF8.self)) ?? $0 }
    return [Array(String(decoding: bytes, as: UTF8.self).utf8)]
  }
}

/// The type ByteFallback: runs of tokens such as `<0xE2>` become bytes; when they are no UTF-8, U+FFFD for each.
struct ByteFallbackDecoder: TokenDecoder {
  func decode(_ spellings: [[UInt8]]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var bytes: [UInt8] = []
    func flush() {
      if String(validating: bytes, as: UTF8.self) != nil {
        if !bytes.isEmpty { result.append(bytes) }
      } else {
        result.append(contentsOf: repeatElement(Array("\u{FFFD}".utf8), count: bytes.count))
      }
      bytes.removeAll()
    }
    for spelling in spellings {
      if let byte = Self.byte(of: spelling) {
        bytes.append(byte)
      } else {
        flush()
        result.append(spelling)
      }
    }
    flush()
    return result
  }

  private static func byte(of spelling: [UInt8]) -> UInt8? {
    guard spelling.count == 6, spelling.starts(with: "<0x".utf8), spelling[5] == UInt8(ascii: ">") else { return nil }
    return UInt8(String(decoding: spelling[3..<5], as: UTF8.self), radix: 16)
  }
}

/// The type Fuse: joins everything, so that what follows sees one spelling.
struct FuseDecoder: TokenDecoder {
  func decode(_ spellings: [[UInt8]]) -> [[UInt8]] { [Array(spellings.joined())] }
}

/// The type Strip: drops up to `start` times a scalar from the front of each spelling and `stop` times from the back.
struct StripDecoder: TokenDecoder {
  let content: [UInt8]
  let start: Int
  let stop: Int

  func decode(_ spellings: [[UInt8]]) -> [[UInt8]] {
    spellings.map { spelling in
      var rest = spelling[...]
      for _ in 0..<start where rest.starts(with: content) { rest.removeFirst(content.count) }
      for _ in 0..<stop where rest.reversed().starts(with: content.reversed()) { rest.removeLast(content.count) }
      return Array(rest)
    }
  }
}

/// The type Metaspace: the sign becomes a space, and nothing in the first spelling when one was put there.
struct MetaspaceDecoder: TokenDecoder {
  let settings: MetaspaceSettings

  func decode(_ spellings: [[UInt8]]) -> [[UInt8]] {
    spellings.enumerated().map { index, spelling in
      let space = index == 0 && settings.prepending != .never ? "" : " "
      var text = String.UnicodeScalarView()
      for scalar in String(decoding: spelling, as: UTF8.self).unicodeScalars {
        if scalar == settings.replacement { text.append(contentsOf: space.unicodeScalars) } else { text.append(scalar) }
      }
      return Array(String(text).utf8)
    }
  }
}

extension ReplaceNormalizer: TokenDecoder {
  func decode(_ spellings: [[UInt8]]) -> [[UInt8]] {
    spellings.map { spelling in
      var text = spelling
      normalize(&text)
      return text
    }
  }
}
