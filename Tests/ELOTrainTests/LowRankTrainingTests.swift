import Checkpoints
import Decoders
import ELOTrain
import Foundation
import JSONText
import ModelSurgery
import TestSupport
import Testing

/// Runs that train low-rank adapters on a tiny model: what changes, what is written for PEFT, and how they fail.
@Suite struct LowRankTrainingTests {
  @Test func matricesOfTheLayersChangeAndNothingElse() throws {
    try withTinyModel { model, texts, directory in
      let output = directory.appending(path: "out")
      let records = try job(model, steps: 30).run(output: output, texts: texts.training).records
      let losses = records.map { $0.loss! }
      let (first, last) = (losses.prefix(5).reduce(0, +), losses.suffix(5).reduce(0, +))
      #expect(last < 0.95 * first)
      #expect(try changed(from: model, to: output) { $0.contains("_proj.") })
    }
  }

  @Test func theAdapterIsWrittenAsPEFTReadsIt() throws {
    try withTinyModel { model, texts, directory in
      let output = directory.appending(path: "out")
      var job = job(model, steps: 2)
      job.options.lowRank!.targets = ["q_proj", "mlp.down_proj"]
      try job.run(output: output, texts: texts.training)
      let config = try JSONText(
        [UInt8](Data(contentsOf: output.appending(path: "adapter/adapter_config.json")))
      ).root
      #expect(config["peft_type"]?.string == "LORA" && config["task_type"]?.string == "CAUSAL_LM")
      #expect(config["r"]?.int == 4 && config["lora_alpha"]?.int == 8 && config["fan_in_fan_out"]?.bool == false)
      #expect(config["target_modules"]?.elements?.map(\.string) == ["q_proj", "mlp.down_proj"])
      #expect(config["base_model_name_or_path"]?.string == model.path(percentEncoded: false))
      let tensors = try readTensors(output.appending(path: "adapter/adapter_model.safetensors"))
      #expect(tensors.count == 4 * 2 * 2)
      let name = "base_model.model.model.layers.3.mlp.down_proj.lora_"
      #expect(tensors[name + "A.weight"]?.shape == [4, 48] && tensors[name + "B.weight"]?.shape == [32, 4])
      // It belongs to this training and is not handed on.
      var next = self.job(output, steps: 1)
      next.options.lowRank = nil
      try next.run(output: directory.appending(path: "next"), texts: texts.training)
      #expect(!FileManager.default.fileExists(atPath: directory.appending(path: "next/adapter").path))
    }
  }

  @Test func theLayersOfADetachedModelAreAdaptedByWholeNames() throws {
    try withTinyModel { model, texts, directory in
      let (detached, trained) = (directory.appending(path: "detached"), directory.appending(path: "trained"))
      try DetachPlan(
        checkpoint: Checkpoint(directory: model), layers: LayerSelection([0, 3]), keepFrozen: LayerSelection([1])
      ).execute(to: detached)
      var job = job(detached, steps: 2)
      job.part = .layers(useBridges: true)
      try job.run(output: trained, texts: texts.training)
      #expect(
        try changed(from: detached, to: trained) { $0.contains("_proj.") && !$0.contains("layers.1.") })
      let config = try JSONText(
        [UInt8](Data(contentsOf: trained.appending(path: "adapter/adapter_config.json")))
      ).root
      let targets = config["target_modules"]!.elements!.compactMap(\.string)
      #expect(targets.count == 14 && targets.contains("model.layers.2.mlp.up_proj"))
    }
  }

  @Test func whatCannotBeAdaptedIsRefused() throws {
    try withTinyModel { model, texts, directory in
      func expectRefusal(_ error: TrainingError, _ change: (inout TrainingOptions) throws -> Void) throws {
        var job = job(model, steps: 1)
        try change(&job.options)
        #expect(throws: error) { try job.run(output: directory.appending(path: "out"), texts: texts.training) }
      }
      let known = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
      try expectRefusal(.noSuchTarget("qkv", known: known)) { $0.lowRank!.targets = ["qkv"] }
      try expectRefusal(.rankTooLarge(17, matrix: "model.layers.0.self_attn.k_proj.weight", limit: 16)) {
        $0.lowRank!.rank = 17
      }
      try expectRefusal(.notInLayers("norms")) { $0.trained = try WeightSelection("first,norms") }
    }
  }

  /// PEFT holds gates and ups of all experts of a layer in one tensor.
  @Test func expertsAreAdaptedTogetherOrNotAtAll() throws {
    try withTinyModel { _, texts, directory in
      let model = directory.appending(path: "experts")
      try FamilyCheckpoint("mixtral").write(to: model)
      for (targets, adapted, left) in [(["w1"], 0, "w3"), (["experts.2.w2"], 2, "w2")] {
        var job = job(model, steps: 1)
        job.options.lowRank!.targets = targets
        let prefix = "model.layers.0.block_sparse_moe.experts."
        #expect(
          throws: TrainingError.partOfTensor(
            adapted: "\(prefix)\(adapted).\(targets[0].suffix(2))", left: "\(prefix)0.\(left)")
        ) { try job.run(output: directory.appending(path: "out"), texts: texts.training) }
      }
    }
  }

  /// Whether exactly the tensors that `expected` names have other bytes.
  private func changed(from: URL, to: URL, _ expected: (String) -> Bool) throws -> Bool {
    let (before, after) = (try Checkpoint(directory: from), try Checkpoint(directory: to))
    return before.tensors.allSatisfy { name, tensor in
      (tensor.withUnsafeBytes { Data($0) } != after.tensors[name]!.withUnsafeBytes { Data($0) }) == expected(name)
    }
  }

  private func job(_ model: URL, steps: Int) -> TrainingJob {
    var options = TrainingOptions(budget: .steps(steps), schedule: LearningRateSchedule(peak: 1e-2, warmupSteps: 0))
    options.batchSize = 4
    options.sequenceLength = 64
    options.lowRank = LowRankOptions()
    options.lowRank!.rank = 4
    options.lowRank!.alpha = 8
    return TrainingJob(checkpoint: model, part: .everything, options: options, device: CPUDevice(threads: 2))
  }
}
