import Foundation
import JSONText

/// The tokens that frame documents.
public struct SpecialTokens: Sendable {
  /// The beginning-of-sequence token, if one is declared.
  public let bos: UInt32?
  /// The end-of-sequence token, if one is declared.
  public let eos: UInt32?
  /// The token that stands before every document: BOS of `tokenizer_config.json`, else of `config.json`, else EOS.
  public let prefix: UInt32
  /// Tokens that end what a model writes: EOS, and those that `generation_config.json` or `config.json` list as
  /// `eos_token_id`.
  public let stops: Set<UInt32>

  /// Reads `tokenizer_config.json` and, for what that leaves open, `config.json` of a checkpoint directory.
  ///
  /// `tokenizer_config.json` names tokens, as a string or as an object with `content`; `config.json` gives ids in
  /// `bos_token_id` and `eos_token_id`, of which a list means its first.
  /// - Throws: `TokenizerError` when a file is malformed, a token is not in the vocabulary, or neither token is there.
  public init(directory: URL, tokenizer: Tokenizer) throws(TokenizerError) {
    let named = try Self.component("tokenizer_config.json", in: directory)
    let numbered = try Self.component("config.json", in: directory)
    func token(_ name: String) throws(TokenizerError) -> UInt32? {
      if let token = try named.map({ part throws(TokenizerError) in try Self.token(name, in: part, tokenizer) }) ?? nil
      {
        return token
      }
      return try numbered.map { part throws(TokenizerError) in try Self.id("\(name)_id", in: part) } ?? nil
    }
    bos = try token("bos_token")
    eos = try token("eos_token")
    guard let prefix = bos ?? eos else { throw .noPrefixToken(directory: directory.path) }
    self.prefix = prefix
    let generation = try Self.component("generation_config.json", in: directory)
    stops = Set([eos].compactMap(\.self) + Self.ends(generation) + Self.ends(numbered))
  }

  private static func ends(_ component: Component?) -> [UInt32] {
    guard let node = component?.child("eos_token_id")?.node else { return [] }
    return (node.elements ?? [node]).compactMap { $0.int.flatMap(UInt32.init(exactly:)) }
  }

  private static func component(_ file: String, in directory: URL) throws(TokenizerError) -> Component? {
    let url = directory.appending(path: file)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    return Component(node: try parse(readFile(url), file: file), path: file)
  }

  private static func token(
    _ key: String, in component: Component, _ tokenizer: Tokenizer
  ) throws(TokenizerError) -> UInt32? {
    guard let field = component.child(key) else { return nil }
    let content = field.node.members == nil ? try component.string(key) : try field.string("content")
    guard let id = tokenizer.id(of: content) else { throw .tokenNotInVocabulary(token: content, field: field.path) }
    return id
  }

  private static func id(_ key: String, in component: Component) throws(TokenizerError) -> UInt32? {
    guard let field = component.child(key) else { return nil }
    let node = field.node.elements?.first ?? field.node
    guard let id = node.int.flatMap(UInt32.init(exactly:)) else { throw component.malformed(key, "an id") }
    return id
  }
}
