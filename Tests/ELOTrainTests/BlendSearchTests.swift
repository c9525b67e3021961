import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import ModelSurgery
import TestSupport
import Testing

/// The choice of a blend: each factor's score is that of the checkpoint that attach writes with it.
@Suite struct BlendSearchTests {
  @Test func aFactorScoresAsTheCheckpointThatIsWrittenWithIt() throws {
    try withTinyModel { model, texts, directory in
      let (detached, trained) = (directory.appending(path: "detached"), directory.appending(path: "trained"))
      let base = try Checkpoint(directory: model)
      try DetachPlan(checkpoint: base, layers: .firstAndLast).execute(to: detached)
      var options = TrainingOptions(budget: .steps(20), schedule: LearningRateSchedule(peak: 1e-2, warmupSteps: 0))
      options.batchSize = 4
      options.sequenceLength = 64
      let device = CPUDevice(threads: 2)
      try TrainingJob(checkpoint: detached, part: .layers(useBridges: false), options: options, device: device)
        .run(output: trained, texts: texts.training)
      let sample = try texts.scored.sample(tokensPerText: 500)
      let plan = try AttachPlan(trained: Checkpoint(directory: trained), base: base)
      let (points, best) = try BlendSearch().run(plan, heldOut: sample, device: device)
      #expect(points.map(\.factor) == [0.25, 0.5, 0.75, 1])
      #expect(points.first { $0.factor == best }!.bitsPerByte == points.map(\.bitsPerByte).min())
      let evaluator = Evaluator(context: 128, prefix: sample.specialTokens.prefix)
      for point in points {
        let attached = directory.appending(path: "attached \(point.factor)")
        try AttachPlan(trained: Checkpoint(directory: trained), base: base, blend: point.factor).execute(to: attached)
        let decoder = try Decoder(Checkpoint(directory: attached), device: device)
        for (text, score) in zip(sample.texts, point.texts) {
          // The written checkpoint is rounded to bf16.
          #expect(try abs(evaluator.score(text, with: decoder).nll / score.nll - 1) < 2e-3, "\(point.factor)")
        }
      }
      #expect(throws: TrainingError.interrupted) {
        try BlendSearch().run(plan, heldOut: sample, device: device) { _, _ in false }
      }
    }
  }

  @Test func theDocumentsThatABlendIsChosenByAreNotTheScoredOnes() throws {
    try withTinyModel { _, texts, _ in
      let first = try texts.scored.sample(tokensPerText: 500)
      let second = try texts.scored.sample(tokensPerText: 300, behind: 500)
      for (one, other) in zip(first.texts, second.texts) {
        let taken = (0..<one.documentCount).map { Array(one.tokens(ofDocument: $0)) }
        #expect(other.tokenCount <= 300 && other.tokenCount > 200)
        #expect(Array(other.tokens(ofDocument: 0)) != taken[0])
      }
      // Too few documents for two samples.
      let whole = try texts.scored.sample(tokensPerText: 1_000_000, behind: 1_000_000)
      #expect(whole.texts.map(\.documentCount) == texts.scored.texts.map(\.documentCount))
    }
  }
}
