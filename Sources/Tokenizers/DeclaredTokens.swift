import Foundation

/// The tokens that `tokenizer_config.json` adds to a vocabulary: its field `added_tokens_decoder`.
struct DeclaredTokens: Sendable {
  /// In ascending order of their ids; looked for in the text as it is written.
  private(set) var tokens: [(id: UInt32, token: AddedTokens.Token)] = []

  /// No tokens.
  init() {}

  init(directory: URL) throws(TokenizerError) {
    let file = "tokenizer_config.json"
    let url = directory.appending(path: file)
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    let root = Component(node: try parse(readFile(url), file: file), path: file)
    guard let table = root.child("added_tokens_decoder") else { return }
    guard let members = table.node.members else { throw root.malformed("added_tokens_decoder", "an object") }
    for member in members {
      guard let id = UInt32(member.key) else { throw table.malformed(member.key, "named by an id") }
      let component = Component(node: member.value, path: "\(table.path).\(member.key)")
      tokens.append(
        (
          id,
          AddedTokens.Token(
            content: try component.string("content"), isSingleWord: try component.bool("single_word", default: false),
            stripsLeft: try component.bool("lstrip", default: false),
            stripsRight: try component.bool("rstrip", default: false), isNormalized: false,
            isSpecial: try component.bool("special", default: false))
        ))
    }
    tokens.sort { $0.id < $1.id }
  }
}

extension AddedTokens.Token {
  /// A special token that is looked for in the text as it is written.
  static func special(_ content: String, isNormalized: Bool = false) -> Self {
    Self(
      content: content, isSingleWord: false, stripsLeft: false, stripsRight: false, isNormalized: isNormalized,
      isSpecial: true)
  }
}
