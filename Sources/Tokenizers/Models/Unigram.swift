/// A unigram language model: of all ways to write a piece as tokens the one with the greatest sum of log probabilities
/// (Kudo, "Subword Regularization", arXiv 1804.10959), found by dynamic programming from left to right.
///
/// `tokenizers` and SentencePiece follow the same steps with different arithmetic, and sums decide about ties; so
/// both are here, and ids are those of the library that the file belongs to.
struct Unigram: Model {
  /// Whose arithmetic and treatment of unknown text is followed.
  enum Dialect: Sendable {
    /// `tokenizers`: sums in float64; neighbouring unknown characters are one text, which is looked up again and then
    /// falls back to bytes.
    case tokenizers
    /// SentencePiece: sums are rounded to float32 at each place; bytes where there is byte fallback, else one unknown
    /// token for neighbouring unknown characters.
    case sentencePiece
  }

  let vocabulary: Vocabulary
  let dialect: Dialect
  private let trie: PieceTrie
  /// By id, the log probability.
  private let scores: [Double]
  private let unknownScore: Double
  private let unknownToken: UInt32?
  /// The tokens of the bytes; nil without byte fallback.
  private let fallbackTokens: [Int64]?

  /// What an unknown character costs beyond the least probable token.
  private static let unknownPenalty = 10.0

  /// Below this sum SentencePiece counts from zero again; found by comparison with version 0.2.3 on long texts.
  private static let leastSum = -100_000.0

  /// Reads the model of a tokenizer.json.
  init(_ component: Component) throws(TokenizerError) {
    var spellings: [String?] = []
    var scores: [Double] = []
    for element in try component.elements("vocab") {
      guard let pair = element.node.elements, pair.count == 2, let spelling = pair[0].string, let score = pair[1].double
      else { throw .malformed(field: element.path, expected: "a token and its score") }
      spellings.append(spelling)
      scores.append(score)
    }
    guard let least = scores.min() else { throw component.malformed("vocab", "not empty") }
    vocabulary = Vocabulary(spellings: spellings)
    dialect = .tokenizers
    self.scores = scores
    unknownScore = least - Self.unknownPenalty
    if component.child("unk_id") == nil {
      unknownToken = nil
    } else {
      let id = try component.count("unk_id")
      guard id < spellings.count else { throw component.malformed("unk_id", "an id of the vocabulary") }
      unknownToken = UInt32(id)
    }
    fallbackTokens =
      try component.bool("byte_fallback", default: false) ? byteFallbackTokens(vocabulary) : nil
    trie = PieceTrie(spellings.enumerated().map { (Array($1!.utf8), UInt32($0)) })
  }

  /// The model of a SentencePiece file.
  init(_ file: SentencePieceFile) {
    vocabulary = Vocabulary(spellings: file.pieces.map(\.spelling))
    dialect = .sentencePiece
    let normal = file.pieces.filter { $0.kind == .normal }.map(\.score)
    // SentencePiece starts its search for the greatest score at the least positive number.
    let greatest = normal.reduce(Float.leastNormalMagnitude, max)
    unknownScore = Double((normal.min() ?? .greatestFiniteMagnitude) - Float(Self.unknownPenalty))
    scores = file.pieces.map { piece in
      piece.kind == .userDefined ? Double(Float(piece.spelling.utf8.count) * greatest) - 0.1 : Double(piece.score)
    }
    unknownToken = file.unknownToken
    fallbackTokens = file.fallsBackToBytes ? byteFallbackTokens(vocabulary) : nil
    trie = PieceTrie(
      file.pieces.enumerated().filter { $1.kind == .normal || $1.kind == .userDefined }
        .map { (Array($1.spelling.utf8), UInt32($0)) })
  }

  /// The best way to write the text up to a place.
  private struct Best {
    var score = 0.0
    var start: Int32 = -1
    /// The token that ends here, -1 for an unknown character.
    var token: Int32 = -1
  }

  func encode(_ piece: Span<UInt8>, word: inout BPEWord, into output: inout [UInt32]) {
    var best = [Best](repeating: Best(), count: piece.count + 1)
    var start = 0
    var reach = 0
    while start < piece.count {
      let length = min(piece.scalarLength(at: start), piece.count - start)
      if dialect == .sentencePiece, best[start].score < Self.leastSum { rebase(&best, at: start, to: reach) }
      let before = best[start].score
      var isKnown = false
      trie.forEachPrefix(of: piece, at: start) { end, token in
        improve(&best[end], to: scores[token] + before, from: start, token: Int32(token))
        if end == start + length { isKnown = true }
        reach = max(reach, end)
      }
      if !isKnown { improve(&best[start + length], to: unknownScore + before, from: start, token: -1) }
      start += length
      reach = max(reach, start)
    }
    appendPath(best, of: piece, to: &output)
  }

  /// Takes the sum at a place off all sums from there to `reach`, so that they keep their precision.
  private func rebase(_ best: inout [Best], at start: Int, to reach: Int) {
    let base = best[start].score
    for place in start...max(start, reach) where best[place].start >= 0 {
      best[place].score = Double(Float(best[place].score - base))
    }
  }

  @inline(__always)
  private func improve(_ best: inout Best, to score: Double, from start: Int, token: Int32) {
    let score = dialect == .sentencePiece ? Double(Float(score)) : score
    guard best.start < 0 || score > best.score else { return }
    best = Best(score: score, start: Int32(start), token: token)
  }

  private func appendPath(_ best: [Best], of piece: Span<UInt8>, to output: inout [UInt32]) {
    var reversed: [(range: Range<Int>, token: Int32)] = []
    var end = piece.count
    while end > 0 {
      let node = best[end]
      let isUnknown = node.token < 0 || UInt32(node.token) == unknownToken
      if isUnknown, let last = reversed.last, last.token < 0 {
        reversed[reversed.count - 1].range = Int(node.start)..<last.range.upperBound
      } else {
        reversed.append((Int(node.start)..<end, isUnknown ? -1 : node.token))
      }
      end = Int(node.start)
    }
    for (range, token) in reversed.reversed() {
      if token >= 0 { output.append(UInt32(token)) } else { appendUnknown(piece.extracting(range), to: &output) }
    }
  }

  private func appendUnknown(_ text: Span<UInt8>, to output: inout [UInt32]) {
    if dialect == .tokenizers, let token = vocabulary.ids.value(of: text) {
      output.append(token)
      return
    }
    if let fallbackTokens {
      let tokens = text.indices.map { fallbackTokens[Int(text[$0])] }
      if tokens.allSatisfy({ $0 >= 0 }) {
        output.append(contentsOf: tokens.map { UInt32($0) })
        return
      }
    }
    if let unknownToken { output.append(unknownToken) }
  }
}

extension Span<UInt8> {
  /// How many bytes the scalar at a place has, by its first byte.
  @inline(__always)
  func scalarLength(at position: Int) -> Int {
    let lead = self[position]
    return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
  }
}
