import Foundation
import JSONText

/// A tokenizer: text to ids and back.
///
/// It is read from a `tokenizer.json` or, where a checkpoint has none, from SentencePiece's `tokenizer.model`, a list
/// of tiktoken ranks or Mistral's `tekken.json`. The meaning of `tokenizer.json` is that of Hugging Face `tokenizers` 0.23: added tokens are cut out, the rest is
/// normalized, cut into pieces and tokenized by the model. Ids are the same as that library's for any text. Its
/// settings `truncation` and `padding` are of no effect here, and its post-processor is not run.
///
/// Encoding may run on any number of threads at once.
public struct Tokenizer: Sendable {
  private let normalizer: (any Normalizer)?
  private let preTokenizer: (any PreTokenizer)?
  private let model: any Model
  private let decoder: (any TokenDecoder)?
  private let addedTokens: AddedTokens
  private let workspaces = WorkspacePool()

  /// Puts a tokenizer together from its parts.
  init(
    normalizer: (any Normalizer)?, preTokenizer: (any PreTokenizer)?, model: any Model, decoder: (any TokenDecoder)?,
    addedTokens: AddedTokens
  ) {
    self.normalizer = normalizer
    self.preTokenizer = preTokenizer
    self.model = model
    self.decoder = decoder
    self.addedTokens = addedTokens
  }

  /// Reads the tokenizer of a checkpoint directory: `tokenizer.json`, else `tokenizer.model` (SentencePiece or ranks),
  /// else `tekken.json`, else the first file that ends in `.tiktoken`.
  /// - Throws: `TokenizerError` when the file is missing, malformed, or uses something that is not supported.
  public init(directory: URL) throws(TokenizerError) {
    let json = directory.appending(path: "tokenizer.json")
    guard !FileManager.default.fileExists(atPath: json.path) else {
      try self.init(json: readFile(json))
      return
    }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []).sorted()
    let others = ["tokenizer.model", "tekken.json"] + names.filter { $0.hasSuffix(".tiktoken") }
    guard let name = others.first(where: names.contains) else { throw .missingFile(path: json.path) }
    let bytes = try readFile(directory.appending(path: name))
    let declared = try DeclaredTokens(directory: directory)
    if name == "tekken.json" {
      try self.init(tekken: bytes)
    } else if TokenRanks.isList(bytes) {
      try self.init(ranks: bytes, file: name, layout: nil, declared: declared)
    } else {
      try self.init(sentencePiece: bytes, file: name, declared: declared)
    }
  }

  /// Reads the text of a `tokenizer.json`.
  /// - Throws: `TokenizerError` when it is malformed, or uses something that is not supported.
  public init(json: [UInt8]) throws(TokenizerError) {
    let root = Component(node: try parse(json, file: "tokenizer.json"), path: "tokenizer.json")
    guard root.node.members != nil else { throw .malformed(field: root.path, expected: "an object") }
    if let version = try root.optionalString("version"), version != "1.0" {
      throw .unsupported(field: "\(root.path).version", value: "\"\(version)\"")
    }
    normalizer = try root.child("normalizer").map { part throws(TokenizerError) in try makeNormalizer(part) }
    let preTokenizer = root.child("pre_tokenizer")
    self.preTokenizer = try preTokenizer.map { part throws(TokenizerError) in try makePreTokenizer(part, isLast: true) }
    if let postProcessor = root.child("post_processor") { try checkPostProcessor(postProcessor) }
    decoder = try root.child("decoder").map { part throws(TokenizerError) in try makeTokenDecoder(part) }
    guard let model = root.child("model") else { throw root.malformed("model", "an object") }
    self.model = try makeModel(model, symbols: preTokenizer.map(endsWithByteLevel) == true ? .bytes : .scalars)
    addedTokens = try AddedTokens(
      root.child("added_tokens") == nil ? [] : root.elements("added_tokens"), vocabulary: self.model.vocabulary,
      normalizer: normalizer)
  }

  /// How many tokens there are, added ones included.
  public var vocabularySize: Int { model.vocabulary.ids.count + addedTokens.count(beyond: model.vocabulary) }

  /// The ids of a text; no special tokens are added, those written in the text are recognised.
  public func encode(_ text: String) -> [UInt32] { encode(valid: text.utf8.span) }

  /// The ids of a text in UTF-8; no special tokens are added, those written in the text are recognised.
  ///
  /// Each maximal part that is no UTF-8 counts as U+FFFD.
  public func encode(utf8 text: [UInt8]) -> [UInt32] { encode(utf8: text.span) }

  /// The ids of a text in UTF-8; no special tokens are added, those written in the text are recognised.
  ///
  /// Each maximal part that is no UTF-8 counts as U+FFFD.
  public func encode(utf8 text: Span<UInt8>) -> [UInt32] {
    if (try? UTF8Span(validating: text)) != nil { return encode(valid: text) }
    return encode(text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
  }

  private func encode(valid text: Span<UInt8>) -> [UInt32] {
    var workspace = workspaces.take()
    var output: [UInt32] = []
    output.reserveCapacity(text.count / 2)
    addedTokens.forEachPart(of: text, isNormalized: false) { part in
      switch part {
      case .token(let id): output.append(id)
      case .text(let range):
        encode(
          text.extracting(range), beginsDocument: range.lowerBound == 0, workspace: &workspace, into: &output)
      }
    }
    workspaces.giveBack(workspace)
    return output
  }

  private func encode(
    _ text: Span<UInt8>, beginsDocument: Bool, workspace: inout Workspace, into output: inout [UInt32]
  ) {
    guard let normalizer else {
      return encode(normalized: text, beginsDocument: beginsDocument, workspace: &workspace, into: &output)
    }
    var normalized: [UInt8] = []
    normalized.append(contentsOf: text)
    normalizer.normalize(&normalized)
    encode(normalized: normalized.span, beginsDocument: beginsDocument, workspace: &workspace, into: &output)
  }

  private func encode(
    normalized text: Span<UInt8>, beginsDocument: Bool, workspace: inout Workspace, into output: inout [UInt32]
  ) {
    addedTokens.forEachPart(of: text, isNormalized: true) { part in
      switch part {
      case .token(let id): output.append(id)
      case .text(let range):
        workspace.pieces.reset(
          to: text.extracting(range), beginsDocument: beginsDocument && range.lowerBound == 0)
        preTokenizer?.apply(to: &workspace.pieces)
        workspace.encodePieces(with: model, into: &output)
      }
    }
  }

  /// The pieces of a text, as the model would see them: bytes where its symbols are bytes.
  package func pieces(of text: String) -> [[UInt8]] {
    var pieces = Pieces()
    let normalized = normalized(text)
    pieces.reset(to: normalized.span, beginsDocument: true)
    preTokenizer?.apply(to: &pieces)
    return pieces.ranges.map { Array(pieces.text[$0]) }
  }

  /// A text as the normalizer leaves it.
  package func normalized(_ text: String) -> [UInt8] {
    var bytes = Array(text.utf8)
    normalizer?.normalize(&bytes)
    return bytes
  }

  /// The text of ids.
  ///
  /// Ids without token are left out, and broken UTF-8 becomes U+FFFD.
  /// - Parameter skipSpecialTokens: Whether to leave out special tokens.
  public func decode(_ ids: some Sequence<UInt32>, skipSpecialTokens: Bool = false) -> String {
    let spellings = ids.compactMap { addedTokens.spelling(of: $0) ?? model.vocabulary.spelling(of: $0) }
      .filter { !skipSpecialTokens || !addedTokens.isSpecial($0) }.map { Array($0.utf8) }
    guard let decoder else { return String(decoding: Array(spellings.joined(separator: " ".utf8)), as: UTF8.self) }
    return String(decoding: Array(decoder.decode(spellings).joined()), as: UTF8.self)
  }

  /// The id of a token as the vocabulary spells it, nil when there is none.
  public func id(of token: String) -> UInt32? { addedTokens.id(of: token) ?? model.vocabulary.id(of: token) }

  /// The token of an id as the vocabulary spells it, nil when there is none.
  public func token(_ id: UInt32) -> String? { addedTokens.spelling(of: id) ?? model.vocabulary.spelling(of: id) }
}

/// Whether the last pre-tokenizer is ByteLevel, so that the model sees bytes.
private func endsWithByteLevel(_ component: Component) -> Bool {
  switch component.node["type"]?.string {
  case "ByteLevel": true
  case "Sequence":
    (try? component.elements("pretokenizers"))?.last.map(endsWithByteLevel) == true
  default: false
  }
}

/// The bytes of a file.
/// - Throws: `TokenizerError` when it is missing or cannot be read.
func readFile(_ url: URL) throws(TokenizerError) -> [UInt8] {
  guard FileManager.default.fileExists(atPath: url.path) else { throw .missingFile(path: url.path) }
  do {
    return Array(try Data(contentsOf: url))
  } catch {
    throw .unreadableFile(path: url.path, reason: error.localizedDescription)
  }
}

/// The root of a JSON document.
/// - Throws: `TokenizerError.notJSON` naming the file.
func parse(_ json: [UInt8], file: String) throws(TokenizerError) -> JSONNode {
  do {
    return try JSONText(json).root
  } catch {
    throw .notJSON(file: file, error: error)
  }
}
