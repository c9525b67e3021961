import Checkpoints
import Foundation
import ModelSurgery
import TestSupport
import Testing

/// What the files of real checkpoints are like, beside tidy ones.
struct FileTrapTests {
  private func detached(_ base: Checkpoint, in directory: URL) throws -> URL {
    let output = directory.appending(path: "out")
    try DetachPlan(checkpoint: base, layers: .firstAndLast).execute(to: output)
    return output
  }

  @Test func weightsInOtherFormsAreLeftOutOfWhatIsDetachedAndNamed() throws {
    try withTemporaryDirectory { directory in
      let others = [
        "consolidated.safetensors", "consolidated-00001-of-00002.safetensors", "original/consolidated.00.pth",
        "model.gguf", "pytorch_model.bin", "pytorch_model.bin.index.json", "onnx/model.onnx",
      ]
      let kept = [
        "additional_chat_templates/tool.jinja", "chat_template.jinja", "modeling_x.py", "tokenizer.model",
        "generation_config.json",
      ]
      _ = try variant(of: "llama", in: directory)
      for name in others + kept { try write("{}".utf8, to: name, in: directory.appending(path: "base")) }
      let base = try Checkpoint(directory: directory.appending(path: "base"))
      let plan = try DetachPlan(checkpoint: base, layers: .firstAndLast)
      #expect(Set(plan.leftOut) == Set(others))
      let files = try contents(of: detached(base, in: directory))
      #expect(Set(files.keys) == Set(kept + ["config.json", "model.safetensors", "surgery.json"]))
      let trained = try Checkpoint(directory: directory.appending(path: "out"))
      #expect(try Set(AttachPlan(trained: trained, base: base).stale) == Set(others))
    }
  }

  @Test func aStaleIndexBesideASingleFileIsNotCarriedAlong() throws {
    try withTemporaryDirectory { directory in
      let base = directory.appending(path: "base")
      try reshard(fixture("checkpoints/llama"), to: base, shardCount: 2)
      try FileManager.default.copyItem(
        at: fixture("checkpoints/llama/model.safetensors"), to: base.appending(path: "model.safetensors"))
      let checkpoint = try Checkpoint(directory: base)
      #expect(checkpoint.shards.map(\.name) == ["model.safetensors"])
      let files = try contents(of: detached(checkpoint, in: directory))
      #expect(Set(files.keys) == ["config.json", "model.safetensors", "surgery.json"])
    }
  }

  @Test func aSnapshotOfLinksIntoACacheIsReadAndWrittenAsFiles() throws {
    try withTemporaryDirectory { directory in
      let blobs = directory.appending(path: "blobs")
      let snapshot = directory.appending(path: "snapshots/abc")
      try reshard(fixture("checkpoints/llama"), to: blobs, shardCount: 2)
      try FileManager.default.createDirectory(at: snapshot, withIntermediateDirectories: true)
      for name in try FileManager.default.contentsOfDirectory(atPath: blobs.path(percentEncoded: false)) {
        try FileManager.default.createSymbolicLink(
          atPath: snapshot.appending(path: name).path(percentEncoded: false),
          withDestinationPath: "../../blobs/\(name)")
      }
      let before = try contents(of: blobs)
      let base = try Checkpoint(directory: snapshot)
      let output = try detached(base, in: directory)
      let whole = directory.appending(path: "whole")
      try AttachPlan(trained: Checkpoint(directory: output), base: base).execute(to: whole)
      for folder in [output, whole] {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)) {
          let url = folder.appending(path: name)
          #expect(try url.resourceValues(forKeys: [.isSymbolicLinkKey]).isSymbolicLink == false)
        }
      }
      #expect(try contents(of: whole) == before)
      #expect(try contents(of: blobs) == before)
    }
  }

  @Test func buffersMoveWithTheirLayerAndATrainerMayLeaveThemOut() throws {
    try withTemporaryDirectory { directory in
      let buffers = (0..<6).flatMap { layer in
        ["attn.bias", "attn.masked_bias", "attn.rotary_emb.inv_freq"].map {
          (name: "transformer.h.\(layer).\($0)", content: singles([2]) { _ in Float(layer) })
        }
      }
      let base = try variant(of: "gpt2", in: directory, adding: buffers)
      let output = try detached(base, in: directory)
      #expect(
        try Checkpoint(directory: output).tensor("transformer.h.1.attn.bias").withUnsafeBytes { Array($0) }
          == base.tensor("transformer.h.5.attn.bias").withUnsafeBytes { Array($0) })
      let trained = directory.appending(path: "trained")
      try reshard(output, to: trained, shardCount: 1) { tensor in
        buffers.contains { $0.name == tensor.name } ? nil : (tensor.name, .mapped(tensor))
      }
      let whole = directory.appending(path: "whole")
      try AttachPlan(trained: Checkpoint(directory: trained), base: base).execute(to: whole)
      #expect(try contents(of: whole) == contents(of: base.directory))
    }
  }

  @Test func expertsThatATrainerFusedAreRefusedByName() throws {
    try withTemporaryDirectory { directory in
      let base = try sample("qwen3_moe")
      let trained = directory.appending(path: "trained")
      let isExpert = { (name: String) in name.contains(".mlp.experts.") }
      try reshard(
        detached(base, in: directory), to: trained, shardCount: 1,
        adding: [("model.layers.1.mlp.experts.gate_up_proj", singles([2, 16, 8]) { _ in 0 })]
      ) { isExpert($0.name) ? nil : ($0.name, .mapped($0)) }
      let error = #expect(throws: SurgeryError.self) {
        try AttachPlan(trained: Checkpoint(directory: trained), base: base)
      }
      guard case .missingTensor(let name, _, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(isExpert(name) && "\(error!)".contains("original"))
    }
  }

  @Test(arguments: ["dtype", "torch_dtype"])
  func theSpellingAndTheOrderOfAConfigAreKept(key: String) throws {
    try withTemporaryDirectory { directory in
      let text = """
        {"zeta": 1.0e-05,   "\(key)" : "bfloat16", "model_type":"llama",
          "num_hidden_layers":6, "unknown": {"b":1, "a":2}, "alpha": [ ]}
        """
      _ = try variant(of: "llama", in: directory)
      try write(text.utf8, to: "config.json", in: directory.appending(path: "base"))
      let output = try detached(Checkpoint(directory: directory.appending(path: "base")), in: directory)
      let written = String(decoding: try Data(contentsOf: output.appending(path: "config.json")), as: UTF8.self)
      #expect(written == text.replacing("\"num_hidden_layers\":6", with: "\"num_hidden_layers\":2"))
    }
  }

  @Test func whatIsWrittenSaysThatItIsOfPyTorch() throws {
    try withTemporaryDirectory { directory in
      let output = try detached(sample("llama"), in: directory)
      let header = try SafetensorsHeader(contentsOf: output.appending(path: "model.safetensors"))
      #expect(header.metadata.map { [$0.key, $0.value] } == [["format", "pt"]])
    }
  }
}
