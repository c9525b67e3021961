import Corpora
import Decoders
import Foundation
import Tokenizers

/// Scores texts: every token of a document exactly once, in windows of a context length, as lm-evaluation-harness's
/// `loglikelihood_rolling` with `context_len` 1.
///
/// The first token is predicted from the prefix token; windows follow one another, and the last one reaches back to fill
/// the context. No special tokens are added inside.
public struct Evaluator: Sendable {
  /// Tokens of one window.
  public let context: Int
  /// The token before each document.
  public let prefix: UInt32
  /// Windows are computed together up to about this many tokens.
  static let tokensPerPass = 4096

  /// An evaluator; the usual context is the smaller of 2048 and the model's limit.
  public init(context: Int, prefix: UInt32) {
    precondition(context > 0, "a context of \(context)")
    self.context = context
    self.prefix = prefix
  }

  /// Tokens that go in and the part of them that is scored.
  package struct Window {
    package let document: Int
    /// What goes in: the prefix token or tokens before the targets.
    package let ids: [Int32]
    /// What follows each, -1 where another window scores it.
    package let targets: [Int32]
  }

  /// Scores a text.
  /// - Parameter progress: called with tokens done and tokens in all; returning false stops with `interrupted`.
  /// - Throws: `TrainingError.notFinite` naming the document whose score is NaN or infinite, `.interrupted`.
  public func score(
    _ text: TokenizedText, with decoder: Decoders.Decoder, progress: (Int, Int) -> Bool = { _, _ in true }
  ) throws(TrainingError) -> TextScore {
    var perDocument = (0..<text.documentCount).map {
      TextScore.DocumentScore(nll: 0, bytes: text.byteCount(ofDocument: $0))
    }
    var pending: [Window] = []
    var done = 0
    func flush() throws(TrainingError) {
      guard !pending.isEmpty else { return }
      for (window, nll) in zip(pending, scores(of: pending, with: decoder)) {
        guard nll.isFinite else { throw .notFinite("the score of document \(window.document) of text \(text.name)") }
        perDocument[window.document].nll += nll
        done += window.targets.count { $0 >= 0 }
      }
      pending.removeAll(keepingCapacity: true)
      guard progress(done, text.tokenCount) else { throw .interrupted }
    }
    for document in 0..<text.documentCount {
      for window in windows(of: Array(text.tokens(ofDocument: document)), document: document) {
        pending.append(window)
        if pending.reduce(0, { $0 + $1.ids.count }) >= Self.tokensPerPass { try flush() }
      }
    }
    try flush()
    return TextScore(name: text.name, tokens: done, perDocument: perDocument)
  }

  package func windows(of tokens: [UInt32], document: Int) -> [Window] {
    let stream = ([prefix] + tokens).map { Int32(bitPattern: $0) }
    return stride(from: 0, to: tokens.count, by: context).map { scored in
      let end = min(tokens.count, scored + context)
      let start = max(0, end - context)
      let targets = (start..<end).map { $0 < scored ? -1 : stream[$0 + 1] }
      return Window(document: document, ids: Array(stream[start..<end]), targets: targets)
    }
  }

  /// The summed negative log-likelihoods of windows in nats, computed in one pass.
  func scores(of windows: [Window], with decoder: Decoders.Decoder) -> [Double] {
    var spans: [Range<Int>] = []
    for window in windows {
      let start = spans.last?.upperBound ?? 0
      spans.append(start..<start + window.ids.count)
    }
    let batch = TokenBatch(
      ids: windows.flatMap(\.ids), targets: windows.flatMap(\.targets),
      positions: windows.flatMap { $0.ids.indices.map(Int32.init) }, spans: spans, device: decoder.device)
    let losses = decoder.losses(batch)
    return spans.map { losses[$0].reduce(0) { $0 + Double($1) } }
  }
}
