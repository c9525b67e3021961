import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import ModelSurgery
import TestSupport
import Testing

/// Which weights the words of the command line name, that only these are trained, and at which rate.
@Suite struct WeightSelectionTests {
  @Test func everyWordNamesItsWeights() throws {
    let decoder = try FamilyDecoder.make("gpt_neox")
    func names(_ text: String, layers: [Int]? = nil) throws -> Set<String> {
      Set(
        try WeightSelection(text).parameters(of: decoder, layers: layers ?? Array(decoder.layers.indices)).map(\.name))
    }
    let all = Set(decoder.parameters.map(\.name))
    #expect(try names("all") == all)
    #expect(try names("embedding") == ["gpt_neox.embed_in.weight"])
    #expect(try names("head") == ["embed_out.weight"])
    #expect(try names("norms") == all.filter { $0.contains("norm") })
    #expect(try names("norms", layers: [1]) == all.filter { $0.contains("norm") && !$0.contains("layers.0.") })
    #expect(try names("biases") == all.filter { $0.hasSuffix(".bias") })
    #expect(try names("layers") == all.filter { $0.contains(".layers.") })
    #expect(try names("first") == all.filter { $0.contains(".layers.0.") })
    #expect(try names("last, head") == all.filter { $0.contains(".layers.1.") }.union(["embed_out.weight"]))
    #expect(try WeightSelection("last, head").description == "last,head")
  }

  @Test func aLearnedPositionBelongsToTheEmbedding() throws {
    let decoder = try FamilyDecoder.make("gpt2")
    let names = try WeightSelection("embedding").parameters(of: decoder, layers: []).map(\.name)
    #expect(names.count == 2 && names.contains { $0.hasSuffix("wpe.weight") })
  }

  @Test func whatNamesNothingIsRefused() throws {
    #expect(throws: TrainingError.unknownWeights("nroms")) { try WeightSelection("nroms") }
    #expect(throws: SurgeryError.self) { try WeightSelection("4..") }
    #expect(throws: TrainingError.badSetting("norms")) { try WeightSetting(argument: "norms") }
    #expect(throws: TrainingError.badSetting("norms=-1")) { try WeightSetting(argument: "norms=-1") }
    let decoder = try FamilyDecoder.make("phi3")
    func parameters(_ text: String, layers: [Int] = [0, 1]) throws {
      _ = try WeightSelection(text).parameters(of: decoder, layers: layers)
    }
    #expect(throws: TrainingError.noSuchWeights("biases")) { try parameters("biases") }
    #expect(throws: TrainingError.frozenLayer(1)) { try parameters("1", layers: [0]) }
    #expect(throws: SurgeryError.self) { try parameters("7") }
    let tied = try FamilyDecoder.make("gpt2")
    #expect(throws: TrainingError.tiedHead) { try WeightSelection("head").parameters(of: tied, layers: []) }
    decoder.train(layers: [0])
    var options = AdamW.Options()
    options.rateFactors = [try WeightSetting(argument: "embedding=2")]
    #expect(throws: TrainingError.settingWithoutEffect("embedding=2.0")) { try AdamW(decoder, options: options) }
  }

  @Test(arguments: ["norms,embedding", "1", "layers"])
  func onlyTheSelectedWeightsChange(_ selection: String) throws {
    try withTinyModel { model, texts, directory in
      let output = directory.appending(path: "out")
      var options = TrainingOptions(budget: .steps(2), schedule: LearningRateSchedule(peak: 1e-2, warmupSteps: 0))
      options.batchSize = 4
      options.sequenceLength = 64
      options.trained = try WeightSelection(selection)
      let job = TrainingJob(checkpoint: model, part: .everything, options: options, device: CPUDevice(threads: 2))
      try job.run(output: output, texts: texts.training)
      let (before, after) = (try Checkpoint(directory: model), try Checkpoint(directory: output))
      for (name, tensor) in before.tensors {
        let same = tensor.withUnsafeBytes { Data($0) } == after.tensors[name]!.withUnsafeBytes { Data($0) }
        let selected =
          switch selection {
          case "1": name.contains(".layers.1.")
          case "layers": name.contains(".layers.")
          default: name.contains("norm") || name.contains("embed")
          }
        #expect(same != selected, "\(name)")
      }
      let record = try String(contentsOf: output.appending(path: "training.json"), encoding: .utf8)
      #expect(record.contains("\"--train\"") && record.contains("\"\(selection)\""))
    }
  }

  /// With momentum and decay off a first step of Adam moves every weight by the learning rate.
  @Test func weightsMoveAtTheRateThatIsSetForThem() throws {
    try withTinyModel { model, texts, directory in
      let decoder = try Decoder(Checkpoint(directory: model), device: CPUDevice(threads: 2))
      decoder.trainEverything()
      var options = TrainingOptions(
        budget: .steps(1), schedule: LearningRateSchedule(shape: .constant, peak: 1e-3, warmupSteps: 0))
      options.batchSize = 4
      options.sequenceLength = 64
      options.optimizer.weightDecay = 0
      options.learningRates = [try WeightSetting(argument: "norms=4e-3"), try WeightSetting(argument: "first=2e-3")]
      let before = decoder.parameters.map { decoder.device.download($0.value) }
      var run = try TrainingRun(
        decoder, mixture: texts.training.mixture(MixtureOptions(sequenceLength: 64, seed: 1)), options: options)
      _ = try run.run()
      for (parameter, old) in zip(decoder.parameters, before) {
        let moved = zip(decoder.device.download(parameter.value), old).map { abs($0 - $1) }.sorted()
        let rate: Float =
          parameter.name.contains(".layers.0.") ? 2e-3 : parameter.name.contains("norm") ? 4e-3 : 1e-3
        #expect(abs(moved[moved.count * 3 / 4] / rate - 1) < 0.05, "\(parameter.name)")
      }
    }
  }
}

/// A tiny model of a family.
enum FamilyDecoder {
  static func make(_ name: String) throws -> Decoders.Decoder {
    try withTemporaryDirectory { directory in
      let model = directory.appending(path: "model")
      try FamilyCheckpoint(name).write(to: model)
      return try Decoder(Checkpoint(directory: model), device: CPUDevice(threads: 2))
    }
  }
}
