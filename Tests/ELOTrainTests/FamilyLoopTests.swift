import Checkpoints
import Corpora
import Decoders
import ELOTrain
import Foundation
import ModelSurgery
import TestSupport
import Testing

/// Detach, pretrain, attach, align on a tiny model of each family, and low-rank adapters on the result.
///
/// With `ELO_SURGEON_FAMILIES=DIR` the models stay in DIR, each with the logits computed here, for
/// `Tests/Fixtures/families/check_loop.py`, which loads them with `transformers`.
@Suite struct FamilyLoopTests {
  private static let kept = ProcessInfo.processInfo.environment["ELO_SURGEON_FAMILIES"].map { URL(filePath: $0) }

  @Test(arguments: FamilyCheckpoint.names)
  func theLoopTrainsWhatItShouldAndNothingElse(_ name: String) throws {
    try withTemporaryDirectory { directory in
      let stages = ["base", "detached", "trained", "attached", "aligned", "adapted"].map {
        directory.appending(path: $0)
      }
      let (base, detached, trained, attached, aligned) = (stages[0], stages[1], stages[2], stages[3], stages[4])
      try FamilyCheckpoint(name).write(to: base)
      try writeLetterTokenizer(to: base)
      let text = directory.appending(path: "words.jsonl")
      try writeTinyText(["der", "zeile", "spalte", "tabelle", "und", "auf"], to: text)
      let source = try Checkpoint(directory: base)
      let configuration = try Decoder(source, device: CPUDevice(threads: 1)).configuration
      // A layer of this GPT-2 may not move: its scores depend on its index.
      let layer = name == "gpt2" ? 0 : configuration.layerCount - 1

      try DetachPlan(checkpoint: source, layers: LayerSelection([layer])).execute(to: detached)
      let texts = try TrainingTexts(
        [TextSource(name: "words", path: text.path)], checkpoint: base, vocabulary: FamilyCheckpoint.vocabulary)
      let length = min(16, configuration.maximumPositions)
      try job(detached, .layers(useBridges: false), length).run(output: trained, texts: texts)
      try AttachPlan(trained: Checkpoint(directory: trained), base: source).execute(to: attached)
      let losses = try job(attached, .everything, length).run(output: aligned, texts: texts).records.compactMap(\.loss)

      #expect(losses.last! < losses.first!, "\(name): \(losses)")
      let after = try Checkpoint(directory: attached)
      #expect(after.tensors.keys == source.tensors.keys)
      for (tensor, role) in try DecoderLayout(source).roles {
        let isTrained = if case .layer(layer, _) = role { true } else { false }
        let (before, now) = (source.tensors[tensor]!, after.tensors[tensor]!)
        let isSame = before.withUnsafeBytes { Data($0) } == now.withUnsafeBytes { Data($0) }
        #expect(isSame != isTrained, "\(name), \(tensor)")
      }
      let matrices = try adapt(attached, length, output: stages[5], texts)
      try #expect(Self.changedTensors(from: after, to: Checkpoint(directory: stages[5])) == matrices, "\(name)")
      let config = try stages.map { try Data(contentsOf: $0.appending(path: "config.json")) }
      #expect(config[3...].allSatisfy { $0 == config[0] })
      guard let kept = Self.kept else { return }
      for stage in stages { try writeLogits(of: stage) }
      try FileManager.default.createDirectory(at: kept, withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: directory, to: kept.appending(path: name))
    }
  }

  /// Trains an adapter on every matrix that can have one.
  /// - Returns: the names of these.
  private func adapt(_ checkpoint: URL, _ length: Int, output: URL, _ texts: TrainingTexts) throws -> Set<String> {
    var job = job(checkpoint, .everything, length)
    job.options.lowRank = LowRankOptions()
    job.options.lowRank!.rank = 2
    job.options.lowRank!.alpha = 4
    try job.run(output: output, texts: texts)
    let decoder = try Decoder(Checkpoint(directory: checkpoint), device: CPUDevice(threads: 1))
    return Set(decoder.layers.indices.flatMap(decoder.adaptableMatrices).map(\.name))
  }

  private static func changedTensors(from: Checkpoint, to: Checkpoint) -> Set<String> {
    Set(
      from.tensors.values.filter { tensor in
        tensor.withUnsafeBytes { Data($0) } != to.tensors[tensor.name]!.withUnsafeBytes { Data($0) }
      }.map(\.name))
  }

  private func job(_ checkpoint: URL, _ part: TrainingJob.Part, _ sequenceLength: Int) -> TrainingJob {
    var options = TrainingOptions(budget: .steps(6), schedule: LearningRateSchedule(peak: 1e-2, warmupSteps: 1))
    options.batchSize = 4
    options.sequenceLength = sequenceLength
    options.accumulate = 1
    return TrainingJob(checkpoint: checkpoint, part: part, options: options, device: CPUDevice(threads: 2))
  }

  /// `logits.json`: what the model makes of the token ids that stand beside them.
  private func writeLogits(of model: URL) throws {
    let decoder = try Decoder(Checkpoint(directory: model), device: CPUDevice(threads: 1))
    let ids = (0..<14).map { Int32(($0 * 7 + 3) % FamilyCheckpoint.vocabulary) }
    let logits = decoder.logits(TokenBatch(document: ids, device: decoder.device))
    try JSONSerialization.data(withJSONObject: ["ids": ids, "logits": logits])
      .write(to: model.appending(path: "logits.json"))
  }
}

/// Writes a tokenizer.json with a token for each small letter, for spaces, and three special ones.
private func writeLetterTokenizer(to directory: URL) throws {
  let letters = (["Ġ"] + "abcdefghijklmnopqrstuvwxyz".map(String.init)).enumerated()
    .map { "\"\($0.element)\": \($0.offset + 3)" }.joined(separator: ", ")
  let added = ["<pad>", "<s>", "</s>"].enumerated().map { id, content in
    #"{"id": \#(id), "content": "\#(content)", "single_word": false, "lstrip": false, "rstrip": false, "#
      + #""normalized": false, "special": true}"#
  }.joined(separator: ", ")
  let tokenizer = """
    {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [\(added)], "normalizer": null,
     "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
     "post_processor": null, "decoder": {"type": "ByteLevel"},
     "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
      "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
      "vocab": {\(letters)}, "merges": []}}
    """
  try Data(tokenizer.utf8).write(to: directory.appending(path: "tokenizer.json"))
  try Data(#"{"bos_token": "<s>", "eos_token": "</s>"}"#.utf8)
    .write(to: directory.appending(path: "tokenizer_config.json"))
}
