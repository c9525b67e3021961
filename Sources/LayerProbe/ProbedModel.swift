import Decoders

/// A model whose layers are scored, and the token that goes before each document.
public struct ProbedModel {
  /// The model.
  public let decoder: Decoder
  /// Stands before each document and counts in no mean.
  public let prefix: UInt32

  /// A model and its prefix token.
  public init(decoder: Decoder, prefix: UInt32) {
    self.decoder = decoder
    self.prefix = prefix
  }

  /// Number of layers.
  public var layerCount: Int { decoder.layers.count }

  /// What a token costs.
  public var cost: TokenCost { TokenCost(decoder) }

  /// Short documents share passes of up to about this many tokens.
  static let tokensPerPass = 2048

  /// Numbers of residual streams that are held at once.
  private static let streamNumbersPerPass = 1 << 25

  /// Documents in order, as many together as fit in a pass.
  /// - Parameter states: how many residual streams of a pass are held at once.
  public func passes(
    over documents: ArraySlice<ProbeDocument>, states: Int = 1
  ) -> [ArraySlice<ProbeDocument>] {
    let tokensPerPass = min(
      Self.tokensPerPass, Self.streamNumbersPerPass / (states * decoder.configuration.width))
    var passes: [ArraySlice<ProbeDocument>] = []
    var start = documents.startIndex
    var tokens = 0
    for index in documents.indices {
      let count = documents[index].tokens.count + 1
      if index > start, tokens + count > tokensPerPass {
        passes.append(documents[start..<index])
        (start, tokens) = (index, 0)
      }
      tokens += count
    }
    passes.append(documents[start...])
    return passes
  }

  /// Documents in one pass, each behind its own prefix token and with attention kept inside it.
  public func batch(_ documents: ArraySlice<ProbeDocument>) -> ProbeBatch {
    var ids: [Int32] = []
    var targets: [Int32] = []
    var positions: [Int32] = []
    var spans: [Range<Int>] = []
    for document in documents {
      let start = ids.count
      ids.append(Int32(bitPattern: prefix))
      ids.append(contentsOf: document.tokens)
      targets.append(contentsOf: document.tokens)
      targets.append(-1)
      positions.append(contentsOf: 0...Int32(document.tokens.count))
      spans.append(start..<ids.count)
    }
    let tokens = TokenBatch(ids: ids, targets: targets, positions: positions, spans: spans, device: decoder.device)
    return ProbeBatch(tokens: tokens, spans: spans)
  }
}
