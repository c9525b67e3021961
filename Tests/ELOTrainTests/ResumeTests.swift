import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import TestSupport
import Testing

/// Runs that were stopped and go on, on a tiny model: every bit is that of the run that was not stopped.
@Suite struct ResumeTests {
  @Test(arguments: [1, 3, 4, 7, 11])
  func aRunThatWasInterruptedEndsAsIfItHadNotBeen(_ step: Int) throws {
    try withTinyModel { model, texts, directory in
      let (whole, output) = (directory.appending(path: "whole"), directory.appending(path: "out"))
      let uninterrupted = try job(model).run(output: whole, texts: texts.training, heldOut: texts.scored)
      var stopped = job(model)
      stopped.saving.every = 3
      #expect(throws: TrainingError.interruptedAndSaved(step: step, partial(output))) {
        try stopped.run(output: output, texts: texts.training, heldOut: texts.scored) { $0.record.step < step }
      }
      stopped.saving.resumes = true
      let result = try stopped.run(output: output, texts: texts.training, heldOut: texts.scored)
      #expect(result.resumedFrom?.step == step)
      #expect(try weights(output) == weights(whole))
      #expect(try timeless(result.records) == timeless(uninterrupted.records))
      let lines = try String(contentsOf: output.appending(path: "metrics.jsonl"), encoding: .utf8)
      #expect(lines.split(separator: "\n").count == 13)
      #expect(!FileManager.default.fileExists(atPath: partial(output).path))
    }
  }

  /// What a run may be besides training everything: each has a state of its own to save.
  @Test(arguments: ["low rank", "narrow moments", "groups", "cycles", "head words", "rounded head"])
  func everyKindOfRunGoesOnBitForBit(_ kind: String) throws {
    try withTinyModel { model, texts, directory in
      var job = job(model)
      switch kind {
      case "low rank":
        job.options.lowRank = LowRankOptions()
        job.options.lowRank!.rank = 4
      case "narrow moments": job.options.optimizer.moments = .bf16
      case "groups":
        job.options.trained = try WeightSelection("norms,embedding,last")
        job.options.learningRates = [try WeightSetting(argument: "embedding=1e-4")]
        job.options.optimizer.weightDecays = [try WeightSetting(argument: "norms=0.1")]
      case "head words":
        job.options.trained = try WeightSelection("layers")
        job.options.headApproximation = .words(64)
      case "rounded head":
        job.options.trained = try WeightSelection("layers")
        job.options.headApproximation = .rounding
      default:
        job.options.schedule.shape = .wsd
        job.options.schedule.cycles = 3
        job.options.schedule.start = 0.3
      }
      let (whole, output) = (directory.appending(path: "whole"), directory.appending(path: "out"))
      let uninterrupted = try job.run(output: whole, texts: texts.training, heldOut: texts.scored)
      job.saving.every = 3
      #expect(throws: TrainingError.interruptedAndSaved(step: 5, partial(output))) {
        try job.run(output: output, texts: texts.training, heldOut: texts.scored) { $0.record.step < 5 }
      }
      job.saving.resumes = true
      // Which changes no bit either.
      job.options.recomputesActivations = true
      let result = try job.run(output: output, texts: texts.training, heldOut: texts.scored)
      #expect(result.resumedFrom?.step == 5)
      #expect(try weights(output) == weights(whole) && weights(whole) != weights(model))
      #expect(try timeless(result.records) == timeless(uninterrupted.records))
    }
  }

  @Test func whatCameAfterTheLastSaveIsDoneAgainOnce() throws {
    try withTinyModel { model, texts, directory in
      let (whole, output) = (directory.appending(path: "whole"), directory.appending(path: "out"))
      let uninterrupted = try job(model).run(output: whole, texts: texts.training, heldOut: texts.scored)
      var stopped = job(model)
      stopped.saving.every = 3
      stopped.saving.resumes = true
      struct Stopped: Error {}
      // As if killed in step 8: an error of the caller's saves nothing.
      #expect(throws: Stopped.self) {
        try stopped.run(output: output, texts: texts.training, heldOut: texts.scored) {
          if $0.record.step == 8 { throw Stopped() }
          return true
        }
      }
      #expect(try saves(output) == ["step-000000004", "step-000000006"])
      let result = try stopped.run(output: output, texts: texts.training, heldOut: texts.scored)
      #expect(result.resumedFrom?.step == 6)
      #expect(try weights(output) == weights(whole))
      #expect(try timeless(result.records) == timeless(uninterrupted.records))
    }
  }

  @Test func theNewestSavesAndTheBestAreKept() throws {
    try withTinyModel { model, texts, directory in
      var job = job(model)
      // A rate that makes the model worse after its first steps.
      job.options.schedule = LearningRateSchedule(shape: .constant, peak: 10, warmupSteps: 0)
      job.saving.every = 2
      job.saving.keep = 1
      let output = directory.appending(path: "out")
      #expect(throws: TrainingError.self) {
        try job.run(output: output, texts: texts.training, heldOut: texts.scored) { $0.record.step < 9 }
      }
      #expect(try saves(output) == ["step-000000000", "step-000000009"])
      job.saving.resumes = true
      job.saving.result = .best
      try job.run(output: output, texts: texts.training, heldOut: texts.scored)
      // The best evaluation was the one before the first step.
      #expect(try weights(output) == weights(model))
    }
  }

  @Test func trainingStopsWhenEvaluationsGetNoBetter() throws {
    try withTinyModel { model, texts, directory in
      var job = job(model)
      job.options.schedule = LearningRateSchedule(shape: .constant, peak: 10, warmupSteps: 0)
      job.options.patience = 2
      let records = try job.run(output: directory.appending(path: "out"), texts: texts.training, heldOut: texts.scored)
        .records
      // Evaluations before the first step and after the fourth and eighth.
      #expect(records.last?.step == 8)
    }
  }

  @Test func aFinishedRunIsLeftAlone() throws {
    try withTinyModel { model, texts, directory in
      let output = directory.appending(path: "out")
      var job = job(model)
      job.saving.resumes = true
      let first = try job.run(output: output, texts: texts.training, heldOut: texts.scored)
      let second = try job.run(output: output, texts: texts.training, heldOut: texts.scored)
      #expect(!first.wasFinished && second.wasFinished)
      #expect(second.records.count == first.records.count)
      job.options.batchSize = 8
      let error = #expect(throws: TrainingError.self) {
        try job.run(output: output, texts: texts.training, heldOut: texts.scored)
      }
      #expect("\(error!)".contains("--batch-size was 4, now 8"))
      job.saving.resumes = false
      #expect(throws: CheckpointError.self) {
        try job.run(output: output, texts: texts.training, heldOut: texts.scored)
      }
    }
  }

  @Test func savesOfAnotherRunAreRefusedByTheFlagsThatDiffer() throws {
    try withTinyModel { model, texts, directory in
      let output = directory.appending(path: "out")
      var first = job(model)
      first.saving.every = 2
      #expect(throws: TrainingError.self) {
        try first.run(output: output, texts: texts.training, heldOut: texts.scored) { $0.record.step < 5 }
      }
      #expect(throws: TrainingError.unfinishedRun(partial(output), step: 5)) {
        try first.run(output: output, texts: texts.training, heldOut: texts.scored)
      }
      first.saving.resumes = true
      func refusal(_ job: TrainingJob, _ other: TrainingTexts? = nil) throws -> String {
        let error = #expect(throws: TrainingError.self) {
          try job.run(output: output, texts: other ?? texts.training, heldOut: texts.scored)
        }
        return error.map { "\($0)" } ?? ""
      }
      var changed = first
      changed.options.budget = .steps(13)
      changed.options.schedule.peak = 1e-3
      changed.options.seed = 1
      changed.options.optimizer.weightDecay = 0
      let flags = try refusal(changed)
      for flag in ["--steps was 12, now 13", "--learning-rate", "--seed", "--weight-decay"] {
        #expect(flags.contains(flag), "\(flags)")
      }
      #expect(!flags.contains("--batch-size"))
      var threads = first
      threads.device = CPUDevice(threads: 1)
      #expect(try refusal(threads).contains("--threads was 2, now 1"))
      #expect(
        try refusal(first, texts.training.weighted([9, 1])).contains("--text de had a share of 0.5, now 0.9"))
      let other = directory.appending(path: "other")
      try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
      try writeTinyText(["ein", "anderer", "Text"], to: other.appending(path: "de.jsonl"))
      let otherTexts = try TrainingTexts(
        [
          TextSource(name: "de", path: other.appending(path: "de.jsonl").path),
          TextSource(name: "en", path: directory.appending(path: "en.jsonl").path),
        ], checkpoint: model, vocabulary: 258)
      #expect(try refusal(first, otherTexts).contains("--text de holds other text"))
      // Another model of the same shape: the first one, trained.
      var onAnother = first
      onAnother.checkpoint = directory.appending(path: "trained")
      try job(model).run(output: onAnother.checkpoint, texts: texts.training)
      #expect(try refusal(onAnother).contains("the checkpoint is another one"))
      // After all of this the run itself can still be gone on with.
      #expect(try first.run(output: output, texts: texts.training, heldOut: texts.scored).resumedFrom?.step == 5)
    }
  }

  @Test func aDamagedSaveIsNamed() throws {
    try withTinyModel { model, texts, directory in
      let output = directory.appending(path: "out")
      var job = job(model)
      job.saving.every = 2
      #expect(throws: TrainingError.self) { try job.run(output: output, texts: texts.training) { $0.record.step < 5 } }
      job.saving.resumes = true
      let file = partial(output).appending(path: "saves/step-000000005/state.safetensors")
      try Data(contentsOf: file).dropLast(4).write(to: file)
      let error = #expect(throws: TrainingError.self) { try job.run(output: output, texts: texts.training) }
      #expect("\(error!)".contains("saves/step-000000005"))
      // As the message says.
      try FileManager.default.removeItem(at: file.deletingLastPathComponent())
      #expect(try job.run(output: output, texts: texts.training).resumedFrom?.step == 4)
    }
  }

  @Test func twoRunsDoNotShareAnOutput() throws {
    try withTinyModel { model, texts, directory in
      let output = directory.appending(path: "out")
      #expect(throws: Never.self) {
        try job(model).run(output: output, texts: texts.training) { _ in
          #expect(throws: CheckpointError.destinationBusy(path: output.path)) { try WorkDirectory(for: output) }
          return true
        }
      }
    }
  }

  private func job(_ model: URL) -> TrainingJob {
    var options = TrainingOptions(budget: .steps(12), schedule: LearningRateSchedule(peak: 3e-3, warmupSteps: 2))
    options.batchSize = 4
    options.sequenceLength = 64
    options.evaluateEvery = 4
    return TrainingJob(checkpoint: model, part: .everything, options: options, device: CPUDevice(threads: 2))
  }

  private func partial(_ output: URL) -> URL { output.deletingLastPathComponent().appending(path: "out.partial") }

  private func saves(_ output: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: partial(output).appending(path: "saves").path).sorted()
  }

  private func weights(_ checkpoint: URL) throws -> Data {
    try Data(contentsOf: checkpoint.appending(path: "model.safetensors"))
  }

  /// Records without the time they took, as lines.
  private func timeless(_ records: [StepRecord]) throws -> [String] {
    try records.map { record in
      var record = record
      record.seconds = nil
      return try record.jsonLine()
    }
  }
}
