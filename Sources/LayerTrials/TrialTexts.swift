import Corpora
import LayerProbe
import Tokenizers

/// The documents that trials are scored and trained on: those behind the documents that layers were scored on.
///
/// So no criterion has seen what its foretelling is judged by, and no document is both trained on and scored. The same
/// number is passed over in every text, so that the partners of held-out documents in other languages are not trained on
/// either where files are in one order.
public struct TrialTexts: Sendable {
  /// Names, the target's first.
  public let names: [String]
  /// Held out: documents of the target.
  package let target: TokenizedText
  /// Held out: documents of the sources, one text behind the other.
  package let source: TokenizedText
  let specialTokens: SpecialTokens
  private let pools: [any DocumentPool]

  /// How many documents are held out.
  public struct HeldOut: Sendable, Hashable {
    /// Of the target, on which sets are compared.
    public var target = 16
    /// Of each source.
    public var source = 8

    /// As many as give a test of two sets its power at little cost.
    public init() {}
  }

  /// Takes the documents apart.
  /// - Parameters:
  ///   - stores: the texts, the target first, at least one source.
  ///   - scored: how many documents with tokens of each text layers are scored on.
  ///   - maximumTokens: held-out documents are cut at so many tokens.
  /// - Throws: `TrialError.tooFewDocuments`, `CorpusError`.
  public init(
    _ stores: [TokenStore], scored: Int, heldOut: HeldOut = HeldOut(), maximumTokens: Int, tokenizer: Tokenizer,
    specialTokens: SpecialTokens
  ) throws {
    precondition(stores.count > 1, "trials without a source")
    let most = max(heldOut.target, heldOut.source)
    for store in stores {
      guard try store.hasDocument(scored + most) else {
        throw TrialError.tooFewDocuments(text: store.name, scored: scored, heldOut: most)
      }
    }
    func documents(_ store: TokenStore, _ count: Int) throws -> [(ids: [UInt32], byteCount: Int)] {
      let whole = try (scored..<scored + count).map { number in
        (ids: try store.ids(ofDocument: number), byteCount: try store.byteCount(ofDocument: number))
      }
      let cut = try ProbeText(
        TokenizedText(name: store.name, documents: whole), tokenizer: tokenizer, maximumTokens: maximumTokens)
      return cut.documents.map { ($0.tokens.map(UInt32.init(bitPattern:)), $0.byteCount) }
    }
    names = stores.map(\.name)
    target = try TokenizedText(name: stores[0].name, documents: documents(stores[0], heldOut.target))
    let sources = stores.dropFirst()
    source = try TokenizedText(
      name: sources.map(\.name).joined(separator: ", "),
      documents: sources.flatMap { try documents($0, heldOut.source) })
    pools = stores.map { LaterDocuments(store: $0, first: scored + most) }
    self.specialTokens = specialTokens
  }

  /// Tokens that are scored at each point.
  var heldOutTokens: Int { target.tokenCount + source.tokenCount }

  /// Rows to train on; sources have equal parts of their share.
  package func mixture(sourceShare: Double, sequenceLength: Int, seed: UInt64) -> Mixture {
    let each = sourceShare / Double(pools.count - 1)
    return Mixture(
      pools: pools, weights: [1 - sourceShare] + pools.dropFirst().map { _ in each },
      options: MixtureOptions(sequenceLength: sequenceLength, seed: seed, shuffleBuffer: Self.shuffleBuffer),
      specialTokens: specialTokens)
  }

  /// Documents that wait to be drawn: short trials see no more, and need not tokenise a large text.
  private static let shuffleBuffer = 2048
}

/// The documents of a store from some number on.
private struct LaterDocuments: DocumentPool {
  let store: TokenStore
  let first: Int

  var name: String { store.name }
  var fingerprint: UInt64 { store.fingerprint &+ UInt64(first) }
  func hasDocument(_ number: Int) throws(CorpusError) -> Bool { try store.hasDocument(first + number) }
  func ids(ofDocument number: Int) throws(CorpusError) -> [UInt32] { try store.ids(ofDocument: first + number) }
}
