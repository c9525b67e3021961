/// The tokens that are cut out of the text before the model sees it: special tokens and others that were added to the
/// vocabulary.
struct AddedTokens: Sendable {
  /// An added token.
  struct Token: Sendable, Equatable {
    let content: String
    /// Matches only where no word character adjoins it.
    let isSingleWord: Bool
    /// Takes the white space to its left with it.
    let stripsLeft: Bool
    /// Takes the white space to its right with it.
    let stripsRight: Bool
    /// Is looked for in the normalized text, in its normalized form.
    let isNormalized: Bool
    /// Can be left out when decoding.
    let isSpecial: Bool
  }

  /// A part of a text: an added token, or what lies between two.
  enum Part {
    case token(UInt32)
    case text(Range<Int>)
  }

  private(set) var tokens: [UInt32: Token] = [:]
  private var ids: ByteStringTable
  /// The normalized form of tokens that normalizing changes; decoders see this form.
  private var normalizedForms: [UInt32: String] = [:]
  private var trie = ByteTrie()
  private var normalizedTrie = ByteTrie()
  private var specialContents: Set<[UInt8]> = []
  private let word = UnicodeSets.regexCrateWord

  /// Reads the field `added_tokens`.
  ///
  /// Ids are given as `tokenizers` gives them, whatever the file says: a token of the model keeps its id, others follow
  /// behind the vocabulary in the order of the file.
  init(
    _ components: [Component], vocabulary: Vocabulary, normalizer: (any Normalizer)?
  ) throws(TokenizerError) {
    var entries: [(id: UInt32, token: Token)] = []
    var known = ByteStringTable(minimumCapacity: components.count)
    var next = UInt32(vocabulary.ids.count)
    for component in components {
      let token = try Token(component)
      if token.content.isEmpty { continue }
      var id = known.value(of: token.content.utf8.span) ?? vocabulary.id(of: token.content)
      if id == nil {
        id = next
        next += 1
      }
      known.insert(token.content.utf8.span, value: id!)
      entries.append((id!, token))
    }
    try self.init(entries, normalizer: normalizer, field: "tokenizer.json.added_tokens")
  }

  /// Tokens with their ids; of two entries with one id the later one holds.
  /// - Parameter field: What errors name.
  init(
    _ entries: [(id: UInt32, token: Token)], normalizer: (any Normalizer)?, field: String
  ) throws(TokenizerError) {
    ids = ByteStringTable(minimumCapacity: entries.count)
    for (id, token) in entries {
      ids.insert(token.content.utf8.span, value: id)
      tokens[id] = token
      if token.isSpecial { specialContents.insert(Array(token.content.utf8)) }
      if token.isNormalized, let normalizer {
        var form = Array(token.content.utf8)
        normalizer.normalize(&form)
        normalizedForms[id] = form.elementsEqual(token.content.utf8) ? nil : String(decoding: form, as: UTF8.self)
      }
    }
    for (id, token) in tokens {
      let form = normalizedForms[id] ?? token.content
      guard !form.isEmpty else {
        throw .unsupported(field: field, value: "\(token.content), which normalizes to nothing")
      }
      let isNew =
        token.isNormalized ? normalizedTrie.insert(form.utf8.span, value: id) : trie.insert(form.utf8.span, value: id)
      guard isNew else {
        throw .unsupported(field: field, value: "\(token.content), which stands there twice")
      }
    }
  }

  /// The id of an added token.
  func id(of content: String) -> UInt32? { ids.value(of: content.utf8.span) }

  /// The token as decoders see it.
  func spelling(of id: UInt32) -> String? { normalizedForms[id] ?? tokens[id]?.content }

  /// Whether a token, as decoders see it, is a special one.
  func isSpecial(_ spelling: String) -> Bool { specialContents.contains(Array(spelling.utf8)) }

  /// How many of the added tokens are not in the vocabulary of the model.
  func count(beyond vocabulary: Vocabulary) -> Int {
    tokens.values.filter { vocabulary.id(of: $0.content) == nil }.count
  }

  /// Cuts a text at the added tokens: the leftmost first, the longest of those that begin together.
  /// - Parameter isNormalized: Whether the text is normalized, which decides about the tokens that are looked for.
  func forEachPart(of text: Span<UInt8>, isNormalized: Bool, _ body: (Part) -> Void) {
    var covered = 0
    var position = 0
    let trie = isNormalized ? normalizedTrie : trie
    while let match = trie.firstMatch(in: text, from: position) {
      position = match.range.upperBound
      var range = match.range
      let token = tokens[match.value]!
      if token.isSingleWord,
        endsWithWord(text.extracting(first: range.lowerBound))
          || startsWithWord(text.extracting(droppingFirst: range.upperBound))
      {
        continue
      }
      if token.stripsLeft {
        let start = text.extracting(first: range.lowerBound).endWithoutWhiteSpace
        range = max(start, min(covered, range.lowerBound))..<range.upperBound
      }
      if token.stripsRight {
        range =
          range.lowerBound..<range.upperBound
          + text.extracting(droppingFirst: range.upperBound).leadingWhiteSpace
      }
      if covered < range.lowerBound { body(.text(covered..<range.lowerBound)) }
      body(.token(match.value))
      covered = range.upperBound
    }
    if covered < text.count { body(.text(covered..<text.count)) }
  }

  private func endsWithWord(_ text: Span<UInt8>) -> Bool { text.lastScalar.map(word.contains) ?? false }

  private func startsWithWord(_ text: Span<UInt8>) -> Bool { text.firstScalar.map(word.contains) ?? false }
}

extension AddedTokens.Token {
  init(_ component: Component) throws(TokenizerError) {
    content = try component.string("content")
    isSingleWord = try component.bool("single_word")
    stripsLeft = try component.bool("lstrip")
    stripsRight = try component.bool("rstrip")
    isNormalized = try component.bool("normalized")
    isSpecial = try component.bool("special")
  }
}

extension Span<UInt8> {
  /// The first scalar of valid UTF-8.
  fileprivate var firstScalar: Unicode.Scalar? {
    guard !isEmpty else { return nil }
    let length = self[0] < 0x80 ? 1 : self[0] < 0xE0 ? 2 : self[0] < 0xF0 ? 3 : 4
    return scalar(at: 0..<length)
  }

  /// The last scalar of valid UTF-8.
  fileprivate var lastScalar: Unicode.Scalar? {
    guard !isEmpty else { return nil }
    var start = count - 1
    while self[start] & 0xC0 == 0x80 { start -= 1 }
    return scalar(at: start..<count)
  }

  private func scalar(at range: Range<Int>) -> Unicode.Scalar? {
    var value =
      range.count == 1 ? UInt32(self[range.lowerBound]) : UInt32(self[range.lowerBound]) & (0x7F >> UInt32(range.count))
    for index in range.dropFirst() { value = value << 6 | UInt32(self[index] & 0x3F) }
    return Unicode.Scalar(value)
  }

  /// How many bytes of white space this begins with.
  fileprivate var leadingWhiteSpace: Int {
    var length = 0
    while let scalar = extracting(droppingFirst: length).firstScalar, UnicodeSets.whiteSpace.contains(scalar) {
      length += UTF8.width(scalar)
    }
    return length
  }

  /// Where the white space that this ends with begins.
  fileprivate var endWithoutWhiteSpace: Int {
    var end = count
    while let scalar = extracting(first: end).lastScalar, UnicodeSets.whiteSpace.contains(scalar) {
      end -= UTF8.width(scalar)
    }
    return end
  }
}
