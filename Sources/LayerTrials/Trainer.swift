import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import LayerProbe

/// Trains and scores one set of layers at a time, always from the model as it came.
package struct Trainer {
  let checkpoint: Checkpoint
  let device: any Device
  let texts: TrialTexts
  let options: TrialOptions

  package init(checkpoint: Checkpoint, device: any Device, texts: TrialTexts, options: TrialOptions) {
    self.checkpoint = checkpoint
    self.device = device
    self.texts = texts
    self.options = options
  }

  /// Bits per byte of the held-out documents.
  package func losses(of decoder: Decoders.Decoder) throws(TrainingError) -> TrialResults.Losses {
    let evaluator = Evaluator(
      context: min(2048, decoder.configuration.maximumPositions), prefix: texts.specialTokens.prefix)
    func score(_ text: TokenizedText) throws(TrainingError) -> [Double] {
      try evaluator.score(text, with: decoder).perDocument.map { $0.nll / (log(2) * Double($0.bytes)) }
    }
    return .init(target: try score(texts.target), source: try score(texts.source))
  }

  /// Detaches the layers, trains them with bridges for the others, puts them back and aligns the whole.
  ///
  /// Trained weights are rounded to the types they are stored in where a checkpoint would be written.
  /// - Parameters:
  ///   - bridges: by the place among `layers` that each follows, -1 being the embedding.
  ///   - goesOn: asked between steps; false stops with `TrainingError.interrupted`.
  package func round(
    _ layers: [Int], bridges: [Int: Bridge], steps: Int, goesOn: () -> Bool
  ) throws -> TrialResults.Round {
    let whole = try Decoder(checkpoint, device: device)
    let stored = whole.parameters.map(\.value.elementType)
    func roundTrained() {
      for (parameter, elementType) in zip(whole.parameters, stored) where parameter.isTrained {
        parameter.round(to: elementType, on: device)
      }
    }
    whole.train(layers: layers)
    let stack = Decoder(whole, layers: layers)
    try stack.setBridges(bridges)
    try train(stack, options.detached(steps: steps), goesOn)
    roundTrained()
    let (detached, reattached) = (try losses(of: stack), try losses(of: whole))
    whole.trainEverything()
    try train(whole, options.alignment(steps: options.alignmentSteps(detachedSteps: steps)), goesOn)
    roundTrained()
    return .init(detached: detached, reattached: reattached, aligned: try losses(of: whole))
  }

  private func train(_ decoder: Decoders.Decoder, _ training: TrainingOptions, _ goesOn: () -> Bool) throws {
    let mixture = texts.mixture(
      sourceShare: options.sourceShare, sequenceLength: training.sequenceLength, seed: options.seed)
    var run = try TrainingRun(decoder, mixture: mixture, options: training)
    _ = try run.run(report: { _ in goesOn() })
  }

  /// Fits the bridges of several sets on one pass over text, equal parts of every language.
  package func bridges(
    _ sets: [[Int]], _ whole: Decoders.Decoder, goesOn: () -> Bool
  ) throws -> [[Int: Bridge]] {
    guard options.bridgeTokens > 0 else { return sets.map { _ in [:] } }
    var fitting = BridgeFitting()
    fitting.tokens = options.bridgeTokens
    fitting.sequenceLength = options.sequenceLength
    let mixture = texts.mixture(
      sourceShare: 1 - 1 / Double(texts.names.count), sequenceLength: options.sequenceLength, seed: options.seed)
    let states = try fitting.collect(whole, layerMaps: sets, mixture: mixture) { _, _ in goesOn() }
    return try sets.map { layers in
      let fitted = try fitting.fit(
        states, layerMap: layers, layerCount: whole.layers.count, width: whole.configuration.width)
      return Dictionary(
        uniqueKeysWithValues: fitted.map {
          ($0.after, Bridge(weight: $0.weight, bias: $0.bias, device: device))
        })
    }
  }
}
