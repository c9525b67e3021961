import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import ModelSurgery
import TestSupport
import Testing

/// Whole runs on a tiny model: what they write, that a seed fixes it, and how they fail.
@Suite struct TrainingJobTests {
  @Test func theSameSeedAndThreadsGiveTheSameBytes() throws {
    try withTinyModel { model, texts, directory in
      let outputs = ["a", "b"].map { directory.appending(path: $0) }
      for output in outputs { try job(model, steps: 4).run(output: output, texts: texts.training) }
      let bytes = try outputs.map { try Data(contentsOf: $0.appending(path: "model.safetensors")) }
      #expect(bytes[0] == bytes[1])
      #expect(try bytes[0] != Data(contentsOf: model.appending(path: "model.safetensors")))
      var other = job(model, steps: 4)
      other.options.seed += 1
      try other.run(output: directory.appending(path: "c"), texts: texts.training)
      #expect(try bytes[0] != Data(contentsOf: directory.appending(path: "c/model.safetensors")))
    }
  }

  @Test func trainingLowersTheLoss() throws {
    try withTinyModel { model, texts, directory in
      let records = try job(model, steps: 40).run(output: directory.appending(path: "out"), texts: texts.training)
        .records
      let losses = records.map { $0.loss! }
      #expect(losses.count == 40)
      let (first, last) = (losses.prefix(5).reduce(0, +), losses.suffix(5).reduce(0, +))
      #expect(last < 0.8 * first)
    }
  }

  @Test func splittingAStepGivesTheSameLosses() throws {
    try withTinyModel { model, texts, directory in
      var split = job(model, steps: 3)
      split.options.accumulate = 4
      let whole = try job(model, steps: 3).run(output: directory.appending(path: "whole"), texts: texts.training)
        .records
      let parts = try split.run(output: directory.appending(path: "parts"), texts: texts.training).records
      for (a, b) in zip(whole, parts) {
        #expect(abs(a.loss! / b.loss! - 1) < 1e-5)
        #expect(a.tokens == b.tokens)
      }
    }
  }

  @Test func aScaffoldComesAlongAndStaysAsItWas() throws {
    try withTinyModel { model, texts, directory in
      let (detached, trained) = (directory.appending(path: "detached"), directory.appending(path: "trained"))
      try DetachPlan(
        checkpoint: Checkpoint(directory: model), layers: LayerSelection([0]), keepFrozen: LayerSelection([1])
      ).execute(to: detached)
      var job = job(detached, steps: 2)
      job.part = .layers(useBridges: true)
      try job.run(output: trained, texts: texts.training)
      let (before, after) = (try Checkpoint(directory: detached), try Checkpoint(directory: trained))
      for (name, tensor) in before.tensors {
        let same = tensor.withUnsafeBytes { Data($0) } == after.tensors[name]!.withUnsafeBytes { Data($0) }
        #expect(same != name.contains(".layers.0."), "\(name)")
      }
    }
  }

  @Test func weightsInFp8AreNotTrainedAndTheRestIs() throws {
    try withTinyModel { model, texts, directory in
      let name = "model.layers.0.mlp.down_proj.weight"
      let (checkpoint, narrow) = (try Checkpoint(directory: model), directory.appending(path: "narrow"))
      try FileManager.default.copyItem(at: model, to: narrow)
      try FileManager.default.removeItem(at: narrow.appending(path: "model.safetensors"))
      let kept = checkpoint.tensors.filter { $0.key != name }.map { ($0.key, TensorContent.mapped($0.value)) }
      let shape = checkpoint.tensors[name]!.shape
      // 0x38 is 1 in E4M3.
      let elements = [UInt8](repeating: 0x38, count: shape.reduce(1, *))
      let scale: [Float] = [0.01]
      try writeSafetensors(
        to: narrow.appending(path: "model.safetensors"),
        tensors: kept + [
          (name, .bytes(.f8e4m3, shape: shape) { sink in try elements.withUnsafeBytes { try sink($0) } }),
          (name + "_scale_inv", .bytes(.f32, shape: []) { sink in try scale.withUnsafeBytes { try sink($0) } }),
        ])
      let config = try String(contentsOf: model.appending(path: "config.json"), encoding: .utf8)
      try config.replacing("{", with: #"{"quantization_config": {"quant_method": "fp8"}, "#, maxReplacements: 1)
        .write(to: narrow.appending(path: "config.json"), atomically: true, encoding: .utf8)
      #expect(throws: TrainingError.storedTooNarrow(name, kind: "F8_E4M3 \(shape)")) {
        try job(narrow, steps: 2).run(output: directory.appending(path: "all"), texts: texts.training)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).allSatisfy { !$0.hasPrefix("all") })
      var norms = job(narrow, steps: 2)
      norms.options.trained = try WeightSelection("norms")
      try norms.run(output: directory.appending(path: "norms"), texts: texts.training)
      let trained = try Checkpoint(directory: directory.appending(path: "norms"))
      #expect(trained.tensors[name]!.withUnsafeBytes { $0.allSatisfy { $0 == 0x38 } })
    }
  }

  @Test func onlyTheLayersOfADetachedModelChange() throws {
    try withTinyModel { model, texts, directory in
      let (detached, trained) = (directory.appending(path: "detached"), directory.appending(path: "trained"))
      try DetachPlan(checkpoint: Checkpoint(directory: model), layers: .firstAndLast).execute(to: detached)
      var job = job(detached, steps: 2)
      job.part = .layers(useBridges: true)
      try job.run(output: trained, texts: texts.training)
      let (before, after) = (try Checkpoint(directory: detached), try Checkpoint(directory: trained))
      #expect(before.tensors.keys == after.tensors.keys)
      for (name, tensor) in before.tensors {
        let same = tensor.withUnsafeBytes { Data($0) } == after.tensors[name]!.withUnsafeBytes { Data($0) }
        #expect(same != name.contains(".layers."), "\(name)")
      }
      #expect(FileManager.default.fileExists(atPath: trained.appending(path: "surgery.json").path))
      let lines = try String(contentsOf: trained.appending(path: "metrics.jsonl"), encoding: .utf8).split(
        separator: "\n")
      #expect(lines.count == 2)
    }
  }

  @Test func anInterruptedRunLeavesNothing() throws {
    try withTinyModel { model, texts, directory in
      let output = directory.appending(path: "out")
      #expect(throws: TrainingError.interrupted) {
        try job(model, steps: 50).run(output: output, texts: texts.training) { $0.record.step < 3 }
      }
      #expect(!FileManager.default.fileExists(atPath: output.path))
      #expect(!FileManager.default.fileExists(atPath: output.path + ".partial"))
    }
  }

  @Test func whatWasSeenIsReportedToTheToken() throws {
    try withTinyModel { model, texts, directory in
      let output = directory.appending(path: "out")
      let weighted = texts.training.weighted([3, 1])
      let seen = try job(model, steps: 100).run(output: output, texts: weighted).texts
      #expect(seen.map(\.name) == ["de", "en"] && seen.map(\.share) == [0.75, 0.25])
      #expect(seen.reduce(0) { $0 + $1.tokens } == 100 * 4 * 64)
      // Exact but for the document under way.
      #expect(abs(seen[0].seenShare - 0.75) < 0.01)
      // 300 documents each.
      #expect(seen[0].epochs == 0 && seen[0].documents < 300 && seen[0].read.documents == 300)
      let file = try String(contentsOf: output.appending(path: "texts.json"), encoding: .utf8)
      #expect(file.contains("\"seen_share\" : \(seen[0].seenShare)"))
      // It belongs to this training and is not handed on.
      var next = job(output, steps: 1)
      next.part = .everything
      let again = try next.run(output: directory.appending(path: "next"), texts: weighted).texts
      #expect(again.reduce(0) { $0 + $1.tokens } == 4 * 64)
    }
  }

  @Test func aSequenceLongerThanTheModelsContextIsRefused() throws {
    try withTinyModel { model, texts, directory in
      var long = job(model, steps: 1)
      long.options.sequenceLength = 256
      #expect(throws: TrainingError.sequenceTooLong(length: 256, limit: 128)) {
        try long.run(output: directory.appending(path: "out"), texts: texts.training)
      }
    }
  }

  private func job(_ model: URL, steps: Int) -> TrainingJob {
    var options = TrainingOptions(
      budget: .steps(steps), schedule: LearningRateSchedule(peak: 3e-3, warmupSteps: 2))
    options.batchSize = 4
    options.sequenceLength = 64
    options.accumulate = 1
    return TrainingJob(checkpoint: model, part: .everything, options: options, device: CPUDevice(threads: 2))
  }
}

/// A tiny checkpoint and two little texts in a temporary directory.
func withTinyModel(_ body: (_ model: URL, _ texts: TinyTexts, _ directory: URL) throws -> Void) throws {
  try withTemporaryDirectory { directory in
    let model = directory.appending(path: "model")
    try writeTinyCheckpoint(to: model)
    let texts = try TinyTexts(writeTinyTexts(to: directory), model)
    try body(model, texts, directory)
  }
}

/// Texts to train on and to score.
struct TinyTexts {
  let training: TrainingTexts
  let scored: TextSet

  init(_ sources: [TextSource], _ model: URL) throws {
    training = try TrainingTexts(sources, checkpoint: model, vocabulary: 258)
    scored = try TextSet(sources, checkpoint: model, vocabulary: 258)
  }
}

/// Two texts, as jsonl.
func writeTinyTexts(to directory: URL) throws -> [TextSource] {
  let words = [
    ("de", ["der", "die", "Zeile", "Spalte", "wählen", "öffnen", "Tabelle"]),
    ("en", ["the", "row", "column", "select", "open", "table", "of"]),
  ]
  return try words.map { name, words in
    let file = directory.appending(path: "\(name).jsonl")
    try writeTinyText(words, to: file)
    return TextSource(name: name, path: file.path)
  }
}
