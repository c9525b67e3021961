import HeapModule

/// Byte-pair encoding as SentencePiece does it.
///
/// Of all neighbours that together are a piece, those with the greatest score are joined, the leftmost of equals first.
/// There is no list of merges.
///
/// User-defined pieces are never joined with others, and unused pieces are taken apart again in the end.
struct SentencePieceBPE: Model {
  let vocabulary: Vocabulary
  private let scores: [Float]
  private let isUnused: [Bool]
  /// The pieces that text can become: normal, user-defined and unused ones.
  private let ids: ByteStringTable
  private let userDefined: ByteTrie?
  private let unknownToken: UInt32
  private let fallbackTokens: [Int64]?

  init(_ file: SentencePieceFile) {
    vocabulary = Vocabulary(spellings: file.pieces.map(\.spelling))
    scores = file.pieces.map(\.score)
    isUnused = file.pieces.map { $0.kind == .unused }
    var ids = ByteStringTable(minimumCapacity: file.pieces.count)
    for (id, piece) in file.pieces.enumerated() where [.normal, .userDefined, .unused].contains(piece.kind) {
      ids.insert(piece.spelling.utf8.span, value: UInt32(id))
    }
    self.ids = ids
    userDefined = file.userDefinedTrie
    unknownToken = file.unknownToken
    fallbackTokens = file.fallsBackToBytes ? byteFallbackTokens(vocabulary) : nil
  }

  private struct Symbol {
    var range: Range<Int>
    var previous: Int
    var next: Int
    let isFrozen: Bool
  }

  private struct Candidate: Comparable {
    let score: Float
    let left: Int
    let right: Int
    let count: Int

    static func < (one: Candidate, other: Candidate) -> Bool {
      one.score < other.score || (one.score == other.score && one.left > other.left)
    }
  }

  func encode(_ piece: Span<UInt8>, word: inout BPEWord, into output: inout [UInt32]) {
    var symbols: [Symbol] = []
    var position = 0
    while position < piece.count {
      let frozen = userDefined?.longestMatch(in: piece, at: position)
      let end = min(piece.count, position + (frozen ?? piece.scalarLength(at: position)))
      symbols.append(
        Symbol(
          range: position..<end, previous: symbols.count - 1, next: end < piece.count ? symbols.count + 1 : -1,
          isFrozen: frozen != nil))
      position = end
    }
    var candidates = Heap<Candidate>()
    // The pieces that are joined and unused: where the left part of each ends, counted from its start.
    var splits: [UInt32: Int] = [:]
    func add(_ left: Int, _ right: Int) {
      guard left >= 0, right >= 0, !symbols[left].isFrozen, !symbols[right].isFrozen else { return }
      let range = symbols[left].range.lowerBound..<symbols[right].range.upperBound
      guard let id = ids.value(of: piece.extracting(range)) else { return }
      candidates.insert(Candidate(score: scores[Int(id)], left: left, right: right, count: range.count))
      if isUnused[Int(id)] { splits[id] = symbols[left].range.count }
    }
    for index in symbols.indices.dropFirst() { add(index - 1, index) }
    while let best = candidates.popMax() {
      let (left, right) = (symbols[best.left].range, symbols[best.right].range)
      guard !left.isEmpty, !right.isEmpty, left.count + right.count == best.count else { continue }
      symbols[best.left].range = left.lowerBound..<right.upperBound
      symbols[best.right].range = right.upperBound..<right.upperBound
      let next = symbols[best.right].next
      symbols[best.left].next = next
      if next >= 0 { symbols[next].previous = best.left }
      add(symbols[best.left].previous, best.left)
      add(best.left, next)
    }
    var isAfterUnknown = false
    var index = symbols.isEmpty ? -1 : 0
    while index >= 0 {
      append(symbols[index].range, of: piece, splits: splits, isAfterUnknown: &isAfterUnknown, to: &output)
      index = symbols[index].next
    }
  }

  private func append(
    _ range: Range<Int>, of piece: Span<UInt8>, splits: [UInt32: Int], isAfterUnknown: inout Bool,
    to output: inout [UInt32]
  ) {
    let text = piece.extracting(range)
    if let id = ids.value(of: text) {
      if isUnused[Int(id)], let count = splits[id] {
        let middle = range.lowerBound + count
        append(range.lowerBound..<middle, of: piece, splits: splits, isAfterUnknown: &isAfterUnknown, to: &output)
        append(middle..<range.upperBound, of: piece, splits: splits, isAfterUnknown: &isAfterUnknown, to: &output)
        return
      }
      output.append(id)
      isAfterUnknown = false
    } else if let fallbackTokens {
      for place in text.indices { output.append(UInt32(fallbackTokens[Int(text[place])])) }
      isAfterUnknown = true
    } else {
      if !isAfterUnknown { output.append(unknownToken) }
      isAfterUnknown = true
    }
  }
}

/// Cuts a text before each run of `▁`.
///
/// Where no piece goes on with `▁` behind something else, no merge crosses these borders, so that words can be
/// tokenized, and remembered, one by one.
struct SentencePieceWords: PreTokenizer {
  private let pattern: RegexProgram

  /// Nil when a piece crosses a border, or `▁` is no piece by itself, so that unknown text might.
  init?(_ file: SentencePieceFile) throws(TokenizerError) {
    let sign: Unicode.Scalar = "\u{2581}"
    var hasSign = false
    for piece in file.pieces where [.normal, .userDefined, .unused].contains(piece.kind) {
      let scalars = piece.spelling.unicodeScalars
      if piece.kind == .normal, scalars.elementsEqual([sign]) { hasSign = true }
      if zip(scalars, scalars.dropFirst()).contains(where: { $0 != sign && $1 == sign }) { return nil }
    }
    guard hasSign else { return nil }
    let set = ScalarSet(sign)
    func run(_ set: ScalarSet, min: Int) -> RegexNode { .repeated(.scalar(set), min: min, max: nil, mode: .greedy) }
    pattern = try RegexProgram(
      .alternatives([.sequence([run(set, min: 1), run(set.inverted, min: 0)]), run(set.inverted, min: 1)]),
      pattern: "words")
  }

  func apply(to pieces: inout Pieces) { pieces.split(by: pattern, behavior: .isolated, isInverted: false) }
}
