import Checkpoints
import Foundation
import ModelSurgery
import TestSupport
import Testing

/// A family whose code comes with its checkpoints, so that no library can be asked; names and fields as its files have
/// them.
struct RemoteFamily: Sendable, CustomTestStringConvertible {
  let modelType: String
  let config: String
  let prefix: String
  /// The tensors of a layer that write to the residual stream, and one that does not.
  let outputs: [String]
  let input: String
  /// Embedding, final norm, head.
  let parts: [String]
  /// What becomes of config.json when layers 0, 2, 3 and 5 of six are kept.
  let edits: [String: String]

  var testDescription: String { modelType }

  static let all = [
    RemoteFamily(
      modelType: "chatglm", config: #""num_layers": 6, "rope_ratio": 500"#, prefix: "transformer.encoder.layers.",
      outputs: ["self_attention.dense.weight", "mlp.dense_4h_to_h.weight"],
      input: "self_attention.query_key_value.weight",
      parts: [
        "transformer.embedding.word_embeddings.weight", "transformer.encoder.final_layernorm.weight",
        "transformer.output_layer.weight",
      ], edits: ["num_layers": "4"]),
    RemoteFamily(
      modelType: "openelm",
      config: """
        "num_transformer_layers": 6, "num_query_heads": [1, 2, 3, 4, 5, 6], "num_kv_heads": [1, 1, 2, 2, 3, 3],
        "ffn_multipliers": [0.5, 1.0, 1.5, 2.0, 2.5, 3.0], "qkv_multipliers": [0.5, 1.0]
        """,
      prefix: "transformer.layers.", outputs: ["attn.out_proj.weight", "ffn.proj_2.weight"],
      input: "attn.qkv_proj.weight", parts: ["transformer.token_embeddings.weight", "transformer.norm.weight"],
      edits: [
        "num_transformer_layers": "4", "num_query_heads": "[1,3,4,6]", "num_kv_heads": "[1,2,2,3]",
        "ffn_multipliers": "[0.5,1.5,2.0,3.0]",
      ]),
    RemoteFamily(
      modelType: "deci", config: #""num_hidden_layers": 6, "num_key_value_heads_per_layer": [4, 1, 2, 2, 1, 4]"#,
      prefix: "model.layers.", outputs: ["self_attn.o_proj.weight", "mlp.down_proj.weight"],
      input: "mlp.up_proj.weight", parts: ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"],
      edits: ["num_hidden_layers": "4", "num_key_value_heads_per_layer": "[4,2,2,4]"]),
    RemoteFamily(
      modelType: "nemotron-nas",
      config: #""num_hidden_layers": 6, "block_configs": [{"a": 0}, {"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}, {"a": 5}]"#,
      prefix: "model.layers.", outputs: ["self_attn.o_proj.weight", "mlp.down_proj.weight"],
      input: "mlp.up_proj.weight", parts: ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"],
      edits: ["num_hidden_layers": "4", "block_configs": #"[{"a":0},{"a":2},{"a":3},{"a":5}]"#]),
    RemoteFamily(
      modelType: "internlm2", config: #""num_hidden_layers": 6"#, prefix: "model.layers.",
      outputs: ["attention.wo.weight", "feed_forward.w2.weight"], input: "attention.wqkv.weight",
      parts: ["model.tok_embeddings.weight", "model.norm.weight", "output.weight"], edits: ["num_hidden_layers": "4"]),
    RemoteFamily(
      modelType: "exaone", config: #""num_layers": 6"#, prefix: "transformer.h.",
      outputs: ["attn.attention.out_proj.weight", "mlp.c_proj.weight"], input: "mlp.c_fc_0.weight",
      parts: ["transformer.wte.weight", "transformer.ln_f.weight", "lm_head.weight"], edits: ["num_layers": "4"]),
    RemoteFamily(
      modelType: "hunyuan",
      config: """
        "num_hidden_layers": 6, "moe_topk": [1, 2, 3, 4, 5, 6], "num_shared_expert": [1, 1, 1, 2, 2, 2],
        "moe_layer_num_skipped": 1, "use_cla": false
        """,
      prefix: "model.layers.",
      outputs: ["self_attn.o_proj.weight", "mlp.experts.0.down_proj.weight", "mlp.shared_mlp.down_proj.weight"],
      input: "mlp.gate.wg.weight", parts: ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"],
      edits: ["num_hidden_layers": "4", "moe_topk": "[1,3,4,6]", "num_shared_expert": "[1,1,2,2]"]),
    RemoteFamily(
      modelType: "minicpm", config: #""num_hidden_layers": 6, "scale_depth": 3.0"#, prefix: "model.layers.",
      outputs: ["self_attn.o_proj.weight", "mlp.down_proj.weight"], input: "mlp.up_proj.weight",
      parts: ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"],
      edits: ["num_hidden_layers": "4", "scale_depth": "\(3 * (4.0 / 6).squareRoot())"]),
  ]

  func checkpoint(in directory: URL) throws -> Checkpoint {
    let layers = (0..<6).flatMap { layer in (outputs + [input]).map { "\(prefix)\(layer).\($0)" } }
    return try writeCheckpoint(
      to: directory.appending(path: "base"), config: "{\"model_type\": \"\(modelType)\", \(config)}",
      tensors: (parts + layers).map { ($0, .f32, [4]) })
  }
}

struct RemoteFamilyTests {
  @Test(arguments: RemoteFamily.all)
  func theFieldsOfAFamilyThatBringsItsCodeFollowTheLayers(family: RemoteFamily) throws {
    try withTemporaryDirectory { directory in
      let base = try family.checkpoint(in: directory)
      let layout = try DecoderLayout(base)
      #expect(layout.layerPrefix == family.prefix)
      #expect(layout.names(of: .embedding) + layout.names(of: .finalNorm) + layout.names(of: .head) == family.parts)
      #expect(try configEdits(base, "0,2,3,5") == family.edits)
      try expectRoundTrip(base, in: directory)
      let plan = try RestackPlan(checkpoint: base, order: LayerSelection("0,0...5"), makesCopiesIdentities: true)
      #expect(Set(plan.moves.filter(\.isZeroed).map(\.name)) == Set(family.outputs.map { "\(family.prefix)1.\($0)" }))
    }
  }

  @Test func layersThatShareKeysAndValuesAreRefused() throws {
    try withTemporaryDirectory { directory in
      let hunyuan = try #require(RemoteFamily.all.first { $0.modelType == "hunyuan" })
      _ = try hunyuan.checkpoint(in: directory)
      var config = try ConfigText(contentsOf: directory.appending(path: "base/config.json"))
      try config.set(["use_cla"], to: "true")
      try write(config.bytes, to: "config.json", in: directory.appending(path: "base"))
      let base = try Checkpoint(directory: directory.appending(path: "base"))
      #expect(throws: SurgeryError.configRefused(key: "use_cla", .layersAreShared)) {
        try DetachPlan(checkpoint: base, layers: .firstAndLast)
      }
    }
  }
}
