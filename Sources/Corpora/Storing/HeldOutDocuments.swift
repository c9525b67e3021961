/// A text's split into documents to train on and documents to score.
///
/// About one in twenty of the first documents is held out, chosen by its tokens, so that the same document is always on the
/// same side. Behind the first ones every document is trained on.
public struct HeldOutDocuments: Sendable {
  /// Documents of which some are held out.
  public static let window = 16_384

  /// What is left to train on.
  public let training: any DocumentPool
  /// The documents held out.
  public let heldOut: TokenizedText

  /// Splits a text.
  /// - Throws: `CorpusError.tooFewDocuments` when one side would have none.
  public init(_ store: TokenStore) throws(CorpusError) {
    var kept: [Int] = []
    var held: [(ids: [UInt32], byteCount: Int)] = []
    var count = 0
    while count < Self.window, try store.hasDocument(count) {
      if Self.isHeldOut(try store.hash(ofDocument: count)) {
        held.append((try store.ids(ofDocument: count), try store.byteCount(ofDocument: count)))
      } else {
        kept.append(count)
      }
      count += 1
    }
    guard !kept.isEmpty, !held.isEmpty else { throw .tooFewDocuments(name: store.name, documents: count) }
    training = RemainingPool(store: store, kept: kept, count: count)
    heldOut = try TokenizedText(name: store.name, documents: held)
  }

  private static func isHeldOut(_ hash: UInt64) -> Bool { SplitMix64.mix(hash) % 20 == 0 }
}

/// The documents of a store without those among the first that are held out.
private struct RemainingPool: DocumentPool {
  let store: TokenStore
  /// Of the first `count` documents those that stay.
  let kept: [Int]
  let count: Int

  var name: String { store.name }
  var fingerprint: UInt64 { SplitMix64.mix(store.fingerprint &+ 1) }

  func hasDocument(_ number: Int) throws(CorpusError) -> Bool {
    number < kept.count ? true : try store.hasDocument(place(number))
  }

  func ids(ofDocument number: Int) throws(CorpusError) -> [UInt32] { try store.ids(ofDocument: place(number)) }

  private func place(_ number: Int) -> Int { number < kept.count ? kept[number] : number - kept.count + count }
}
