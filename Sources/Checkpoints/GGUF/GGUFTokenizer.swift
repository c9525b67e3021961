import JSONText

/// The ids that have a meaning of their own.
struct GGUFSpecialTokens {
  let bos: Int?
  let eos: Int?
  let unknown: Int?
  let pad: Int?
  /// Where a turn of a conversation ends, when that is another token than `eos`.
  let endOfTurn: Int?

  /// All tokens that end generation.
  var stops: [Int] {
    guard let endOfTurn, endOfTurn != eos else { return eos.map { [$0] } ?? [] }
    return (eos.map { [$0] } ?? []) + [endOfTurn]
  }

  init(_ file: GGUFFile, vocabularySize: Int) throws(GGUFError) {
    func token(_ role: String) throws(GGUFError) -> Int? {
      let key = "tokenizer.ggml.\(role)_token_id"
      guard let id = try file.count(key) else { return nil }
      guard id < vocabularySize else {
        throw .unusableValue(file: file.name, key: key, found: "\(id)", expected: "an id below \(vocabularySize)")
      }
      return id
    }
    bos = try token("bos")
    eos = try token("eos")
    unknown = try token("unknown")
    pad = try token("padding")
    endOfTurn = try token("eot")
  }
}

/// The byte-level BPE tokenizer of a GGUF file as tokenizer.json and tokenizer_config.json say it.
struct GGUFTokenizer {
  let tokens: [String]
  let kinds: [TokenKind]
  let merges: [(left: Substring, right: Substring)]
  let preTokenizer: GGUFPreTokenizer
  let special: GGUFSpecialTokens
  let addsBOS: Bool
  let addsEOS: Bool
  let maximumPositions: Int

  /// `tokenizer.ggml.token_type`.
  enum TokenKind: Int {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  init(_ file: GGUFFile, vocabularySize: Int, maximumPositions: Int) throws(GGUFError) {
    let modelKey = "tokenizer.ggml.model"
    let model = try file.required(file.text(modelKey), modelKey)
    guard model == "gpt2" else {
      throw .unusableValue(
        file: file.name, key: modelKey, found: "\"\(model)\"", expected: "a byte-level BPE tokenizer (gpt2)")
    }
    preTokenizer = try GGUFPreTokenizer(file)
    tokens = try Self.tokens(file, vocabularySize: vocabularySize)
    kinds = try Self.kinds(file, count: tokens.count)
    merges = try Self.merges(file, vocabulary: Set(tokens))
    special = try GGUFSpecialTokens(file, vocabularySize: tokens.count)
    addsBOS = try file.flag("tokenizer.ggml.add_bos_token") ?? preTokenizer.addsBOSByDefault
    addsEOS = try file.flag("tokenizer.ggml.add_eos_token") ?? false
    self.maximumPositions = maximumPositions
    for (adds, role, id) in [(addsBOS, "bos", special.bos), (addsEOS, "eos", special.eos)] where adds && id == nil {
      throw .missingKey(file: file.name, key: "tokenizer.ggml.\(role)_token_id")
    }
  }

  private static func tokens(_ file: GGUFFile, vocabularySize: Int) throws(GGUFError) -> [String] {
    let key = "tokenizer.ggml.tokens"
    let tokens = try file.required(file.texts(key), key)
    guard !tokens.isEmpty, tokens.count <= vocabularySize else {
      throw .unusableValue(
        file: file.name, key: key, found: "an array of \(tokens.count)",
        expected: "from 1 to \(vocabularySize) tokens, the rows of the embedding,")
    }
    var seen: Set<String> = []
    for token in tokens where !seen.insert(token).inserted {
      throw .malformed(file: file.name, item: "key \(key)", problem: "has the token \"\(token)\" twice")
    }
    return tokens
  }

  private static func kinds(_ file: GGUFFile, count: Int) throws(GGUFError) -> [TokenKind] {
    let key = "tokenizer.ggml.token_type"
    let values = try file.required(file.metadata[key], key)
    guard let numbers = values.array, numbers.count == count else {
      throw file.unusable(key, values, "an array of \(count)")
    }
    var kinds: [TokenKind] = []
    kinds.reserveCapacity(count)
    for number in numbers {
      guard let kind = number.int.flatMap(TokenKind.init(rawValue:)) else {
        throw file.unusable(key, number, "a token type from 1 to 6")
      }
      kinds.append(kind)
    }
    return kinds
  }

  private static func merges(
    _ file: GGUFFile, vocabulary: Set<String>
  ) throws(GGUFError) -> [(left: Substring, right: Substring)] {
    let key = "tokenizer.ggml.merges"
    var merges: [(left: Substring, right: Substring)] = []
    for merge in try file.required(file.texts(key), key) {
      let parts = merge.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 2, vocabulary.contains(String(parts[0])), vocabulary.contains(String(parts[1])),
        vocabulary.contains(String(parts[0] + parts[1]))
      else {
        throw .malformed(
          file: file.name, item: "key \(key)", problem: "has \"\(merge)\", which joins no two tokens into a third")
      }
      merges.append((parts[0], parts[1]))
    }
    return merges
  }
}

extension GGUFTokenizer {
  /// The text of tokenizer.json; tokens marked unused, which pad an embedding, are left out.
  var tokenizerJSON: JSONValue {
    let vocabulary = zip(tokens, kinds).enumerated().compactMap { id, token -> (key: String, value: JSONValue)? in
      token.1 == .unused ? nil : (token.0, .integer(id))
    }
    return .object([
      ("version", .string("1.0")),
      ("truncation", .null),
      ("padding", .null),
      ("added_tokens", .array(addedTokens)),
      ("normalizer", preTokenizer.normalizesToNFC ? .object([("type", .string("NFC"))]) : .null),
      ("pre_tokenizer", preTokenizer.json),
      ("post_processor", postProcessor),
      ("decoder", GGUFPreTokenizer.byteLevel(usesRegex: true)),
      (
        "model",
        .object([
          ("type", .string("BPE")),
          ("dropout", .null),
          ("unk_token", .null),
          ("continuing_subword_prefix", .null),
          ("end_of_word_suffix", .null),
          ("fuse_unk", .bool(false)),
          ("byte_fallback", .bool(false)),
          ("ignore_merges", .bool(preTokenizer.ignoresMerges)),
          ("vocab", .object(vocabulary)),
          ("merges", .array(merges.map { .strings([String($0.left), String($0.right)]) })),
        ])
      ),
    ])
  }

  private var addedTokens: [JSONValue] {
    zip(tokens, kinds).enumerated().compactMap { id, token in
      guard token.1 == .control || token.1 == .userDefined || token.1 == .unknown else { return nil }
      return .object([
        ("id", .integer(id)),
        ("content", .string(token.0)),
        ("single_word", .bool(false)),
        ("lstrip", .bool(false)),
        ("rstrip", .bool(false)),
        ("normalized", .bool(false)),
        ("special", .bool(token.1 != .userDefined)),
      ])
    }
  }

  /// A template that adds BOS and EOS where the file asks for them, behind the byte-level processor.
  private var postProcessor: JSONValue {
    let byteLevel = GGUFPreTokenizer.byteLevel(usesRegex: true)
    let bos = addsBOS ? special.bos : nil
    let eos = addsEOS ? special.eos : nil
    guard bos != nil || eos != nil else { return byteLevel }
    func specialToken(_ id: Int?, typeID: Int) -> [JSONValue] {
      guard let id else { return [] }
      return [.object([("SpecialToken", .object([("id", .string(tokens[id])), ("type_id", .integer(typeID))]))])]
    }
    func sequence(_ name: String, typeID: Int) -> [JSONValue] {
      let text = JSONValue.object([("Sequence", .object([("id", .string(name)), ("type_id", .integer(typeID))]))])
      return specialToken(bos, typeID: typeID) + [text] + specialToken(eos, typeID: typeID)
    }
    let definitions = Set([bos, eos].compactMap { $0 }).sorted().map { id in
      (
        key: tokens[id],
        value: JSONValue.object([
          ("id", .string(tokens[id])), ("ids", .array([.integer(id)])), ("tokens", .strings([tokens[id]])),
        ])
      )
    }
    let template = JSONValue.object([
      ("type", .string("TemplateProcessing")),
      ("single", .array(sequence("A", typeID: 0))),
      ("pair", .array(sequence("A", typeID: 0) + sequence("B", typeID: 1))),
      ("special_tokens", .object(definitions)),
    ])
    return .object([("type", .string("Sequence")), ("processors", .array([byteLevel, template]))])
  }

  /// The text of tokenizer_config.json; the chat template stands in its own file, as transformers 5 writes it.
  var tokenizerConfigJSON: JSONValue {
    var members: [(key: String, value: JSONValue)] = [("tokenizer_class", .string("PreTrainedTokenizerFast"))]
    for (name, id) in [("bos", special.bos), ("eos", special.eos), ("unk", special.unknown), ("pad", special.pad)] {
      guard let id else { continue }
      members.append(("\(name)_token", .string(tokens[id])))
    }
    members.append(("model_max_length", .integer(maximumPositions)))
    members.append(("clean_up_tokenization_spaces", .bool(false)))
    return .object(members)
  }
}
