import JSONText

/// Why a tokenizer could not be read.
public enum TokenizerError: Error, Equatable {
  /// The checkpoint directory holds no such file.
  case missingFile(path: String)
  /// The file is there and cannot be read.
  case unreadableFile(path: String, reason: String)
  /// The file is no JSON document.
  case notJSON(file: String, error: JSONError)
  /// A `tokenizer.model`, rank file or tokenizer in another binary form is broken.
  case damagedFile(file: String, problem: String)
  /// A list of ranks whose count is that of no known layout, so that its pattern and special tokens are unknown.
  case unknownRanks(file: String, count: Int)
  /// A field is missing or holds something else than it must.
  case malformed(field: String, expected: String)
  /// A component or setting that this library does not implement, such as a normalizer of type `Nmt`.
  case unsupported(field: String, value: String)
  /// A regular expression outside the supported subset of Oniguruma.
  ///
  /// `position` counts Unicode scalars from the start of the pattern, from 0.
  case unsupportedPattern(pattern: String, position: Int, problem: String)
  /// A merge rule, or the unknown token, names a token that is not in the vocabulary.
  case tokenNotInVocabulary(token: String, field: String)
  /// Neither a beginning-of-sequence nor an end-of-sequence token is declared.
  case noPrefixToken(directory: String)
}

extension TokenizerError: CustomStringConvertible {
  /// The problem in words, naming the file, field or pattern, and what to do.
  public var description: String {
    switch self {
    case .missingFile(let path):
      "\(path) does not exist: give a checkpoint directory that holds the tokenizer of its model: "
        + "tokenizer.json, tokenizer.model, tekken.json or a .tiktoken file"
    case .unreadableFile(let path, let reason): "\(path) cannot be read (\(reason)): check the file's permissions"
    case .notJSON(let file, let error): "\(file) is no JSON document, \(error): fetch the file again"
    case .damagedFile(let file, let problem): "\(file) is damaged, \(problem): fetch the file again"
    case .unknownRanks(let file, let count):
      "\(file) lists \(count) ranks, which is neither Llama 3's nor Qwen's list, so the pattern that cuts the text is "
        + "not known: give the model's tokenizer.json"
    case .malformed(let field, let expected):
      "the tokenizer's field \(field) must be \(expected): fetch the file again or save it with Hugging Face tokenizers"
    case .unsupported(let field, let value):
      "the tokenizer's field \(field) is \(value), which is not supported: use a model whose tokenizer is BPE or Unigram"
    case .unsupportedPattern(let pattern, let position, let problem):
      "the tokenizer's pattern \(pattern) is not supported at position \(position), \(problem): rewrite the pattern"
    case .tokenNotInVocabulary(let token, let field):
      "the token \(token) of the tokenizer's field \(field) is not in its vocabulary: fetch the file again"
    case .noPrefixToken(let directory):
      "\(directory) declares neither a bos nor an eos token: add \"eos_token\" to its tokenizer_config.json"
    }
  }
}
