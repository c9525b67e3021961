import ELOTrain
import Foundation
import Recipes
import TestSupport
import Testing

@Suite struct DetachedModelTests {
  @Test func `all layers are trained, everything else is named by its module`() throws {
    try withDetached { detached, _ in
      let model = try DetachedModel(directory: detached)
      #expect(model.layerList == "model.layers" && model.layerCount == 2)
      #expect(model.trained == [0, 1] && model.trainedPrefixes == ["model.layers."])
      #expect(model.frozenModules == ["model.embed_tokens", "model.norm"])
      #expect(model.bridgesAfter.isEmpty)
      #expect(model.prefixToken == 256 && model.endToken == 257)
      #expect(model.directory.path.hasPrefix("/"))
    }
  }

  @Test func `layers of a scaffold stay frozen`() throws {
    try withDetached(frozen: "2,4", bridges: [-1, 0]) { detached, _ in
      let model = try DetachedModel(directory: detached)
      #expect(model.layerCount == 4 && model.trained == [0, 3] && model.frozen == [1, 2])
      #expect(model.trainedPrefixes == ["model.layers.0.", "model.layers.3."])
      #expect(
        model.frozenModules == ["model.embed_tokens", "model.norm", "model.layers.1", "model.layers.2"])
      #expect(model.bridgesAfter == [-1, 0])
    }
  }

  /// As `transformers` builds them: what its trainers match names against.
  @Test(
    arguments: [
      ("gpt2", "transformer.h", ["transformer.wte", "transformer.wpe", "transformer.ln_f"]),
      ("gpt_neox", "gpt_neox.layers", ["gpt_neox.embed_in", "gpt_neox.final_layer_norm", "embed_out"]),
      (
        "bloom", "transformer.h",
        ["transformer.word_embeddings", "transformer.word_embeddings_layernorm", "transformer.ln_f"]
      ),
      (
        "opt", "model.decoder.layers",
        ["model.decoder.embed_tokens", "model.decoder.embed_positions", "model.decoder.final_layer_norm"]
      ),
      ("exaone", "model.layers", ["model.embed_tokens", "model.norm", "lm_head"]),
      ("qwen3_moe", "model.layers", ["model.embed_tokens", "model.norm", "lm_head"]),
    ])
  func `names are those of the model that transformers builds`(_ family: String, _ list: String, _ outer: [String])
    throws
  {
    try withDetached(family: family, layers: "0") { detached, _ in
      let model = try DetachedModel(directory: detached)
      #expect(model.layerList == list && model.outerModules == outer, "\(family): \(model)")
    }
  }

  @Test func `a whole checkpoint is refused`() throws {
    try withDetached { _, directory in
      let error = #expect(throws: TrainingError.self) {
        try DetachedModel(directory: directory.appending(path: "base"))
      }
      #expect("\(error!)".contains("it was not made by `elo-surgeon detach`"))
    }
  }

  @Test func `a bridge behind a layer that is not there is refused`() throws {
    try withDetached(bridges: [2]) { detached, _ in
      let error = #expect(throws: RecipeError.self) { try DetachedModel(directory: detached) }
      #expect("\(error!)".contains("after.2.weight follows no layer"))
    }
  }
}
