import Checkpoints
import Foundation
import ModelSurgery
import TestSupport
import Testing

/// Checkpoints in fp8 become those that `transformers` makes of them, or are refused with a reason.
@Suite struct WideningTests {
  @Test(arguments: ["qwen3", "qwen3_moe"])
  func `every tensor is the one of transformers, bit for bit`(_ name: String) throws {
    try withTemporaryDirectory { directory in
      let (source, wide) = (try Checkpoint(directory: fixture("float8/\(name)")), directory.appending(path: "wide"))
      let plan = try WideningPlan(checkpoint: source, dtype: .bf16)
      try plan.execute(to: wide)
      let (result, expected) = (
        try Checkpoint(directory: wide), try readTensors(fixture("float8/\(name)/expected.safetensors"))
      )
      let names = expected.keys.filter { $0.hasSuffix(".weight") }
      #expect(Set(result.tensors.keys) == Set(names))
      for (name, tensor) in result.tensors { #expect(same(tensor, expected[name]!), "\(name)") }
      #expect(plan.widenedCount == source.tensors.values.count { $0.dtype == .f8e4m3 })
      #expect(result.config["quantization_config"] == nil && result.config["dtype"]?.string == "bfloat16")
      #expect(result.config["model_type"]?.string == name)
    }
  }

  @Test func `other types hold the same values, and the config says which`() throws {
    try withTemporaryDirectory { directory in
      let source = try Checkpoint(directory: fixture("float8/qwen3"))
      let name = "model.layers.1.mlp.down_proj.weight"
      let matrix = try BlockScaledMatrix(
        source.tensors[name]!, scales: source.tensors[name + "_scale_inv"]!, block: .init(rows: 4, columns: 8))
      let values = matrix.widened(0..<16)
      for (dtype, word) in [(DType.f32, "float32"), (.f16, "float16")] {
        let wide = directory.appending(path: word)
        try WideningPlan(checkpoint: source, dtype: dtype).execute(to: wide)
        let result = try Checkpoint(directory: wide)
        let read: [Float] = result.tensors[name]!.withUnsafeBytes { bytes in
          dtype == .f32 ? Array(bytes.bindMemory(to: Float.self)) : bytes.bindMemory(to: Float16.self).map(Float.init)
        }
        #expect(read == (dtype == .f32 ? values : values.map { Float(Float16($0)) }))
        #expect(result.config["dtype"]?.string == word)
        // What was not in fp8 is as it was.
        #expect(result.tensors["lm_head.weight"]!.dtype == .bf16)
      }
    }
  }

  @Test func `layers of the converted checkpoint return to it and not to the one in fp8`() throws {
    try withTemporaryDirectory { directory in
      let narrow = fixture("float8/qwen3")
      let (wide, layers) = (directory.appending(path: "wide"), directory.appending(path: "layers"))
      try WideningPlan(checkpoint: Checkpoint(directory: narrow), dtype: .bf16).execute(to: wide)
      try DetachPlan(checkpoint: Checkpoint(directory: wide), layers: .firstAndLast).execute(to: layers)
      let back = directory.appending(path: "back")
      try AttachPlan(trained: Checkpoint(directory: layers), base: Checkpoint(directory: wide)).execute(to: back)
      #expect(try file(back, "model.safetensors") == file(wide, "model.safetensors"))
      let error = #expect(throws: SurgeryError.self) {
        try AttachPlan(trained: Checkpoint(directory: layers), base: Checkpoint(directory: narrow))
      }
      guard case .wrongBase? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func `what is no whole checkpoint in fp8 is refused`() throws {
    try withTemporaryDirectory { directory in
      let narrow = fixture("float8/qwen3")
      let layers = directory.appending(path: "layers")
      try DetachPlan(checkpoint: Checkpoint(directory: narrow), layers: .firstAndLast).execute(to: layers)
      expectRefusal(layers, "convert the base, and detach from the result")
      expectRefusal(try edited("gptq") { $0.replacing("\"fp8\"", with: "\"gptq\"") }, "quantised by gptq")
      expectRefusal(
        try edited("plain") { $0.replacing("\"quantization_config\"", with: "\"other\"") }, "need no conversion")
      expectRefusal(try edited("blocks") { $0.replacing("4,\n      8", with: "8, 8") }, "'model.layers.0")
      expectRefusal(try edited("word") { $0.replacing("4,\n      8", with: "8") }, "'weight_block_size' is [")

      func edited(_ name: String, _ edit: (String) -> String) throws -> URL {
        let copy = directory.appending(path: name)
        try FileManager.default.copyItem(at: narrow, to: copy)
        let config = copy.appending(path: "config.json")
        let text = try String(contentsOf: config, encoding: .utf8)
        #expect(edit(text) != text)
        try edit(text).write(to: config, atomically: true, encoding: .utf8)
        return copy
      }
    }
  }

  private func expectRefusal(_ model: URL, _ words: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let error = #expect(throws: (any Error).self, sourceLocation: sourceLocation) {
      try WideningPlan(checkpoint: Checkpoint(directory: model), dtype: .bf16)
    }
    #expect("\(error!)".contains(words), "\(error!)", sourceLocation: sourceLocation)
  }

  private func same(_ one: StoredTensor, _ other: StoredTensor) -> Bool {
    one.kind == other.kind && one.withUnsafeBytes { a in other.withUnsafeBytes { a.elementsEqual($0) } }
  }

  private func file(_ directory: URL, _ name: String) throws -> Data {
    try Data(contentsOf: directory.appending(path: name))
  }
}
