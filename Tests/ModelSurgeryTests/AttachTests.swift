import Checkpoints
import Foundation
import ModelSurgery
import TestSupport
import Testing

struct AttachTests {
  /// A base with odd habits: shards, CRLF, unknown keys, side files, its own elo folder.
  private func makeBase(in directory: URL, family: String = "llama") throws -> Checkpoint {
    let base = directory.appending(path: "base")
    try reshard(fixture("checkpoints/\(family)"), to: base, shardCount: 3)
    var config = String(decoding: try Data(contentsOf: base.appending(path: "config.json")), as: UTF8.self)
    config = config.replacing("\n", with: "\r\n").replacing("{\r\n", with: "{\r\n\t  \"zzz\": [1.50, 1e-05],\r\n")
    try write(config.utf8, to: "config.json", in: base)
    try write("x".utf8, to: "tokenizer.json", in: base)
    try write("y".utf8, to: "code/modeling.py", in: base)
    try write("z".utf8, to: "elo/bridge.safetensors", in: base)
    try write("w".utf8, to: "pytorch_model.bin", in: base)
    return try Checkpoint(directory: base)
  }

  private func detach(_ base: Checkpoint, in directory: URL) throws -> URL {
    let output = directory.appending(path: "detached")
    try DetachPlan(checkpoint: base, layers: .firstAndLast).execute(to: output)
    return output
  }

  @Test func anOddBaseComesBackByteForByte() throws {
    try withTemporaryDirectory { directory in
      let base = try makeBase(in: directory)
      let detached = try detach(base, in: directory)
      let carried = try contents(of: detached)
      #expect(carried["code/modeling.py"] != nil && carried["tokenizer.json"] != nil)
      #expect(carried["elo/bridge.safetensors"] == nil && carried["pytorch_model.bin"] == nil)
      // A bridge that lies in the detached directory is no weight.
      try write("b".utf8, to: "elo/bridge.safetensors", in: detached)
      let plan = try AttachPlan(trained: Checkpoint(directory: detached), base: base)
      #expect(plan.stale == ["pytorch_model.bin"])
      let whole = directory.appending(path: "whole")
      try plan.execute(to: whole)
      #expect(try contents(of: whole) == contents(of: base.directory))
    }
  }

  @Test func trainedTensorsReplaceTheBasesWhateverTheirShardingAndNothingElseChanges() throws {
    try withTemporaryDirectory { directory in
      let base = try makeBase(in: directory)
      let trained = directory.appending(path: "trained")
      let name = "model.layers.1.mlp.up_proj.weight"
      try reshard(detach(base, in: directory), to: trained, shardCount: 2) { tensor in
        (tensor.name, tensor.name == name ? singles(tensor.shape) { Float($0) } : .mapped(tensor))
      }
      let whole = directory.appending(path: "whole")
      let plan = try AttachPlan(trained: Checkpoint(directory: trained), base: base)
      let outcome = try plan.execute(to: whole)
      #expect(outcome.changed == ["model.layers.5.mlp.up_proj.weight"])
      let result = try Checkpoint(directory: whole)
      for (name, tensor) in base.tensors {
        let new = try result.tensor(name).withUnsafeBytes { Array($0) }
        if name == "model.layers.5.mlp.up_proj.weight" {
          #expect(new.count == 4 * 96)
          #expect(new == (0..<96).flatMap { withUnsafeBytes(of: Float($0)) { Array($0) } })
        } else {
          #expect(new == tensor.withUnsafeBytes { Array($0) })
        }
      }
    }
  }

  /// Detaches, changes the trained side, and gives the error of planning or executing the attachment.
  private func refusal(
    family: String = "llama", casts: Bool = false, adding: [(name: String, content: TensorContent)] = [],
    edit: @escaping (StoredTensor) -> (name: String, content: TensorContent)?
  ) throws -> SurgeryError? {
    try withTemporaryDirectory { directory in
      let base = try makeBase(in: directory, family: family)
      let trained = directory.appending(path: "trained")
      try reshard(detach(base, in: directory), to: trained, shardCount: 1, adding: adding, edit: edit)
      let whole = directory.appending(path: "whole")
      do {
        try AttachPlan(trained: Checkpoint(directory: trained), base: base, casts: casts).execute(to: whole)
        return nil
      } catch let error as SurgeryError {
        let left = try FileManager.default.contentsOfDirectory(atPath: directory.path(percentEncoded: false))
        #expect(Set(left) == ["base", "detached", "trained"], "a refusal leaves nothing behind")
        return error
      }
    }
  }

  @Test func wrongTensorsAreRefusedByName() throws {
    let name = "model.layers.1.mlp.up_proj.weight"
    guard case .missingTensor(name, _, []) = try refusal(edit: { $0.name == name ? nil : ($0.name, .mapped($0)) })
    else { Issue.record("a missing tensor"); return }
    guard
      case .unexpectedTensor("adapter.weight", _) = try refusal(
        adding: [("adapter.weight", singles([2]) { _ in 0 })], edit: { ($0.name, .mapped($0)) })
    else { Issue.record("a surplus tensor"); return }
    let shape = try refusal { ($0.name, $0.name == name ? singles([8, 12]) { _ in 0 } : .mapped($0)) }
    #expect(shape == .kindMismatch(name: name, expected: "F32 [12, 8]", found: "F32 [8, 12]"))
    let half = TensorContent.bytes(.f16, shape: [12, 8]) { try [UInt8](repeating: 0, count: 192).withUnsafeBytes($0) }
    let dtype = try refusal { ($0.name, $0.name == name ? half : .mapped($0)) }
    #expect(dtype == .kindMismatch(name: name, expected: "F32 [12, 8]", found: "F16 [12, 8]"))
    #expect(try refusal(casts: true) { ($0.name, $0.name == name ? half : .mapped($0)) } == nil)
    for bad in [Float.nan, .infinity, -.infinity] {
      let error = try refusal { ($0.name, $0.name == name ? singles($0.shape) { $0 == 77 ? bad : 1 } : .mapped($0)) }
      #expect(error == .notFinite(name: name, element: 77))
    }
  }

  @Test func anotherBaseIsRefusedWithThePlace() throws {
    try withTemporaryDirectory { directory in
      let base = try makeBase(in: directory)
      let trained = try Checkpoint(directory: detach(base, in: directory))
      func part(_ edit: (URL) throws -> Void) throws -> String? {
        let other = directory.appending(path: "other")
        try? FileManager.default.removeItem(at: other)
        try FileManager.default.copyItem(at: base.directory, to: other)
        try edit(other)
        do {
          let plan = try AttachPlan(trained: trained, base: Checkpoint(directory: other))
          try plan.execute(to: directory.appending(path: "whole"))
          return nil
        } catch SurgeryError.wrongBase(_, let part) { return part }
      }
      func flipByte(of tensor: String, in other: URL) throws {
        let stored = try Checkpoint(directory: other).tensor(tensor)
        var data = try Data(contentsOf: stored.file.url)
        data[stored.byteRange.lowerBound] ^= 1
        try data.write(to: other.appending(path: stored.file.url.lastPathComponent))
      }
      #expect(
        try part { try write("{\"num_hidden_layers\":6}".utf8, to: "config.json", in: $0) } == "its config.json differs"
      )
      let carried = "model.layers.5.input_layernorm.weight"
      #expect(try part { try flipByte(of: carried, in: $0) } == "tensor '\(carried)' differs")
      let left = "model.layers.2.input_layernorm.weight"
      #expect(try part { try flipByte(of: left, in: $0) } == "tensor '\(left)' differs")
    }
  }

  @Test func aTiedHeadMayBeStoredAgainIfItIsTheEmbedding() throws {
    try withTemporaryDirectory { directory in
      let base = try makeBase(in: directory, family: "llama_tied")
      let detached = try detach(base, in: directory)
      let embedding = try Checkpoint(directory: detached).tensor("model.embed_tokens.weight")
      for (head, isEqual) in [(TensorContent.mapped(embedding), true), (singles(embedding.shape) { _ in 1 }, false)] {
        let trained = directory.appending(path: "trained\(isEqual)")
        try reshard(detached, to: trained, shardCount: 1, adding: [("lm_head.weight", head)])
        let plan = try AttachPlan(trained: Checkpoint(directory: trained), base: base)
        let whole = directory.appending(path: "whole\(isEqual)")
        if isEqual {
          try plan.execute(to: whole)
          #expect(try contents(of: whole) == contents(of: base.directory))
        } else {
          let error = SurgeryError.untiedAliases(first: "model.embed_tokens.weight", second: "lm_head.weight")
          #expect(throws: error) { try plan.execute(to: whole) }
        }
      }
    }
  }

  @Test func aStoredAliasFollowsTheTrainedEmbedding() throws {
    try withTemporaryDirectory { directory in
      // As some hub files do: the head is tied and stored all the same.
      let source = try sample("llama_tied")
      let embedding = try source.tensor("model.embed_tokens.weight")
      let base = directory.appending(path: "base")
      try reshard(source.directory, to: base, shardCount: 1, adding: [("lm_head.weight", .mapped(embedding))])
      let checkpoint = try Checkpoint(directory: base)
      let detached = try detach(checkpoint, in: directory)
      let trained = directory.appending(path: "trained")
      try reshard(detached, to: trained, shardCount: 1) { tensor in
        if tensor.name == "lm_head.weight" { return nil }
        return (tensor.name, tensor.name == embedding.name ? singles(tensor.shape) { Float($0) } : .mapped(tensor))
      }
      let whole = directory.appending(path: "whole")
      let plan = try AttachPlan(trained: Checkpoint(directory: trained), base: checkpoint)
      #expect(try plan.execute(to: whole).changed == ["lm_head.weight", "model.embed_tokens.weight"])
      let result = try Checkpoint(directory: whole)
      #expect(
        try result.tensor("lm_head.weight").withUnsafeBytes { Array($0) }
          == result.tensor(embedding.name).withUnsafeBytes { Array($0) })
      // A model that ties its head and was trained with another one is refused.
      let untied = directory.appending(path: "untied")
      try reshard(detached, to: untied, shardCount: 1) { tensor in
        (tensor.name, tensor.name == "lm_head.weight" ? singles(tensor.shape) { _ in 2 } : .mapped(tensor))
      }
      #expect(throws: SurgeryError.untiedAliases(first: embedding.name, second: "lm_head.weight")) {
        try AttachPlan(trained: Checkpoint(directory: untied), base: checkpoint).execute(
          to: directory.appending(path: "no"))
      }
    }
  }

  @Test func namesUnderAnotherRootFindTheirPlace() throws {
    try withTemporaryDirectory { directory in
      let base = try makeBase(in: directory, family: "gpt2")
      let trained = directory.appending(path: "trained")
      try reshard(detach(base, in: directory), to: trained, shardCount: 2) { tensor in
        (tensor.name.replacing("transformer.", with: ""), .mapped(tensor))
      }
      let whole = directory.appending(path: "whole")
      try AttachPlan(trained: Checkpoint(directory: trained), base: base).execute(to: whole)
      #expect(try contents(of: whole) == contents(of: base.directory))
    }
  }

  @Test func aBlendLiesBetweenBaseAndTraining() throws {
    try withTemporaryDirectory { directory in
      let base = try makeBase(in: directory)
      let trained = directory.appending(path: "trained")
      let name = "model.layers.0.mlp.up_proj.weight"
      try reshard(detach(base, in: directory), to: trained, shardCount: 1) { tensor in
        (tensor.name, tensor.name == name ? singles(tensor.shape) { Float($0) } : .mapped(tensor))
      }
      let whole = directory.appending(path: "whole")
      let plan = try AttachPlan(trained: Checkpoint(directory: trained), base: base, blend: 0.25)
      try plan.execute(to: whole, records: true)
      func values(_ tensor: StoredTensor) -> [Float] {
        tensor.withUnsafeBytes { bytes in (0..<96).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) } }
      }
      let old = values(try base.tensor(name))
      let new = values(try Checkpoint(directory: whole).tensor(name))
      for index in 0..<96 {
        #expect(new[index] == Float(Double(old[index]) + 0.25 * (Double(index) - Double(old[index]))))
      }
      let record = try ConfigText(contentsOf: whole.appending(path: "surgery.json"))
      #expect(record["blend"]?.double == 0.25 && record["operation"]?.string == "attach")
      #expect(throws: SurgeryError.blendOutOfRange(1.5)) {
        try AttachPlan(trained: Checkpoint(directory: trained), base: base, blend: 1.5)
      }
    }
  }

  @Test func aDeltaHoldsWhatChangedAndServesInPlaceOfTheDirectory() throws {
    try withTemporaryDirectory { directory in
      let base = try makeBase(in: directory)
      let name = "model.layers.1.mlp.up_proj.weight"
      let trainedDirectory = directory.appending(path: "trained")
      try reshard(detach(base, in: directory), to: trainedDirectory, shardCount: 2) { tensor in
        (tensor.name, tensor.name == name ? singles(tensor.shape) { Float($0) } : .mapped(tensor))
      }
      let trained = try Checkpoint(directory: trainedDirectory)
      let file = directory.appending(path: "result.elodelta")
      #expect(try DeltaFile.write(trained, to: file) == [name])
      let path = file.path(percentEncoded: false)
      #expect(throws: CheckpointError.destinationExists(path: path)) { try DeltaFile.write(trained, to: file) }
      try AttachPlan(trained: trained, base: base).execute(to: directory.appending(path: "fromDirectory"))
      try AttachPlan(delta: file, base: base).execute(to: directory.appending(path: "fromDelta"))
      #expect(
        try contents(of: directory.appending(path: "fromDelta"))
          == contents(of: directory.appending(path: "fromDirectory")))
      let weights = base.directory.appending(path: base.shards[0].name)
      #expect(throws: SurgeryError.notADelta(path: weights.path(percentEncoded: false))) {
        try AttachPlan(delta: weights, base: base)
      }
    }
  }
}
