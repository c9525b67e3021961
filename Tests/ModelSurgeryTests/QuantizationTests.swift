import Checkpoints
import Foundation
import ModelSurgery
import TestSupport
import Testing

/// A way to store the projections of a layer in few bits.
struct Quantization: Sendable, CustomTestStringConvertible {
  let testDescription: String
  var modelType = "llama"
  /// The tensors of a layer beside its norms.
  let tensors: [(name: String, dtype: DType, shape: [Int])]
  /// The first output projection that cannot hold zeros.
  let output: (name: String, dtype: String)

  static let all = [
    Quantization(
      testDescription: "FP8",
      tensors: [
        ("self_attn.o_proj.weight", .f8e4m3, [16, 16]), ("self_attn.o_proj.weight_scale_inv", .f32, [1, 1]),
        ("mlp.down_proj.weight", .f8e4m3, [16, 32]), ("mlp.down_proj.weight_scale_inv", .f32, [1, 1]),
      ], output: ("self_attn.o_proj.weight", "F8_E4M3")),
    Quantization(
      testDescription: "MXFP4", modelType: "gpt_oss",
      tensors: [
        ("self_attn.sinks", .bf16, [2]), ("self_attn.o_proj.weight", .bf16, [16, 16]),
        ("mlp.experts.gate_up_proj_blocks", .u8, [2, 32, 1, 16]), ("mlp.experts.gate_up_proj_scales", .u8, [2, 32, 1]),
        ("mlp.experts.gate_up_proj_bias", .bf16, [2, 32]), ("mlp.experts.down_proj_blocks", .u8, [2, 16, 1, 16]),
        ("mlp.experts.down_proj_scales", .u8, [2, 16, 1]), ("mlp.experts.down_proj_bias", .bf16, [2, 16]),
      ], output: ("mlp.experts.down_proj_blocks", "U8")),
    Quantization(
      testDescription: "GPTQ",
      tensors: [
        ("self_attn.o_proj.qweight", .i32, [2, 16]), ("self_attn.o_proj.qzeros", .i32, [1, 2]),
        ("self_attn.o_proj.scales", .f16, [1, 16]), ("self_attn.o_proj.g_idx", .i32, [16]),
        ("mlp.down_proj.qweight", .i32, [4, 16]), ("mlp.down_proj.qzeros", .i32, [1, 2]),
        ("mlp.down_proj.scales", .f16, [1, 16]), ("mlp.down_proj.g_idx", .i32, [32]),
      ], output: ("self_attn.o_proj.qweight", "I32")),
    Quantization(
      testDescription: "AWQ",
      tensors: [
        ("self_attn.o_proj.qweight", .i32, [16, 2]), ("self_attn.o_proj.qzeros", .i32, [1, 2]),
        ("self_attn.o_proj.scales", .f16, [1, 16]), ("mlp.down_proj.qweight", .i32, [32, 2]),
        ("mlp.down_proj.qzeros", .i32, [1, 2]), ("mlp.down_proj.scales", .f16, [1, 16]),
      ], output: ("self_attn.o_proj.qweight", "I32")),
    Quantization(
      testDescription: "four and six bits",
      tensors: [
        ("self_attn.o_proj.weight", .f4, [16, 16]), ("self_attn.o_proj.weight_scale", .f8e8m0, [16]),
        ("mlp.down_proj.weight", .f6e2m3, [16, 32]), ("mlp.up_proj.weight", .f6e3m2, [4, 3]),
      ], output: ("self_attn.o_proj.weight", "F4")),
    Quantization(
      testDescription: "INT8",
      tensors: [
        ("self_attn.o_proj.weight", .i8, [16, 16]), ("self_attn.o_proj.weight_scale", .bf16, [16, 1]),
        ("mlp.down_proj.weight", .i8, [16, 32]), ("mlp.down_proj.weight_scale", .bf16, [16, 1]),
      ], output: ("self_attn.o_proj.weight", "I8")),
  ]

  /// A checkpoint of six layers.
  func checkpoint(in directory: URL) throws -> Checkpoint {
    let layers = (0..<6).flatMap { layer in
      ([("input_layernorm.weight", .bf16, [16])] + tensors).map { ("model.layers.\(layer).\($0.0)", $0.1, $0.2) }
    }
    return try writeCheckpoint(
      to: directory.appending(path: "base"),
      config: "{\"model_type\": \"\(modelType)\", \"num_hidden_layers\": 6, \"layer_types\": null}",
      tensors: [("model.embed_tokens.weight", .bf16, [8, 16])] + layers
        + [("model.norm.weight", .bf16, [16]), ("lm_head.weight", .bf16, [8, 16])])
  }
}

struct QuantizationTests {
  @Test(arguments: Quantization.all)
  func quantizedLayersComeBackByteForByte(quantization: Quantization) throws {
    try withTemporaryDirectory { directory in
      let base = try quantization.checkpoint(in: directory)
      try expectRoundTrip(base, in: directory)
      let detached = try Checkpoint(directory: directory.appending(path: "detached"))
      for (name, dtype, shape) in quantization.tensors {
        let tensor = try detached.tensor("model.layers.1.\(name)")
        #expect(tensor.dtype == dtype && tensor.shape == shape)
        let source = try base.tensor("model.layers.5.\(name)")
        #expect(tensor.withUnsafeBytes { Array($0) } == source.withUnsafeBytes { Array($0) })
      }
    }
  }

  @Test(arguments: Quantization.all)
  func quantizedLayersAreRepeatedAndReordered(quantization: Quantization) throws {
    try withTemporaryDirectory { directory in
      let base = try quantization.checkpoint(in: directory)
      let output = directory.appending(path: "out")
      try RestackPlan(checkpoint: base, order: LayerSelection("5,0,0")).execute(to: output)
      let result = try Checkpoint(directory: output)
      for (new, old) in [5, 0, 0].enumerated() {
        for (name, _, _) in quantization.tensors {
          let (written, source) = try (
            result.tensor("model.layers.\(new).\(name)"), base.tensor("model.layers.\(old).\(name)")
          )
          #expect(written.withUnsafeBytes { Array($0) } == source.withUnsafeBytes { Array($0) })
        }
      }
    }
  }

  @Test(arguments: Quantization.all)
  func aQuantizedOutputProjectionIsNotMadeZeroAndIsNamedWithItsType(quantization: Quantization) throws {
    try withTemporaryDirectory { directory in
      let base = try quantization.checkpoint(in: directory)
      let (name, dtype) = quantization.output
      #expect(throws: SurgeryError.notNumeric(name: "model.layers.1.\(name)", dtype: dtype)) {
        try RestackPlan(checkpoint: base, order: LayerSelection("0,1,1...5"), makesCopiesIdentities: true)
      }
    }
  }

  /// What becomes of names in a quantisation config when layers 0, 2, 3 and 5 of six are kept.
  @Test(arguments: [
    // Literals are renumbered, left out with their layer, and may lack leading parts or end with the number.
    (
      #"{"modules_to_not_convert": ["lm_head", "model.layers.2.mlp.gate", "model.layers.1.mlp", "layers.5"]}"#,
      #"["lm_head","model.layers.1.mlp.gate","layers.3"]"#
    ),
    (
      #"{"llm_int8_skip_modules": ["model.layers.5.self_attn.q_proj", "model.norm"]}"#,
      #"["model.layers.3.self_attn.q_proj","model.norm"]"#
    ),
    (
      #"{"ignore": ["re:.*lm_head", "model.layers.3.mlp.gate", "re:.*layers\\.\\d+\\.mlp\\.gate$"]}"#,
      #"["re:.*lm_head","model.layers.2.mlp.gate","re:.*layers\\.\\d+\\.mlp\\.gate$"]"#
    ),
    // A layer of multi-token prediction goes.
    (#"{"ignored_layers": ["model.layers.6.eh_proj", "model.layers.0.mlp"]}"#, #"["model.layers.0.mlp"]"#),
    // Wildcards beside or before the number.
    (
      #"{"ignore": ["model.layers.5.mlp*", "*.layers.2.*", "*layers.3.mlp", "model.layers.*.mlp.gate"]}"#,
      #"["model.layers.3.mlp*","*.layers.1.*","*layers.2.mlp","model.layers.*.mlp.gate"]"#
    ),
    (#"{"ignore": ["model.layers.2*", "model.layers.6*"]}"#, #"["model.layers.1.*"]"#),
    // Names under the other prefix of a multimodal model; another tower's numbers are its own.
    (
      #"{"ignore": ["language_model.model.layers.5.mlp", "vision_tower.layers.5.mlp", "visual.blocks.2"]}"#,
      #"["language_model.model.layers.3.mlp","vision_tower.layers.5.mlp","visual.blocks.2"]"#
    ),
    // Names as keys.
    (
      #"{"extra": {"model.layers.2.mlp": {"bits": 8}, "model.layers.4.mlp": {"bits": 4}, "lm_head": {"bits": 16}}}"#,
      #"{"model.layers.1.mlp":{"bits":8},"lm_head":{"bits":16}}"#
    ),
    // Lists further down.
    (
      #"{"config_groups": {"group_0": {"targets": ["Linear", "model.layers.5.mlp"]}}}"#,
      #"["Linear","model.layers.3.mlp"]"#
    ),
  ])
  func namesInAQuantizationConfigAreRenumbered(config: String, expected: String) throws {
    try withTemporaryDirectory { directory in
      let base = try variant(of: "llama", in: directory) { try $0.set(["quantization_config"], to: config) }
      let edits = try configEdits(base, "0,2,3,5").filter { $0.key.hasPrefix("quantization_config") }
      #expect(Array(edits.values) == [expected])
    }
  }

  @Test(arguments: [
    #"re:.*layers\\.0\\..*"#, #"re:model.layers.[0-3].mlp"#, #"re:.*\\.layers\\.(0|1)\\.mlp"#,
    #"-:model\\.layers\\.2\\..*"#, "model.layers.1*.mlp", "model.layers.1?.mlp",
  ])
  func aPatternThatNamesLayersByNumberIsRefused(pattern: String) throws {
    try withTemporaryDirectory { directory in
      let base = try variant(of: "llama", in: directory) {
        try $0.set(["quantization_config"], to: "{\"ignore\": [\"\(pattern)\"]}")
      }
      let error = SurgeryError.configRefused(
        key: "quantization_config.ignore", .patternNamesLayers(pattern.replacing(#"\\"#, with: #"\"#)))
      #expect(throws: error) { try DetachPlan(checkpoint: base, layers: .firstAndLast) }
      #expect(try DetachPlan(checkpoint: base, layers: LayerSelection("0...5")).configEdits.isEmpty)
    }
  }

  @Test(arguments: [
    #"re:.*layers\\.\\d+\\.mlp"#, #"re:.*layers\\.[0-9]+\\.mlp"#, #"re:vision_tower\\.layers\\.0\\..*"#,
    #"re:.*self_attn.*"#, "model.layers.*.mlp.gate", "*mlp*",
  ])
  func aPatternForAllLayersStays(pattern: String) throws {
    try withTemporaryDirectory { directory in
      let base = try variant(of: "llama", in: directory) {
        try $0.set(["quantization_config"], to: "{\"ignore\": [\"\(pattern)\"]}")
      }
      #expect(try configEdits(base, "first,last") == ["num_hidden_layers": "2"])
    }
  }
}
