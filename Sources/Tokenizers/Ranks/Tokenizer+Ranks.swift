import Foundation

extension Tokenizer {
  /// Reads a tiktoken rank file of a layout that is given.
  /// - Throws: `TokenizerError` when it is damaged.
  package init(ranks bytes: [UInt8], layout: RankLayout) throws(TokenizerError) {
    try self.init(ranks: bytes, file: "tokenizer.model", layout: layout, declared: DeclaredTokens())
  }

  /// Reads a tiktoken rank file.
  /// - Parameters:
  ///   - layout: nil for the known one of a list of this length.
  ///   - declared: the tokens behind the ranks, in place of the layout's where there are any.
  /// - Throws: `TokenizerError` when it is damaged or its layout is not known.
  init(ranks bytes: [UInt8], file: String, layout: RankLayout?, declared: DeclaredTokens) throws(TokenizerError) {
    let ranks = try TokenRanks(bytes, file: file)
    guard let layout = layout ?? .known(rankCount: ranks.tokens.count) else {
      throw .unknownRanks(file: file, count: ranks.tokens.count)
    }
    let specials = layout.specialTokens.enumerated().map { index, content in
      (UInt32(ranks.tokens.count + index), AddedTokens.Token.special(content, isNormalized: layout.composes))
    }
    let behind = declared.tokens.filter { $0.id >= ranks.tokens.count }
    let normalizer = layout.composes ? UnicodeNormalizer(form: .nfc) : nil
    self.init(
      normalizer: normalizer, preTokenizer: try Self.cutter(layout.pattern),
      model: BPE(ranked: ranks.tokens, offset: 0),
      decoder: ByteLevelDecoder(),
      addedTokens: try AddedTokens(behind.isEmpty ? specials : behind, normalizer: normalizer, field: file))
  }

  /// Reads Mistral's `tekken.json`: a pattern, ranked tokens, and special tokens before the first rank.
  /// - Throws: `TokenizerError` when it is malformed.
  init(tekken json: [UInt8]) throws(TokenizerError) {
    let file = "tekken.json"
    let root = Component(node: try parse(json, file: file), path: file)
    guard let settings = root.child("config") else { throw root.malformed("config", "an object") }
    let specialCount = try settings.count("default_num_special_tokens")
    let rankCount = try settings.count("default_vocab_size") - specialCount
    let entries = try root.elements("vocab")
    guard rankCount > 0, rankCount <= entries.count else {
      throw settings.malformed("default_vocab_size", "more than the special tokens and not more than all tokens")
    }
    var tokens: [[UInt8]] = []
    for (rank, entry) in entries.prefix(rankCount).enumerated() {
      guard try entry.count("rank") == rank else { throw entry.malformed("rank", "\(rank)") }
      guard let bytes = Data(base64Encoded: try entry.string("token_bytes")) else {
        throw entry.malformed("token_bytes", "bytes in base64")
      }
      tokens.append(Array(bytes))
    }
    var names = (0..<specialCount).map { "<SPECIAL_\($0)>" }
    let named =
      root.child("special_tokens") == nil ? nil : try root.elements("special_tokens")
    for (rank, name) in Self.firstTekkenTokens.enumerated() where named == nil && rank < specialCount {
      names[rank] = name
    }
    for entry in named ?? [] {
      let rank = try entry.count("rank")
      guard rank < specialCount else { throw entry.malformed("rank", "below \(specialCount)") }
      names[rank] = try entry.string("token_str")
    }
    let ranks = try TokenRanks(tokens: tokens, file: file)
    self.init(
      normalizer: nil, preTokenizer: try Self.cutter(try settings.string("pattern")),
      model: BPE(ranked: ranks.tokens, offset: specialCount), decoder: ByteLevelDecoder(),
      addedTokens: try AddedTokens(
        names.enumerated().map { (UInt32($0), .special($1)) }, normalizer: nil, field: "\(file).special_tokens"))
  }

  /// The special tokens of files that do not list them, from version 3.
  private static let firstTekkenTokens = [
    "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]",
    "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]",
  ]

  /// Cuts the text into the matches of a pattern, which cover it.
  private static func cutter(_ pattern: String) throws(TokenizerError) -> PatternSplit {
    PatternSplit(pattern: try RegexProgram(pattern), behavior: .isolated, isInverted: false)
  }
}
