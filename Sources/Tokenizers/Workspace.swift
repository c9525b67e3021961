import Synchronization

/// What one encoding at a time needs: buffers, and the words met before.
struct Workspace: Sendable {
  var pieces = Pieces()
  private var word = BPEWord()
  private var cache = WordCache()

  /// Appends the tokens of each piece.
  mutating func encodePieces(with model: any Model, into output: inout [UInt32]) {
    let text = pieces.text
    for range in pieces.ranges {
      let piece = text.span.extracting(range)
      guard range.count <= WordCache.maximumWordLength else {
        model.encode(piece, word: &word, into: &output)
        continue
      }
      let hash = byteHash(piece)
      if cache.append(tokensOf: piece, hash: hash, to: &output) { continue }
      let start = output.count
      model.encode(piece, word: &word, into: &output)
      cache.insert(piece, hash: hash, tokens: output[start...])
    }
  }
}

/// Workspaces that nobody uses now: one for each thread that was ever encoding at the same time as others.
final class WorkspacePool: Sendable {
  private let idle = Mutex<[Workspace]>([])
  /// A workspace that has grown beyond this many bytes, over one huge text, is not kept.
  private static let maximumCapacity = 64 << 20

  /// A workspace for the caller alone.
  func take() -> Workspace { idle.withLock { $0.popLast() } ?? Workspace() }

  /// Takes back a workspace.
  func giveBack(_ workspace: Workspace) {
    if workspace.pieces.capacity <= Self.maximumCapacity { idle.withLock { $0.append(workspace) } }
  }
}
