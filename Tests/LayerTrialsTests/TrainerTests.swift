import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import LayerProbe
import ModelSurgery
import LayerTrials
import TestSupport
import Testing

/// A trial in memory is what the commands do on disk.
@Suite struct TrainerTests {
  @Test func `a trial gives the bits that detach, pretrain, attach and align give`() throws {
    try TinyTrials.with { trials in
      var options = trials.options(minutes: 1)
      options.bridgeTokens = 512
      let texts = try trials.texts()
      let trainer = Trainer(checkpoint: trials.checkpoint, device: trials.device, texts: texts, options: options)
      let layers = [0, 2]
      let whole = try Decoder(trials.checkpoint, device: trials.device)
      let bridges = try trainer.bridges([[1, 3], layers], whole) { true }[1]
      let round = try trainer.round(layers, bridges: bridges, steps: 5) { true }

      // The same by way of checkpoints.
      func folder(_ name: String) -> URL { trials.directory.appending(path: name) }
      func open(_ name: String) throws -> Decoders.Decoder {
        try Decoder(Checkpoint(directory: folder(name)), device: trials.device)
      }
      func train(_ decoder: Decoders.Decoder, _ training: TrainingOptions) throws {
        let mixture = texts.mixture(
          sourceShare: options.sourceShare, sequenceLength: training.sequenceLength, seed: options.seed)
        var run = try TrainingRun(decoder, mixture: mixture, options: training)
        _ = try run.run()
      }
      func save(_ decoder: Decoders.Decoder, _ from: String, as name: String) throws {
        let source = try Checkpoint(directory: folder(from))
        try FileManager.default.createDirectory(at: folder(name), withIntermediateDirectories: true)
        try rewriteCheckpoint(source: source, replacing: decoder.trainedContent(for: source), into: folder(name))
      }
      try DetachPlan(checkpoint: trials.checkpoint, layers: LayerSelection(layers)).execute(to: folder("detached"))
      let stack = try open("detached")
      stack.train(layers: [0, 1])
      try stack.setBridges(bridges)
      try train(stack, options.detached(steps: 5))
      try save(stack, "detached", as: "trained")
      let trained = try open("trained")
      try trained.setBridges(bridges)
      #expect(try trainer.losses(of: trained) == round.detached)

      try AttachPlan(trained: Checkpoint(directory: folder("trained")), base: trials.checkpoint)
        .execute(to: folder("attached"))
      let attached = try open("attached")
      #expect(try trainer.losses(of: attached) == round.reattached)
      #expect(round.reattached != (try trainer.losses(of: whole)))

      attached.trainEverything()
      try train(attached, options.alignment(steps: options.alignmentSteps(detachedSteps: 5)))
      let source = try Checkpoint(directory: folder("attached"))
      try FileManager.default.createDirectory(at: folder("aligned"), withIntermediateDirectories: true)
      try rewriteCheckpoint(
        source: source, replacing: attached.trainedContent(for: source), into: folder("aligned"))
      #expect(try trainer.losses(of: open("aligned")) == round.aligned)
    }
  }

  @Test func `bridges make the detached stack better, and a trial leaves the model as it was`() throws {
    try TinyTrials.with { trials in
      let texts = try trials.texts()
      let trainer = Trainer(
        checkpoint: trials.checkpoint, device: trials.device, texts: texts, options: trials.options(minutes: 1))
      let whole = try Decoder(trials.checkpoint, device: trials.device)
      let before = try trainer.losses(of: whole)
      let bridges = try trainer.bridges([[0, 3], [0, 1], [2, 3], [0, 1, 2, 3]], whole) { true }
      #expect(bridges.map { Set($0.keys) } == [[0], [1], [-1], []])
      _ = try trainer.round([0, 3], bridges: bridges[0], steps: 3) { true }
      #expect(try trainer.losses(of: whole) == before)
      #expect(try trainer.losses(of: Decoder(trials.checkpoint, device: trials.device)) == before)
    }
  }

  @Test func `a trial can be interrupted between steps`() throws {
    try TinyTrials.with { trials in
      let trainer = Trainer(
        checkpoint: trials.checkpoint, device: trials.device, texts: try trials.texts(),
        options: trials.options(minutes: 1))
      var asked = 0
      #expect(throws: TrainingError.interrupted) {
        try trainer.round([0], bridges: [:], steps: 50) {
          asked += 1
          return asked < 3
        }
      }
      #expect(asked == 3)
    }
  }
}
