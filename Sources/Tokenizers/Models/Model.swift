/// Turns pieces into tokens.
protocol Model: Sendable {
  /// The tokens, without the added ones.
  var vocabulary: Vocabulary { get }

  /// Appends the tokens of one piece, which is not empty.
  /// - Parameter word: Working memory, kept between calls.
  func encode(_ piece: Span<UInt8>, word: inout BPEWord, into output: inout [UInt32])
}

/// Reads a model by its `type`; older files leave it out for BPE.
/// - Throws: `TokenizerError`, naming a type outside the list.
func makeModel(_ component: Component, symbols: BPE.Symbols) throws(TokenizerError) -> any Model {
  let type = try component.optionalString("type") ?? "BPE"
  switch type {
  case "BPE": return try BPE(component, symbols: symbols)
  case "Unigram": return try Unigram(component)
  default: throw component.unsupportedType(type)
  }
}

/// The tokens `<0x00>` to `<0xFF>` that stand for single bytes, -1 for each that is not in the vocabulary.
func byteFallbackTokens(_ vocabulary: Vocabulary) -> [Int64] {
  (0..<256).map { byte in
    let digits = String(byte, radix: 16, uppercase: true)
    return vocabulary.id(of: "<0x\(digits.count < 2 ? "0" : "")\(digits)>").map(Int64.init) ?? -1
  }
}

/// The tokens of a model by spelling and by id.
struct Vocabulary: Sendable {
  let ids: ByteStringTable
  /// The spelling of each id, nil for ids without token.
  let spellings: [String?]

  /// A vocabulary cannot hold ids above this: its tables have a place for each.
  private static let maximumID = 1 << 24

  /// Reads the field `vocab` of a model: an object of ids by token.
  init(_ component: Component) throws(TokenizerError) {
    guard let members = component.node["vocab"]?.members else {
      throw component.malformed("vocab", "an object of ids by token")
    }
    var ids = ByteStringTable(minimumCapacity: members.count)
    var spellings: [String?] = Array(repeating: nil, count: members.count)
    for member in members {
      guard let id = member.value.int, id >= 0, id <= Self.maximumID else {
        throw .malformed(field: "\(component.path).vocab.\(member.key)", expected: "an id from 0 to \(Self.maximumID)")
      }
      ids.insert(member.key.utf8.span, value: UInt32(id))
      while spellings.count <= id { spellings.append(nil) }
      spellings[id] = member.key
    }
    self.ids = ids
    self.spellings = spellings
  }

  /// A vocabulary of the spellings at each id; of equal spellings the last one gives the id.
  init(spellings: [String?]) {
    var ids = ByteStringTable(minimumCapacity: spellings.count)
    for (id, spelling) in spellings.enumerated() {
      if let spelling { ids.insert(spelling.utf8.span, value: UInt32(id)) }
    }
    self.ids = ids
    self.spellings = spellings
  }

  /// The id of a token, nil when it is not in the vocabulary.
  func id(of token: String) -> UInt32? { ids.value(of: token.utf8.span) }

  /// The spelling of a token, nil when there is none of this id.
  func spelling(of id: UInt32) -> String? { id < spellings.count ? spellings[Int(id)] : nil }
}
