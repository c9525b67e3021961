import JSONText

/// How a tokenizer cuts text into words before merging, by the name that `tokenizer.ggml.pre` gives it.
///
/// The names are llama.cpp's (`llama-vocab.cpp`); the patterns are those of the models' own tokenizer.json. A name that
/// is not known here is refused: another pattern makes other ids without any error.
struct GGUFPreTokenizer {
  /// The tokenizer.json value.
  let json: JSONValue
  /// Whether text is normalised to NFC first.
  var normalizesToNFC = false
  /// Whether a word that is a token is taken whole, whatever the merges say.
  var ignoresMerges = false
  /// What llama.cpp does where `tokenizer.ggml.add_bos_token` is missing.
  var addsBOSByDefault = false

  init(_ file: GGUFFile) throws(GGUFError) {
    let key = "tokenizer.ggml.pre"
    let name = try file.required(file.text(key), key)
    switch name {
    case "gpt-2":
      json = Self.byteLevel(usesRegex: true)
    case "smollm", "starcoder", "refact", "codeshell":
      json = Self.sequence([Self.singleDigits, Self.byteLevel(usesRegex: true)])
    case "llama-bpe", "llama3", "llama-v3":
      json = Self.sequence([Self.split(Self.wordPattern(digits: "{1,3}")), Self.byteLevel(usesRegex: false)])
      ignoresMerges = true
      addsBOSByDefault = true
    case "smaug-bpe":
      json = Self.sequence([Self.split(Self.wordPattern(digits: "{1,3}")), Self.byteLevel(usesRegex: false)])
    case "qwen2", "deepseek-r1-qwen":
      json = Self.sequence([Self.split(Self.wordPattern(digits: "")), Self.byteLevel(usesRegex: false)])
      normalizesToNFC = true
    case "tekken":
      json = Self.sequence([Self.split(Self.caseAwarePattern), Self.byteLevel(usesRegex: false)])
      ignoresMerges = true
      addsBOSByDefault = true
    case "deepseek-coder":
      let patterns = ["[\r\n]", #"\s?\p{L}+"#, #"\s?\p{P}+"#, "[一-龥ࠀ-一가-퟿]+"]
      json = Self.sequence(
        patterns.map(Self.split) + [Self.singleDigits, Self.byteLevel(usesRegex: false)])
    default:
      throw .unusableValue(
        file: file.name, key: key, found: "\"\(name)\"",
        expected: """
          one of gpt-2, smollm, starcoder, refact, codeshell, llama-bpe, llama3, llama-v3, smaug-bpe, qwen2, \
          deepseek-r1-qwen, tekken, deepseek-coder
          """)
    }
  }

  /// GPT-4's words: contractions, letters with one leading sign, runs of digits, other signs, white space.
  private static func wordPattern(digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// Tekken's words: cut also where a lower-case letter meets an upper-case one.
  private static let caseAwarePattern =
    #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"#
    + #"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"#
    + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  static func byteLevel(usesRegex: Bool) -> JSONValue {
    .object([
      ("type", .string("ByteLevel")), ("add_prefix_space", .bool(false)), ("trim_offsets", .bool(true)),
      ("use_regex", .bool(usesRegex)),
    ])
  }

  private static let singleDigits = JSONValue.object([
    ("type", .string("Digits")), ("individual_digits", .bool(true)),
  ])

  private static func split(_ pattern: String) -> JSONValue {
    .object([
      ("type", .string("Split")), ("pattern", .object([("Regex", .string(pattern))])),
      ("behavior", .string("Isolated")), ("invert", .bool(false)),
    ])
  }

  private static func sequence(_ steps: [JSONValue]) -> JSONValue {
    .object([("type", .string("Sequence")), ("pretokenizers", .array(steps))])
  }
}
