import Checkpoints
import Decoders
import Foundation
import ModelSurgery

/// The stages of one adaptation while it runs, with the time that each took.
final class AdaptationRun {
  private let adaptation: Adaptation
  /// Where the checkpoints between the stages lie.
  private let work: URL
  private let device: any Device
  private let training: TextSet
  private let heldOut: TextSet
  private let observe: (Adaptation.Event) -> Bool
  private(set) var stages: [AdaptationReport.StageTime] = []

  init(
    adaptation: Adaptation, work: URL, device: any Device, training: TextSet, heldOut: TextSet,
    observe: @escaping (Adaptation.Event) -> Bool
  ) {
    self.adaptation = adaptation
    self.work = work
    self.device = device
    self.training = training
    self.heldOut = heldOut
    self.observe = observe
  }

  /// Detach, bridge, pretrain, attach.
  /// - Returns: the directory of the model with its trained layers back.
  func trainDetached(_ report: inout AdaptationReport) throws -> URL {
    let (detached, trained, attached) = (
      work.appending(path: "detached"), work.appending(path: "trained"), work.appending(path: "attached")
    )
    let plan = try stage(.detach) {
      let plan = try DetachPlan(
        checkpoint: Checkpoint(directory: adaptation.checkpoint), layers: adaptation.layers,
        keepFrozen: adaptation.keepFrozen)
      try plan.execute(to: detached)
      return plan
    }
    report.layers = plan.layers.filter { !plan.frozenLayers.contains($0) }
    report.frozenLayers = plan.frozenLayers.sorted()
    if adaptation.bridge == .linear {
      report.bridges = try stage(.bridge) { try fitBridges(detached, layers: plan.layers) }
    }
    report.pretraining = try train(
      .pretrain, detached, .layers(useBridges: adaptation.bridge == .linear), adaptation.pretraining, output: trained)
    try stage(.attach) {
      try AttachPlan(trained: Checkpoint(directory: trained), base: Checkpoint(directory: adaptation.checkpoint))
        .execute(to: attached)
    }
    return attached
  }

  /// Trains a checkpoint into another one.
  func train(
    _ name: Adaptation.Stage, _ checkpoint: URL, _ part: TrainingJob.Part, _ options: TrainingOptions, output: URL
  ) throws -> [StepRecord] {
    try stage(name) {
      try TrainingJob(checkpoint: checkpoint, part: part, options: options, device: device)
        .run(output: output, texts: training, heldOut: options.evaluateEvery == nil ? nil : heldOut) {
          observe(.trained(name, $0))
        }
    }
  }

  /// Scores a checkpoint on the held-out texts.
  func evaluate(_ checkpoint: URL, _ name: Adaptation.Stage) throws -> [TextScore] {
    try stage(name) {
      let decoder = try Decoder(Checkpoint(directory: checkpoint), device: device)
      let evaluator = Evaluator(
        context: min(2048, decoder.configuration.maximumPositions), prefix: heldOut.specialTokens.prefix)
      let total = heldOut.texts.reduce(0) { $0 + $1.tokenCount }
      var before = 0
      return try heldOut.texts.map { text in
        let score = try evaluator.score(text, with: decoder) { done, _ in
          observe(.read(name, done: before + done, total: total))
        }
        before += text.tokenCount
        return score
      }
    }
  }

  private func fitBridges(_ detached: URL, layers: [Int]) throws -> [FittedBridge.Report] {
    let fitting = adaptation.bridgeFitting
    let decoder = try Decoder(Checkpoint(directory: adaptation.checkpoint), device: device)
    // Both languages go through the bridge while the layers train, so each has half of the fit.
    let mixture = training.weighted(training.texts.map { _ in 1 })
      .mixture(sequenceLength: fitting.sequenceLength, seed: adaptation.pretraining.seed)
    let bridges = try fitting.fit(decoder, layerMap: layers, mixture: mixture) { done, total in
      observe(.read(.bridge, done: done, total: total))
    }
    try BridgeFile.write(bridges, into: detached)
    return bridges.map(\.report)
  }

  @discardableResult
  private func stage<Result>(_ name: Adaptation.Stage, _ body: () throws -> Result) throws -> Result {
    guard observe(.began(name)) else { throw TrainingError.interrupted }
    let start = ContinuousClock.now
    let result = try body()
    let seconds = (ContinuousClock.now - start).seconds
    stages.append(.init(stage: name, seconds: seconds))
    guard observe(.ended(name, seconds: seconds)) else { throw TrainingError.interrupted }
    return result
  }
}
