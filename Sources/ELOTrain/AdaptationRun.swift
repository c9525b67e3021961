import Checkpoints
import Corpora
import Decoders
import Foundation
import ModelSurgery
import Tokenizers

/// The stages of one adaptation, each of which is done once: what is done stands in `progress.json`, and a later run that
/// resumes passes over it.
final class AdaptationRun {
  private let adaptation: Adaptation
  /// Where the checkpoints between the stages lie.
  private let work: URL
  private let device: any Device
  private let training: TrainingTexts
  private let heldOut: TextSet
  /// What a blend is chosen by.
  private let blended: TextSet
  let observe: (Adaptation.Event) -> Bool
  /// What was done so far, in this run and those it goes on from.
  private(set) var report: AdaptationReport

  init(
    adaptation: Adaptation, work: URL, device: any Device, training: TrainingTexts, heldOut: TextSet,
    blended: TextSet, report: AdaptationReport, observe: @escaping (Adaptation.Event) -> Bool
  ) {
    self.adaptation = adaptation
    self.work = work
    self.device = device
    self.training = training
    self.heldOut = heldOut
    self.blended = blended
    self.report = report
    self.observe = observe
  }

  private var progressFile: URL { work.appending(path: "progress.json") }
  private var detached: URL { work.appending(path: "detached") }
  private var trained: URL { work.appending(path: "trained") }
  private var attached: URL { work.appending(path: "attached") }
  private var aligned: URL { work.appending(path: "aligned") }
  /// The result while it is put together.
  private var result: URL { work.appending(path: "result") }

  /// Whether there is something to go on from.
  ///
  /// The first stage trains nothing, so there are no saves before it is done.
  var hasRemains: Bool { !report.stages.isEmpty }

  /// Takes over what an earlier run has done, or empties the directory.
  /// - Throws: `TrainingError.unfinishedAdaptation`, `.otherRun`, `.badSave`.
  func begin(_ identity: RunIdentity, resumes: Bool) throws {
    if let saved = try RunIdentity(in: work), FileManager.default.fileExists(atPath: progressFile.path) {
      // Before any refusal: what is refused is not to be cleared away.
      let command = report.command
      report = try AdaptationReport(contentsOf: progressFile)
      report.command = command
      guard resumes else { throw TrainingError.unfinishedAdaptation(work) }
      try identity.requireSame(as: saved, in: work)
      return
    }
    for name in try FileManager.default.contentsOfDirectory(atPath: work.path) {
      try FileManager.default.removeItem(at: work.appending(path: name))
    }
    try replaceFile(at: work.appending(path: RunIdentity.fileName), with: identity.json())
  }

  /// Takes down what the stages need, for the report.
  func note(_ needs: AdaptationNeeds) {
    report.needs = needs.stages.map { .init(stage: $0.stage, bytes: $0.bytes) }
  }

  /// Runs the stages that are not done.
  func allStages() throws {
    try stage(.evaluateBase) { try evaluate(adaptation.checkpoint, .base, .evaluateBase) }
    var beforeAlignment = adaptation.checkpoint
    if adaptation.method == .elo {
      try trainDetached()
      beforeAlignment = attached
    }
    try stage(.align) {
      var options = adaptation.alignment
      // Another order of the texts: what the detached layers have read is not read again before the rest.
      if adaptation.method == .elo { options.seed &+= 1 }
      let result = try train(.align, beforeAlignment, .everything, options, output: aligned)
      (report.alignment, report.alignmentTexts) = (result.records, result.texts)
      report.arithmetic[.align] = result.arithmetic
    }
    try stage(.evaluateAligned) { try evaluate(aligned, .aligned, .evaluateAligned) }
  }

  private func trainDetached() throws {
    try stage(.detach) {
      try? FileManager.default.removeItem(at: detached)
      let plan = try DetachPlan(
        checkpoint: Checkpoint(directory: adaptation.checkpoint), layers: adaptation.layers,
        keepFrozen: adaptation.keepFrozen)
      try plan.execute(to: detached)
      report.layers = plan.layers.filter { !plan.frozenLayers.contains($0) }
      report.frozenLayers = plan.frozenLayers.sorted()
    }
    if adaptation.bridge == .linear {
      try stage(.bridge) { try fitBridges(layers: (report.layers + report.frozenLayers).sorted()) }
    }
    try stage(.pretrain) {
      let result = try train(
        .pretrain, detached, .layers(useBridges: adaptation.bridge == .linear), adaptation.pretraining, output: trained)
      (report.pretraining, report.pretrainingTexts) = (result.records, result.texts)
      report.arithmetic[.pretrain] = result.arithmetic
    }
    if adaptation.blend == .automatic { try stage(.blend) { try chooseBlend() } }
    try stage(.attach) {
      try? FileManager.default.removeItem(at: attached)
      if case .factor(let factor) = adaptation.blend { report.blend = factor }
      try attachment(blend: report.blend).execute(to: attached)
    }
    try stage(.evaluateAttached) { try evaluate(attached, .reattached, .evaluateAttached) }
  }

  private func attachment(blend: Double) throws -> AttachPlan {
    try AttachPlan(
      trained: Checkpoint(directory: trained), base: Checkpoint(directory: adaptation.checkpoint), blend: blend)
  }

  private func chooseBlend() throws {
    let found = try BlendSearch().run(attachment(blend: 1), heldOut: blended, device: device) { done, total in
      observe(.read(.blend, done: done, total: total))
    }
    (report.blends, report.blend) = (found.points, found.best)
  }

  /// Trains a checkpoint into another one, going on from the last save of an earlier run.
  private func train(
    _ name: Adaptation.Stage, _ checkpoint: URL, _ part: TrainingJob.Part, _ options: TrainingOptions, output: URL
  ) throws -> TrainingJob.Result {
    var job = TrainingJob(checkpoint: checkpoint, part: part, options: options, device: device)
    job.saving = adaptation.saving
    job.saving.resumes = true
    return try job.run(output: output, texts: training, heldOut: options.evaluateEvery == nil ? nil : heldOut) {
      observe(.trained(name, $0))
    }
  }

  /// Scores a checkpoint on the held-out texts.
  private func evaluate(_ checkpoint: URL, _ point: AdaptationReport.Point, _ name: Adaptation.Stage) throws {
    let decoder = try Decoder(Checkpoint(directory: checkpoint), device: device)
    let evaluator = Evaluator(
      context: min(2048, decoder.configuration.maximumPositions), prefix: heldOut.specialTokens.prefix)
    let total = heldOut.texts.reduce(0) { $0 + $1.tokenCount }
    var before = 0
    let scores = try heldOut.texts.map { text in
      let score = try evaluator.score(text, with: decoder) { done, _ in
        observe(.read(name, done: before + done, total: total))
      }
      before += text.tokenCount
      return score
    }
    report.points.append(.init(point: point, texts: scores))
    if point != .reattached { try sample(decoder, point) }
  }

  /// Lets the model go on with the beginning of a document of each held-out text.
  private func sample(_ decoder: Decoders.Decoder, _ point: AdaptationReport.Point) throws {
    let continuation = Continuation(try Tokenizer(directory: adaptation.checkpoint), heldOut.specialTokens)
    for text in heldOut.texts {
      guard let prompt = continuation.prompt(from: text) else { continue }
      report.samples.append(
        .init(
          text: text.name, point: point, prompt: continuation.text(of: prompt),
          continuation: continuation.run(prompt, with: decoder)))
    }
  }

  private func fitBridges(layers: [Int]) throws {
    let fitting = adaptation.bridgeFitting
    let decoder = try Decoder(Checkpoint(directory: adaptation.checkpoint), device: device)
    // Both languages go through the bridge while the layers train, so each has half of the fit.
    let mixture = training.weighted(training.weights.map { _ in 1 })
      .mixture(MixtureOptions(sequenceLength: fitting.sequenceLength, seed: adaptation.pretraining.seed))
    let bridges = try fitting.fit(decoder, layerMap: layers, mixture: mixture) { done, total in
      observe(.read(.bridge, done: done, total: total))
    }
    try BridgeFile.write(bridges, into: detached)
    report.bridges = bridges.map(\.report)
  }

  /// Does a stage unless it is done, and records that it is.
  private func stage(_ name: Adaptation.Stage, _ body: () throws -> Void) throws {
    if report.stages.contains(where: { $0.stage == name }) {
      _ = observe(.passed(name))
      return
    }
    guard observe(.began(name)) else { throw TrainingError.interrupted }
    let start = ContinuousClock.now
    try body()
    let seconds = (ContinuousClock.now - start).seconds
    report.stages.append(.init(stage: name, seconds: seconds))
    try replaceFile(at: progressFile, with: Array(report.json().utf8))
    guard observe(.ended(name, seconds: seconds)) else { throw TrainingError.interrupted }
  }

  /// Moves the finished checkpoint beside its report and gives the whole its name.
  ///
  /// Killed anywhere in it, it completes when it is run again.
  func publish(to output: URL, _ identity: RunIdentity) throws {
    let files = FileManager.default
    try files.createDirectory(at: result, withIntermediateDirectories: true)
    for name in try files.contentsOfDirectory(atPath: aligned.path) where !TrainingJob.recordNames.contains(name) {
      try files.moveItem(at: aligned.appending(path: name), to: result.appending(path: name))
    }
    for (name, text) in adaptation.sideFiles {
      try replaceFile(at: result.appending(path: name), with: Array(text.utf8))
    }
    try replaceFile(at: result.appending(path: AdaptationReport.fileName), with: Array(report.json().utf8))
    try replaceFile(at: result.appending(path: "report.html"), with: Array(report.page().utf8))
    try replaceFile(at: result.appending(path: RunIdentity.fileName), with: identity.json())
    try renameDirectory(result, to: output)
  }
}
