import Checkpoints
import Foundation
import JSONText
import ModelSurgery
import TestSupport
import Testing

/// Fields of config.json and tensors that depend on depth in ways a careless cut gets silently wrong.
struct DepthTrapTests {
  @Test func aDefaultThatWouldChangeWithTheCountIsWrittenOutWhenLayersAreAdded() throws {
    try withTemporaryDirectory { directory in
      // All six layers attend fully; at eight, `max_window_layers` would make the new ones slide.
      let base = try variant(of: "qwen2", in: directory) { try $0.set(["max_window_layers"], to: "6") }
      let plan = try RestackPlan(checkpoint: base, order: LayerSelection("0...5,4,5"))
      let types = plan.configEdits.first { $0.key == "layer_types" }?.new.filter { !$0.isWhitespace }
      #expect(types == "[\(Array(repeating: "\"full_attention\"", count: 8).joined(separator: ","))]")
      #expect(try configEdits(base, "first,last") == ["num_hidden_layers": "2"])
    }
  }

  @Test func aWindowWithoutASizeIsNoWindow() throws {
    try withTemporaryDirectory { directory in
      let base = try variant(of: "qwen2", in: directory) { try $0.set(["sliding_window"], to: "null") }
      #expect(try configEdits(base, "first,last") == ["num_hidden_layers": "2"])
    }
    try withTemporaryDirectory { directory in
      let base = try variant(of: "qwen2", in: directory) { try $0.remove(["sliding_window"]) }
      #expect(try configEdits(base, "first,last")["layer_types"] == #"["full_attention","sliding_attention"]"#)
    }
  }

  @Test func listsThatFamiliesComputeAreWrittenOutWhenAbsentNullOrEmpty() throws {
    for value in ["null", "[]"] {
      try withTemporaryDirectory { directory in
        let base = try variant(of: "llama4_text", in: directory) { try $0.set(["no_rope_layers"], to: value) }
        #expect(try configEdits(base, "first,last")["no_rope_layers"] == "[1,0]")
      }
    }
    try withTemporaryDirectory { directory in
      let base = try variant(of: "recurrent_gemma", in: directory) { try $0.remove(["block_types"]) }
      #expect(try configEdits(base, "1...3")["block_types"] == #"["recurrent","attention","recurrent"]"#)
    }
    try withTemporaryDirectory { directory in
      let base = try variant(of: "gpt_neo", in: directory) { try $0.remove(["attention_types"]) }
      #expect(try configEdits(base, "1...3")["attention_types"] == #"[[["local","global","local"],1]]"#)
    }
    try withTemporaryDirectory { directory in
      // The default of cross attention names layers; a list of none must be written too.
      let base = try variant(of: "mllama", in: directory) {
        try $0.remove(["text_config", "cross_attention_layers"])
      }
      #expect(try configEdits(base, "1...3")["text_config.cross_attention_layers"] == "[2]")
      #expect(try configEdits(base, "0,2")["text_config.cross_attention_layers"] == "[]")
    }
    try withTemporaryDirectory { directory in
      let base = try variant(of: "kimi_linear", in: directory) { config in
        try config.remove(["linear_attn_config", "full_attn_layers"])
        try config.remove(["linear_attn_config", "kda_layers"])
      }
      #expect(
        try configEdits(base, "0,4,5")["layer_types"] == #"["linear_attention","full_attention","linear_attention"]"#)
    }
  }

  @Test func gemma4MustEndInFullAttention() throws {
    try withTemporaryDirectory { directory in
      let base = try variant(of: "gemma4_text", in: directory) { config in
        try config.remove(["layer_types"])
        try config.remove(["per_layer_config"])
      }
      #expect(
        throws: SurgeryError.configRefused(
          key: "layer_types", .lastLayerMustBe("full_attention", found: "sliding_attention"))
      ) { try DetachPlan(checkpoint: base, layers: LayerSelection("1...3")) }
      #expect(
        try configEdits(base, "first,last")["layer_types"] == #"["sliding_attention","full_attention"]"#)
    }
  }

  @Test func anObjectWithLayerNumbersAsKeysIsKeyedAgain() throws {
    try withTemporaryDirectory { directory in
      let base = try variant(of: "llama", in: directory) {
        try $0.set(["per_layer_config"], to: #"{"0": {"head_dim": 4}, "5": {"head_dim": 8}, "2": {"head_dim": 2}}"#)
      }
      #expect(
        try configEdits(base, "2,4,5")["per_layer_config"] == #"{"0":{"head_dim":2},"2":{"head_dim":8}}"#)
      #expect(try configEdits(base, "3,4")["per_layer_config"] == "{}")
    }
  }

  @Test func aCountThatFollowsFromAListNeedsNoFieldOfItsOwn() throws {
    try withTemporaryDirectory { directory in
      let base = try variant(of: "nemotron_h", in: directory) { try $0.remove(["num_hidden_layers"]) }
      #expect(try DecoderLayout(base).layerCount == 6)
      #expect(try configEdits(base, "first,last") == ["hybrid_override_pattern": "\"M*\""])
    }
  }

  @Test func aFactorDividedByTheRootOfTheCountIsScaledUnlessItFollowsAlready() throws {
    let third = "\(1.4 * (2.0 / 6).squareRoot())"
    #expect(try configEdits(sample("minicpm3"), "first,last")["scale_depth"] == third)
    try withTemporaryDirectory { directory in
      let base = try variant(of: "minicpm3", in: directory) { try $0.remove(["scale_depth"]) }
      #expect(try configEdits(base, "first,last")["scale_depth"] == third)
    }
    try withTemporaryDirectory { directory in
      let base = try variant(of: "minicpm3", in: directory) { try $0.set(["scale_depth"], to: "null") }
      #expect(try configEdits(base, "first,last")["scale_depth"] == nil)
    }
  }

  @Test func denseLayersThatAreNoPrefixAreRefused() throws {
    #expect(throws: SurgeryError.configRefused(key: "first_k_dense_replace", .notAPrefix(layers: [1]))) {
      try RestackPlan(checkpoint: sample("deepseek_v3"), order: LayerSelection("5,0"))
    }
    try withTemporaryDirectory { directory in
      let base = try variant(of: "deepseek_v3", in: directory) { try $0.set(["moe_layer_freq"], to: "2") }
      #expect(throws: SurgeryError.configRefused(key: "moe_layer_freq", .unreadable(spelling: "2"))) {
        try DetachPlan(checkpoint: base, layers: .firstAndLast)
      }
    }
  }

  @Test func expertsThatAreNotConsecutiveAreRefused() throws {
    #expect(throws: SurgeryError.configRefused(key: "moe_layer_start_index", .notConsecutive(layers: [0, 2]))) {
      try RestackPlan(checkpoint: sample("ernie4_5_moe"), order: LayerSelection("1,0,2"))
    }
  }

  @Test func sharedKeysAndValuesAreRefused() throws {
    try withTemporaryDirectory { directory in
      let base = try variant(of: "gemma4_text", in: directory) { try $0.set(["num_kv_shared_layers"], to: "2") }
      #expect(throws: SurgeryError.configRefused(key: "num_kv_shared_layers", .layersAreShared)) {
        try DetachPlan(checkpoint: base, layers: .firstAndLast)
      }
      #expect(try CheckpointVerification(directory: base.directory).problems == [])
    }
  }

  @Test func aLayerThatUsesWhatAnotherComputedStaysBehindThatOne() throws {
    try withTemporaryDirectory { directory in
      let base = try variant(of: "deepseek_v32", in: directory) {
        try $0.set(["indexer_types"], to: #"["full", "shared", "shared", "full", "shared", "full"]"#)
      }
      #expect(try configEdits(base, "0,2,3,5")["indexer_types"] == #"["full","shared","full","full"]"#)
      #expect(throws: SurgeryError.configRefused(key: "indexer_types", .lenderMissing(layer: 4, lender: 3))) {
        try DetachPlan(checkpoint: base, layers: LayerSelection("0,4,5"))
      }
      #expect(throws: SurgeryError.configRefused(key: "indexer_types", .lenderMissing(layer: 1, lender: 0))) {
        try DetachPlan(checkpoint: base, layers: LayerSelection("1...3"))
      }
    }
  }

  @Test func aFamilyWhoseArithmeticHoldsTheIndexKeepsLeadingLayersOnly() throws {
    try withTemporaryDirectory { directory in
      let base = try variant(of: "llama", in: directory) { try $0.set(["model_type"], to: "\"diffllama\"") }
      #expect(throws: SurgeryError.configRefused(key: "model_type", .indexMatters(layer: 5))) {
        try DetachPlan(checkpoint: base, layers: .firstAndLast)
      }
      #expect(try configEdits(base, "first:3") == ["num_hidden_layers": "3"])
    }
    for family in ["minimax", "gpt_neox_japanese"] {
      try withTemporaryDirectory { directory in
        let base = try variant(of: "llama", in: directory) { try $0.set(["model_type"], to: "\"\(family)\"") }
        let error = #expect(throws: SurgeryError.self) { try DetachPlan(checkpoint: base, layers: .firstAndLast) }
        guard case .configRefused(key: "model_type", .onePiece) = error else {
          Issue.record("\(String(describing: error))")
          return
        }
      }
    }
  }

  @Test(arguments: ["embed_tokens_per_layer.weight", "per_layer_model_projection.weight"])
  func aGlobalTensorWithASlicePerLayerIsRefusedByName(rest: String) throws {
    try withTemporaryDirectory { directory in
      let base = try variant(
        of: "gemma4_text", in: directory, adding: [("model.\(rest)", singles([4, 12]) { _ in 1 })])
      #expect(throws: SurgeryError.tensorRefused(name: "model.\(rest)", .layerDimension)) {
        try DetachPlan(checkpoint: base, layers: .firstAndLast)
      }
      #expect(throws: SurgeryError.tensorRefused(name: "model.\(rest)", .layerDimension)) {
        try RestackPlan(checkpoint: base, order: LayerSelection("0...5,5"))
      }
    }
  }

  @Test func aTensorThatNoFamilyKnowsMovesWithItsLayer() throws {
    try withTemporaryDirectory { directory in
      let extra = (0..<6).map { layer in
        (name: "model.layers.\(layer).adapter.blocks.0.scale", content: singles([2]) { _ in Float(layer) })
      }
      let base = try variant(of: "llama", in: directory, adding: extra)
      let plan = try DetachPlan(checkpoint: base, layers: LayerSelection("2,5"))
      let moves = plan.moves.filter { $0.name.contains("adapter") }.map { [$0.name, $0.source.name] }
      #expect(
        Set(moves) == [
          ["model.layers.0.adapter.blocks.0.scale", "model.layers.2.adapter.blocks.0.scale"],
          ["model.layers.1.adapter.blocks.0.scale", "model.layers.5.adapter.blocks.0.scale"],
        ])
      try expectRoundTrip(base, in: directory)
    }
  }

  @Test func aLayerOfMultiTokenPredictionBehindTheLastIsLeftOutAndStaysInTheBase() throws {
    try withTemporaryDirectory { directory in
      let extra = [
        "enorm.weight", "eh_proj.weight", "embed_tokens.weight", "shared_head.head.weight", "self_attn.o_proj.weight",
      ]
      .map { (name: "model.layers.6.\($0)", content: singles([8]) { Float($0) }) }
      let base = try variant(of: "deepseek_v3", in: directory, adding: extra) {
        try $0.set(["num_nextn_predict_layers"], to: "1")
      }
      let layout = try DecoderLayout(base)
      #expect(layout.layerCount == 6 && layout.names(of: .predictionModule).count == 5)
      let plan = try DetachPlan(checkpoint: base, layers: .firstAndLast)
      #expect(!plan.moves.contains { $0.source.name.contains("layers.6.") })
      #expect(plan.configEdits.first { $0.key == "num_nextn_predict_layers" }?.new == "0")
      try expectRoundTrip(base, in: directory)
      // Without the field nobody says what the seventh layer is.
      let path = directory.appending(path: "base/config.json")
      var config = try ConfigText(contentsOf: path)
      try config.remove(["num_nextn_predict_layers"])
      try write(config.bytes, to: "config.json", in: directory.appending(path: "base"))
      let undeclared = try Checkpoint(directory: directory.appending(path: "base"))
      #expect(
        throws: SurgeryError.notADecoder(
          path: undeclared.directory.path(percentEncoded: false),
          .surplusLayers(prefix: "model.layers.", layerCount: 6, found: 7))
      ) { try DecoderLayout(undeclared) }
    }
  }

  @Test func aModuleOfMultiTokenPredictionUnderItsOwnNameIsLeftOut() throws {
    try withTemporaryDirectory { directory in
      // It may have as many layers as the decoder.
      let names = ["mtp.fc.weight", "mtp.norm.weight"] + (0..<6).map { "mtp.layers.\($0).self_attn.o_proj.weight" }
      let base = try variant(of: "qwen3_next", in: directory, adding: names.map { ($0, singles([8]) { Float($0) }) }) {
        try $0.set(["mtp_num_hidden_layers"], to: "6")
      }
      let layout = try DecoderLayout(base)
      #expect(Set(layout.names(of: .predictionModule)) == Set(names))
      #expect(layout.names(of: .finalNorm) == ["model.norm.weight"])
      #expect(try configEdits(base, "first,last")["mtp_num_hidden_layers"] == "0")
      try expectRoundTrip(base, in: directory)
    }
  }
}
