import Decoders

/// Which weights of a decoder a run changes: some themselves, or matrices by low-rank changes.
struct TrainedWeights {
  /// Weights that are trained themselves.
  let parameters: [Parameter]
  /// Matrices that get low-rank changes.
  let adapted: [Parameter]
  private let lowRank: LowRankOptions?

  /// What the options name, of the layers that may be trained.
  /// - Parameters:
  ///   - layers: indices of the layers that may be trained.
  ///   - usual: the selection where the options have none.
  /// - Throws: as `WeightSelection.parameters` and `LowRankOptions.matrices`.
  init(_ options: TrainingOptions, of decoder: Decoders.Decoder, layers: [Int], usual: String) throws {
    let selection = try options.trained ?? WeightSelection(usual)
    lowRank = options.lowRank
    if let lowRank {
      parameters = []
      adapted = try lowRank.matrices(of: decoder, layers: selection.layers(of: decoder, trainable: layers))
    } else {
      parameters = try selection.parameters(of: decoder, layers: layers)
      adapted = []
    }
  }

  /// Makes them trainable.
  /// - Parameter seed: fixes where low-rank changes start.
  func startTraining(in decoder: Decoders.Decoder, seed: UInt64) {
    decoder.train(parameters)
    lowRank?.adapt(adapted, of: decoder, seed: seed)
  }

  /// Numbers that are trained.
  func count(in decoder: Decoders.Decoder) -> Int {
    let widths = adapted.reduce(0) { $0 + decoder.adapterWidths($1).inputs + decoder.adapterWidths($1).outputs }
    return parameters.reduce(0) { $0 + $1.value.count } + (lowRank?.rank ?? 0) * widths
  }

  /// Floating-point operations of a training step for each token.
  /// - Parameter words: how many words of the vocabulary it scores, nil for all.
  func flopsPerToken(in decoder: Decoders.Decoder, words: Int? = nil) -> Double {
    decoder.trainingFlops(parameters: parameters, adapted: adapted, rank: lowRank?.rank ?? 0, words: words)
  }
}
