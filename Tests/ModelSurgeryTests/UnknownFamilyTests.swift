import Checkpoints
import Foundation
import ModelSurgery
import TestSupport
import Testing

/// The generic path: a model type that no family lists, and fields that no rule knows.
struct UnknownFamilyTests {
  /// A Llama under another name, with more fields.
  private func unknown(_ fields: [String: String], in directory: URL) throws -> Checkpoint {
    try variant(of: "llama", in: directory) { config in
      try config.set(["model_type"], to: "\"a_model_of_tomorrow\"")
      for (key, value) in fields { try config.set([key], to: value) }
    }
  }

  @Test func anUnknownFamilyIsCutWhenNothingSpeaksAgainstIt() throws {
    try withTemporaryDirectory { directory in
      let fields = [
        "some_list": "[1, 2]", "use_layer_scale": "true", "layer_norm_eps": "1e-5", "window_pattern": "null",
        "layer_types": #"["a", "b", "a", "b", "a", "b"]"#,
      ]
      let base = try unknown(fields, in: directory)
      #expect(
        try configEdits(base, "0,2,3,5") == ["num_hidden_layers": "4", "layer_types": #"["a","a","b","b"]"#])
      #expect(try !CheckpointSummary(base).isKnownFamily)
      try expectRoundTrip(base, in: directory)
      #expect(throws: SurgeryError.tensorRefused(name: "model.layers.0", .noOutputProjection)) {
        try RestackPlan(checkpoint: base, order: LayerSelection("0,0...5"), makesCopiesIdentities: true)
      }
    }
  }

  @Test(arguments: [
    // A list as long as the model is deep, integers where layers may be meant, a scalar that goes by depth.
    ("clip_values", "[1.5, 2, 2, 2, 2, 1.5]"), ("skip_layer_ids", "[1, 3]"), ("global_idx", "[0]"),
    ("attn_indices", "[0, 1]"), ("window_pattern", "[1, 1, 0]"), ("global_interval", "4"), ("attn_period", "3"),
    ("window_pattern", "\"LLG\""), ("max_window_layers", "2"), ("first_dense_replace", "1"),
    ("num_dense", "2"), ("rope_every_n", "4"), ("moe_layer_start", "1"), ("moe_layer_freq", "2"),
  ])
  func aFieldThatSeemsToFollowTheLayersIsRefusedByNameUnlessForced(key: String, value: String) throws {
    try withTemporaryDirectory { directory in
      let base = try unknown([key: value], in: directory)
      #expect(throws: SurgeryError.configRefused(key: key, .unknownPerLayerField)) {
        try DetachPlan(checkpoint: base, layers: .firstAndLast)
      }
      #expect(throws: SurgeryError.configRefused(key: key, .unknownPerLayerField)) {
        try RestackPlan(checkpoint: base, order: LayerSelection("5,0"))
      }
      #expect(try configEdits(base, "first,last", force: true) == ["num_hidden_layers": "2"])
      // With all layers in their places no field can be wrong.
      #expect(try configEdits(base, "0...5") == [:])
    }
  }

  @Test func everyRefusalIsToldAtOnce() throws {
    try withTemporaryDirectory { directory in
      let base = try unknown(["global_interval": "4", "skip_layer_ids": "[1, 3]"], in: directory)
      let refusals = ["global_interval", "skip_layer_ids"].map {
        SurgeryError.configRefused(key: $0, .unknownPerLayerField)
      }
      let error = #expect(throws: SurgeryError.self) { try DetachPlan(checkpoint: base, layers: .firstAndLast) }
      guard case .several(let found) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(found.count == 2 && refusals.allSatisfy(found.contains))
    }
  }

  @Test func fieldsWithinObjectsAreGuardedToo() throws {
    try withTemporaryDirectory { directory in
      let base = try unknown(["attn_config": #"{"dense_layers": [0, 2]}"#], in: directory)
      #expect(throws: SurgeryError.configRefused(key: "attn_config.dense_layers", .unknownPerLayerField)) {
        try DetachPlan(checkpoint: base, layers: .firstAndLast)
      }
    }
  }

  @Test func aKnownFamilyIsGuardedAgainstListsItDoesNotRead() throws {
    try withTemporaryDirectory { directory in
      let base = try variant(of: "llama", in: directory) { try $0.set(["my_scales"], to: "[1, 2, 3, 4, 5, 6]") }
      #expect(throws: SurgeryError.configRefused(key: "my_scales", .unknownPerLayerField)) {
        try DetachPlan(checkpoint: base, layers: .firstAndLast)
      }
    }
  }

  @Test func listsOfTheWrongLengthAreRefused() throws {
    try withTemporaryDirectory { directory in
      let base = try unknown(["layer_types": #"["a", "b"]"#], in: directory)
      #expect(throws: SurgeryError.configRefused(key: "layer_types", .listLength(expected: 6, found: 2))) {
        try DetachPlan(checkpoint: base, layers: .firstAndLast)
      }
    }
  }

  /// Tensors and a config, and why they are no decoder.
  @Test(arguments: [
    (#"{"hidden_size": 8}"#, ["model.layers.0.w"], SurgeryError.LayoutProblem.noLayerCount),
    (#"{"num_hidden_layers": 1, "is_encoder_decoder": true}"#, ["model.layers.0.w"], .encoderDecoder),
    (#"{"num_hidden_layers": 2}"#, ["model.layers.0.w"], .noLayers(layerCount: 2, found: ["model.layers.0...0"])),
    (#"{"num_hidden_layers": 2}"#, ["w"], .noLayers(layerCount: 2, found: [])),
    (#"{"num_hidden_layers": 1}"#, ["a.layers.0.w", "b.layers.0.w"], .ambiguousLayers(["a.layers.", "b.layers."])),
    (
      #"{"num_hidden_layers": 1}"#, ["model.layers.0.w", "model.layers.1.w"],
      .surplusLayers(prefix: "model.layers.", layerCount: 1, found: 2)
    ),
    (
      #"{"num_hidden_layers": 3}"#, ["model.layers.0.w", "model.layers.2.w"],
      .emptyLayer(prefix: "model.layers.", index: 1)
    ),
  ])
  func whatIsNoDecoderIsRefusedWithTheReason(
    config: String, names: [String], problem: SurgeryError.LayoutProblem
  ) throws {
    try withTemporaryDirectory { directory in
      let checkpoint = try writeCheckpoint(to: directory, config: config, tensors: names.map { ($0, .f32, [2]) })
      let path = checkpoint.directory.path(percentEncoded: false)
      #expect(throws: SurgeryError.notADecoder(path: path, problem)) { try DecoderLayout(checkpoint) }
    }
  }
}
