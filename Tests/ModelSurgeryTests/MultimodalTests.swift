import Checkpoints
import Foundation
import JSONText
import ModelSurgery
import TestSupport
import Testing

/// Decoders beside towers for images; check_oracle.py loads what is detached in the class that config.json names.
struct MultimodalTests {
  static let families = ModelSurgeryTests.families.filter {
    (try? ConfigText(contentsOf: fixture("checkpoints/\($0)/config.json")))?["vision_config"] != nil
  }

  @Test func bothLayoutsOfNamesAreAmongTheFixtures() throws {
    let prefixes = try Set(Self.families.map { try DecoderLayout(sample($0)).layerPrefix })
    #expect(prefixes == ["model.layers.", "language_model.model.layers.", "model.language_model.layers."])
  }

  @Test(arguments: families)
  func theTowersComeAlongUntouched(family: String) throws {
    try withTemporaryDirectory { directory in
      let base = try sample(family)
      let output = directory.appending(path: "detached")
      try DetachPlan(checkpoint: base, layers: .firstAndLast).execute(to: output)
      let detached = try Checkpoint(directory: output)
      let towers = base.tensors.keys.filter { $0.contains("vis") }
      #expect(towers.count > 4)
      for name in towers {
        let (old, new) = try (base.tensor(name), detached.tensor(name))
        #expect(old.withUnsafeBytes { Array($0) } == new.withUnsafeBytes { Array($0) })
      }
      let (old, new) = (base.config, detached.config)
      #expect(
        new.spelling(of: try #require(new["vision_config"])) == old.spelling(of: try #require(old["vision_config"])))
      #expect(new["architectures"]?.elements?.first?.string == old["architectures"]?.elements?.first?.string)
      #expect(try configEdits(base, "first,last").keys.allSatisfy { $0.hasPrefix("text_config.") })
    }
  }

  @Test func aTowerWithAsManyLayersAsTheDecoderIsNoDecoder() throws {
    let gemma = try sample("gemma3")
    #expect(gemma.config[path: ["vision_config", "num_hidden_layers"]]?.int == 6)
    #expect(try DecoderLayout(gemma).layerPrefix == "language_model.model.layers.")
    let qwen = try sample("qwen2_5_vl")
    #expect(qwen.tensors.keys.contains("visual.blocks.5.norm1.weight"))
    #expect(try DecoderLayout(qwen).layerPrefix == "model.layers.")
  }

  @Test func fieldsAtTheRootAreEditedWhereAnOlderWriterHasThemThere() throws {
    try withTemporaryDirectory { directory in
      let base = try variant(of: "qwen2_vl", in: directory) { config in
        let text = try #require(config["text_config"]?.members)
        let fields = text.map { ($0.key, config.spelling(of: $0.value)) }
        try config.remove(["text_config"])
        for (key, value) in fields where key != "model_type" { try config.set([key], to: value) }
      }
      #expect(
        try configEdits(base, "1...3") == [
          "num_hidden_layers": "3", "layer_types": #"["full_attention","full_attention","sliding_attention"]"#,
        ])
      try expectRoundTrip(base, in: directory)
    }
  }

  @Test func fieldsThatStandAtTheRootAsWellAsInTextConfigAreEditedInBothPlaces() throws {
    try withTemporaryDirectory { directory in
      let types =
        #"["full_attention","full_attention","full_attention","sliding_attention","sliding_attention","#
        + #""sliding_attention"]"#
      let base = try variant(of: "qwen2_vl", in: directory) { config in
        try config.set(["num_hidden_layers"], to: "6")
        try config.set(["layer_types"], to: types)
        try config.set(["text_config", "layer_types"], to: types)
      }
      let kept = #"["full_attention","sliding_attention"]"#
      #expect(
        try configEdits(base, "first,last") == [
          "num_hidden_layers": "2", "layer_types": kept, "text_config.num_hidden_layers": "2",
          "text_config.layer_types": kept,
        ])
    }
  }

  @Test func aTiedHeadIsFoundInTextConfig() throws {
    try withTemporaryDirectory { directory in
      let base = try variant(
        of: "qwen2_5_vl", in: directory,
        edit: { config in
          try config.remove(["tie_word_embeddings"])
          try config.set(["text_config", "tie_word_embeddings"], to: "true")
        })
      let problems = try CheckpointVerification(directory: base.directory).problems
      #expect(problems.count == 1 && problems[0].contains("lm_head.weight"))
      // Loaders go by the root where both places say something, and by the tensors where these differ.
      let config = try sample("qwen3_vl_moe").config
      #expect(config[path: ["text_config", "tie_word_embeddings"]]?.bool == true)
      #expect(config["tie_word_embeddings"]?.bool == false)
      #expect(try !CheckpointSummary(sample("qwen3_vl_moe")).isHeadTied)
    }
  }
}
