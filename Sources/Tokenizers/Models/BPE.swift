import JSONText

/// Byte-pair encoding: a piece begins as single symbols, and the pair with the lowest rank is merged until none is
/// left (Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword Units", arXiv 1508.07909).
struct BPE: Model {
  /// What the symbols of a piece are.
  enum Symbols: Sendable {
    /// Bytes, which the vocabulary spells in the byte alphabet.
    case bytes
    /// Scalars, spelled as they are.
    case scalars
  }

  let symbols: Symbols
  let vocabulary: Vocabulary
  let merges: MergeTable
  /// With `ignore_merges`, the tokens that a whole piece may be: by spelling, or by bytes where symbols are bytes.
  let wholePieces: ByteStringTable?
  /// The token of each byte, -1 where there is none; empty when symbols are scalars.
  let byteTokens: [Int64]
  /// With `byte_fallback`, the tokens `<0x00>` to `<0xFF>`, -1 where there is none.
  let fallbackTokens: [Int64]?
  let unknownToken: UInt32?
  let fusesUnknown: Bool

  /// Reads the model of a tokenizer.json.
  /// - Throws: `TokenizerError` for what is missing, malformed or not supported: dropout, affixes of subwords.
  init(_ component: Component, symbols: Symbols) throws(TokenizerError) {
    self.symbols = symbols
    try Self.refuseUnsupported(component)
    let vocabulary = try Vocabulary(component)
    self.vocabulary = vocabulary
    merges = try Self.readMerges(component, vocabulary: vocabulary)
    fusesUnknown = try component.bool("fuse_unk", default: false)
    if let token = try component.optionalString("unk_token") {
      guard let id = vocabulary.id(of: token) else {
        throw .tokenNotInVocabulary(token: token, field: "\(component.path).unk_token")
      }
      unknownToken = id
    } else {
      unknownToken = nil
    }
    fallbackTokens =
      try component.bool("byte_fallback", default: false) ? byteFallbackTokens(vocabulary) : nil
    byteTokens =
      symbols == .bytes ? ByteAlphabet.scalars.map { vocabulary.id(of: String($0)).map(Int64.init) ?? -1 } : []
    if try component.bool("ignore_merges", default: false) {
      wholePieces = symbols == .bytes ? Self.byBytes(vocabulary) : vocabulary.ids
    } else {
      wholePieces = nil
    }
  }

  /// A byte-level model whose merges are all pairs of tokens that make a token, the one of the lowest rank first, and
  /// which takes a piece that is a token as it is: what tiktoken makes of a list of ranks.
  /// - Parameters:
  ///   - ranked: the bytes of each token in the order of the ranks; every single byte is among them.
  ///   - offset: the id of rank 0.
  init(ranked: [[UInt8]], offset: Int) {
    symbols = .bytes
    var spellings = [String?](repeating: nil, count: offset)
    var byRank = ByteStringTable(minimumCapacity: ranked.count)
    for (rank, bytes) in ranked.enumerated() {
      spellings.append(String(decoding: bytes.flatMap { ByteAlphabet.spellings[Int($0)] }, as: UTF8.self))
      byRank.insert(bytes.span, value: UInt32(offset + rank))
    }
    vocabulary = Vocabulary(spellings: spellings)
    wholePieces = byRank
    var pairs: [(UInt32, UInt32, MergeTable.Merge)] = []
    for (rank, bytes) in ranked.enumerated() where bytes.count > 1 {
      for split in 1..<bytes.count {
        guard let left = byRank.value(of: bytes.span.extracting(first: split)),
          let right = byRank.value(of: bytes.span.extracting(droppingFirst: split))
        else { continue }
        pairs.append((left, right, .init(rank: UInt32(rank), token: UInt32(offset + rank))))
      }
    }
    var merges = MergeTable(count: pairs.count)
    for (left, right, merge) in pairs { merges.insert(left, right, merge: merge) }
    self.merges = merges
    byteTokens = (0..<256).map { byRank.value(of: [UInt8($0)].span).map(Int64.init) ?? -1 }
    fallbackTokens = nil
    unknownToken = nil
    fusesUnknown = false
  }

  private static func refuseUnsupported(_ component: Component) throws(TokenizerError) {
    if let dropout = component.child("dropout"), dropout.node.double != 0 {
      throw .unsupported(field: dropout.path, value: "a dropout of merges, which makes ids random")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let affix = try component.optionalString(key), !affix.isEmpty {
        throw .unsupported(field: "\(component.path).\(key)", value: "\"\(affix)\"")
      }
    }
  }

  /// The tokens by the bytes that their spelling stands for, without those that stand for none.
  private static func byBytes(_ vocabulary: Vocabulary) -> ByteStringTable {
    var table = ByteStringTable(minimumCapacity: vocabulary.ids.count)
    for (id, spelling) in vocabulary.spellings.enumerated() {
      guard let spelling, let bytes = ByteAlphabet.bytes(of: spelling) else { continue }
      table.insert(bytes.span, value: UInt32(id))
    }
    return table
  }

  /// Reads the rules, each `"a b"` or `["a", "b"]`.
  private static func readMerges(
    _ component: Component, vocabulary: Vocabulary
  ) throws(TokenizerError) -> MergeTable {
    guard let elements = component.node["merges"]?.elements else {
      throw component.malformed("merges", "an array of pairs")
    }
    var table = MergeTable(count: elements.count)
    var rank: UInt32 = 0
    for (index, element) in elements.enumerated() {
      if element.string?.hasPrefix("#version") == true { continue }
      let field = "\(component.path).merges[\(index)]"
      guard let (left, right) = pair(element) else { throw .malformed(field: field, expected: "a pair of tokens") }
      func id(_ token: String) throws(TokenizerError) -> UInt32 {
        guard let id = vocabulary.id(of: token) else {
          throw .tokenNotInVocabulary(token: token, field: field)
        }
        return id
      }
      table.insert(try id(left), try id(right), merge: .init(rank: rank, token: try id(left + right)))
      rank += 1
    }
    return table
  }

  private static func pair(_ element: JSONNode) -> (String, String)? {
    if let text = element.string {
      let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard parts.count == 2, let left = String(parts[0]), let right = String(parts[1]) else { return nil }
      return (left, right)
    }
    guard let parts = element.elements, parts.count == 2, let left = parts[0].string, let right = parts[1].string
    else { return nil }
    return (left, right)
  }
}
