import Corpora
import Decoders

/// Fits bridges: affine maps that stand in for the layers which a detached model lacks.
///
/// Text goes through the whole model; for each run of missing layers the states before and after it are collected, and
/// the change is fitted by ridge regression in f64. Tokens whose change has a massive norm are left out: a handful of
/// them (often the first token, an attention sink; arXiv 2402.17762) would bend the map for all others.
public struct BridgeFitting: Sendable {
  /// Tokens to collect, held-out ones included; rounded up to whole rows.
  public var tokens = 32_768
  /// Tokens in one row.
  public var sequenceLength = 512
  /// The ridge, relative to the mean diagonal of the Gram matrix.
  public var relativeRidge = 1e-3
  /// Tokens whose change exceeds this many times the median norm are left out.
  public var massiveNorm = 10.0

  /// A fit with the defaults.
  public init() {}

  /// A run of missing layers: which detached layer it follows, and between which states of the whole model it lies.
  struct Gap: Hashable {
    /// Index in the detached model, -1 for the embedding.
    let after: Int
    /// The state before this layer of the whole model goes in.
    let from: Int
    /// The state before this layer of the whole model should come out; the layer count for the state behind the last.
    let to: Int
  }

  /// The runs that a selection of layers leaves out.
  static func gaps(layerMap: [Int], layerCount: Int) -> [Gap] {
    let bounds = [-1] + layerMap + [layerCount]
    return (0...layerMap.count).compactMap { index in
      let (before, behind) = (bounds[index], bounds[index + 1])
      return behind > before + 1 ? Gap(after: index - 1, from: before + 1, to: behind) : nil
    }
  }

  /// Fits all bridges of a detached model.
  /// - Parameters:
  ///   - decoder: the whole model.
  ///   - layerMap: for each layer of the detached model, its index in the whole one, ascending.
  ///   - mixture: the texts, packed into rows of `sequenceLength`.
  ///   - progress: called with tokens done and in all; returning false stops with `TrainingError.interrupted`.
  /// - Returns: a bridge for every run of missing layers, none when there is no such run.
  /// - Throws: `DecoderError.badBridge` when the regression fails, `TrainingError.interrupted`.
  public func fit(
    _ decoder: Decoders.Decoder, layerMap: [Int], mixture: Mixture,
    progress: (Int, Int) -> Bool = { _, _ in true }
  ) throws -> [FittedBridge] {
    let states = try collect(decoder, layerMaps: [layerMap], mixture: mixture, progress: progress)
    return try fit(states, layerMap: layerMap, layerCount: decoder.layers.count, width: decoder.configuration.width)
  }

  /// Fits all bridges of a detached model from states that were collected for it, among others.
  /// - Parameters:
  ///   - states: from `collect`.
  ///   - layerMap: one of those that they were collected for.
  ///   - layerCount: layers of the whole model.
  ///   - width: D.
  /// - Throws: `DecoderError.badBridge` when the regression fails.
  public func fit(
    _ states: [Int: [Float]], layerMap: [Int], layerCount: Int, width: Int
  ) throws(DecoderError) -> [FittedBridge] {
    var bridges: [FittedBridge] = []
    for gap in Self.gaps(layerMap: layerMap, layerCount: layerCount) {
      bridges.append(try fit(after: gap.after, from: states[gap.from]!, to: states[gap.to]!, width: width))
    }
    return bridges
  }

  /// The residual stream at both ends of every run of layers that one of several detached models lacks, in one pass.
  /// - Parameters:
  ///   - decoder: the whole model.
  ///   - layerMaps: of each detached model the layers, ascending.
  ///   - mixture: the texts, packed into rows of `sequenceLength`.
  ///   - progress: called with tokens done and in all; returning false stops with `TrainingError.interrupted`.
  /// - Returns: by the layer that reads it, the layer count standing for the state behind the last, `[tokens, D]`; empty
  ///   where nothing is missing.
  /// - Throws: `TrainingError.interrupted`, `CorpusError`.
  public func collect(
    _ decoder: Decoders.Decoder, layerMaps: [[Int]], mixture: Mixture,
    progress: (Int, Int) -> Bool = { _, _ in true }
  ) throws -> [Int: [Float]] {
    let gaps = layerMaps.flatMap { Self.gaps(layerMap: $0, layerCount: decoder.layers.count) }
    let indices = Set(gaps.flatMap { [$0.from, $0.to] })
    guard !indices.isEmpty else { return [:] }
    var mixture = mixture
    var states = Dictionary(uniqueKeysWithValues: indices.map { ($0, [Float]()) })
    let rows = (tokens + sequenceLength - 1) / sequenceLength
    let rowsPerPass = max(1, 2048 / sequenceLength)
    for first in stride(from: 0, to: rows, by: rowsPerPass) {
      let packed = try mixture.nextBatch(rows: min(rowsPerPass, rows - first))
      let batch = TokenBatch(
        ids: packed.ids, targets: packed.targets, positions: packed.positions, spans: packed.spans,
        device: decoder.device)
      decoder.observe(
        batch,
        .init { index, stream in
          if indices.contains(index) { states[index]! += decoder.device.download(stream) }
        })
      let done = min(rows, first + rowsPerPass) * sequenceLength
      guard progress(done, rows * sequenceLength) else { throw TrainingError.interrupted }
    }
    return states
  }

  /// One bridge from the states before and after a run of layers.
  func fit(after: Int, from: [Float], to: [Float], width D: Int) throws(DecoderError) -> FittedBridge {
    var changes = to
    for i in changes.indices { changes[i] -= from[i] }
    let n = changes.count / D
    let norms = (0..<n).map { token in
      changes[token * D..<(token + 1) * D].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    let median = norms.sorted()[n / 2]
    let kept = norms.indices.filter { norms[$0] <= massiveNorm * median }
    // Rows of text are mixed by the seed already, so every eighth run of 64 tokens is as good a sample as any.
    let heldOut = kept.filter { ($0 / 64) % 8 == 7 }
    let fitted = heldOut.isEmpty || heldOut.count == kept.count ? kept : kept.filter { ($0 / 64) % 8 != 7 }
    func rows(_ values: [Float], _ tokens: [Int]) -> [Float] { tokens.flatMap { values[$0 * D..<($0 + 1) * D] } }
    let map = try AffineMap(
      states: rows(from, fitted), changes: rows(changes, fitted), width: D, relativeRidge: relativeRidge)
    func variance(_ tokens: [Int]) -> (ofChange: Double, ofOutput: Double) {
      map.explainedVariance(states: rows(from, tokens), changes: rows(changes, tokens))
    }
    let (onFitted, onHeldOut) = (variance(fitted), heldOut.isEmpty ? nil : variance(heldOut))
    return FittedBridge(
      after: after, width: D, weight: map.weight.map(Float.init), bias: map.bias.map(Float.init),
      report: .init(
        after: after, tokens: fitted.count, massiveTokens: n - kept.count,
        explainedVarianceOfChange: onFitted.ofChange, explainedVarianceOfState: onFitted.ofOutput,
        heldOutExplainedVarianceOfChange: onHeldOut?.ofChange, heldOutExplainedVarianceOfState: onHeldOut?.ofOutput))
  }
}

/// A fitted bridge and how well it fits.
public struct FittedBridge: Sendable {
  /// How a fit went.
  public struct Report: Codable, Sendable, Hashable {
    /// The detached layer that the bridge follows, -1 for the embedding.
    public var after: Int
    /// Tokens it was fitted on.
    public var tokens: Int
    /// Tokens left out for the massive norm of their change.
    public var massiveTokens: Int
    /// The share of the variance of the change that the map explains, on the tokens of the fit.
    public var explainedVarianceOfChange: Double
    /// The same of the state behind the missing layers.
    public var explainedVarianceOfState: Double
    /// The same on tokens that the fit has not seen, nil when there were too few to hold out.
    public var heldOutExplainedVarianceOfChange: Double?
    /// The same of the state behind the missing layers.
    public var heldOutExplainedVarianceOfState: Double?

    enum CodingKeys: String, CodingKey {
      case after, tokens
      case massiveTokens = "massive_tokens"
      case explainedVarianceOfChange = "explained_variance_of_change"
      case explainedVarianceOfState = "explained_variance_of_state"
      case heldOutExplainedVarianceOfChange = "held_out_explained_variance_of_change"
      case heldOutExplainedVarianceOfState = "held_out_explained_variance_of_state"
    }
  }

  /// The detached layer that the bridge follows, -1 for the embedding.
  public let after: Int
  /// Width D.
  public let width: Int
  /// `[D, D]` row-major.
  public let weight: [Float]
  /// D values.
  public let bias: [Float]
  /// How the fit went.
  public let report: Report
}
