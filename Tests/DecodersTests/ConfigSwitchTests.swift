import Decoders
import Foundation
import TestSupport
import Testing

/// Every number and switch of a config.json changes what the family's fixture gives: a switch that the decoder passed
/// over, or a fixture that did not need it, would fail here.
@Suite struct ConfigSwitchTests {
  @Test(arguments: FamilyCheckpoint.names)
  func everyKeyMatters(_ name: String) throws {
    let fixture = try FamilyFixture(name)
    let config = try fixture.config()
    var passedOver: [String] = []
    try fixture.withConfigs { makeDecoder in
      for change in Change.all(of: config) where !Self.isPassedOver(change.path, in: name) {
        // A change that the decoder refuses has been noticed too.
        guard let decoder = try? makeDecoder(change.applied(to: config)) else { continue }
        if try fixture.isNear(decoder.logits(FamilyFixture.batch(on: decoder.device))) {
          passedOver.append("\(change.path.joined(separator: ".")) = \(change.value)")
        }
      }
    }
    #expect(passedOver.isEmpty, "\(name)")
  }

  /// What the batch says beside its ids: documents, and positions.
  @Test(arguments: FamilyCheckpoint.names)
  func packingMatters(_ name: String) throws {
    let fixture = try FamilyFixture(name)
    let decoder = try fixture.decoder()
    #expect(try fixture.isNear(decoder.logits(FamilyFixture.batch(on: decoder.device))), "\(name)")
    #expect(try !fixture.isNear(decoder.logits(FamilyFixture.unpackedBatch(on: decoder.device))), "\(name)")
  }

  /// The decoder's part of a multimodal checkpoint, under its older and its newer names.
  @Test(arguments: ["language_model.model.", "model.language_model."])
  func aMultimodalCheckpointComputesAsItsDecoder(_ prefix: String) throws {
    let fixture = try FamilyFixture("gemma3")
    try fixture.withConfigs(rename: { $0.replacing("model.", with: prefix, maxReplacements: 1) }) { makeDecoder in
      let decoder = try makeDecoder(["model_type": "gemma3", "text_config": fixture.config()])
      #expect(try fixture.isNear(decoder.logits(FamilyFixture.batch(on: decoder.device))))
    }
  }

  /// Checkpoints of the model without its head have no prefix, or a shorter one.
  @Test(arguments: [("gpt2", "transformer.", ""), ("bloom", "transformer.", ""), ("opt", "model.decoder.", "decoder.")])
  func namesMayLackThePrefix(_ name: String, _ prefix: String, _ published: String) throws {
    let fixture = try FamilyFixture(name)
    try fixture.withConfigs(rename: { $0.replacing(prefix, with: published) }) { makeDecoder in
      let decoder = try makeDecoder(fixture.config())
      #expect(try fixture.isNear(decoder.logits(FamilyFixture.batch(on: decoder.device))), "\(name)")
    }
  }

  /// Keys that say nothing about arithmetic, or nothing in a config that has another key.
  private static func isPassedOver(_ path: [String], in name: String) -> Bool {
    let key = path.last { Int($0) == nil } ?? ""
    if descriptions.contains(key) || key.hasSuffix("_token_id") || key.hasSuffix("dropout") || key.hasSuffix("pdrop") {
      return true
    }
    switch key {
    // It bounds texts, and only dynamic scaling, LongRoPE's amplitude and tables of positions depend on it.
    case "max_position_embeddings":
      return !["llama-dynamic", "llama-longrope", "phi3", "opt"].contains(name)
    // What stands beside the rotation's parameters goes first.
    case "original_max_position_embeddings": return name == "phi3" && path.count > 1
    case "rope_theta": return name == "falcon-alibi"
    // `layer_types` or `no_rope_layers` decides.
    case "sliding_window_pattern", "_sliding_window_pattern": return name != "gemma3-old" && name != "cohere2"
    case "max_window_layers": return name != "qwen2"
    case "no_rope_layer_interval": return true
    // Every layer has experts, and no window.
    case "intermediate_size", "use_sliding_window": return name == "qwen3_moe-normed"
    // Old architectures have one key-value head, or as many as there are queries.
    case "num_kv_heads": return name == "falcon-alibi" || name == "falcon-multi-query"
    case "multi_query", "parallel_attn": return name == "falcon" || name == "falcon-one-norm"
    default: return false
    }
  }

  private static let descriptions: Set = [
    "architectures", "dtype", "layerdrop", "torch_dtype", "transformers_version", "initializer_range", "init_std",
    "use_cache",
    "is_decoder", "pretraining_tp", "reorder_and_upcast_attn", "slow_but_exact", "summary_activation",
    "summary_proj_to_labels", "summary_type", "summary_use_proj", "output_router_logits", "router_aux_loss_coef",
    "router_jitter_noise",
  ]
}

/// One value of a config in place of another.
private struct Change {
  /// Keys and places in lists, from the root.
  let path: [String]
  let value: Any

  /// For every value of a config others of its kind; `null` stays, it is what an absent key is.
  static func all(of node: Any, at path: [String] = []) -> [Change] {
    switch node {
    case let object as [String: Any]:
      object.sorted { $0.key < $1.key }.flatMap { all(of: $0.value, at: path + [$0.key]) }
    case let list as [Any]: list.enumerated().flatMap { all(of: $0.element, at: path + [String($0.offset)]) }
    default: others(node, key: path.last { Int($0) == nil } ?? "").map { Change(path: path, value: $0) }
    }
  }

  private static func others(_ value: Any, key: String) -> [Any] {
    switch (value, key) {
    case (let number as NSNumber, _) where isBoolean(number): [!number.boolValue]
    case (let size as Int, "sliding_window"): [size + 1, NSNull()]
    case (let number as NSNumber, "no_rope_layers"): [1 - number.intValue]
    case (is Int, "mlp_only_layers"): [0]
    case (is NSNumber, _) where key.hasSuffix("softcapping"): [NSNull(), 3]
    case (let number as NSNumber, _) where key.contains("_eps"): [1000 * number.doubleValue]
    case (let number as Int, _): [2 * number]
    case (let number as NSNumber, _): [1.5 * number.doubleValue]
    case (let word as String, _):
      switch word {
      case "full_attention": ["sliding_attention"]
      case "sliding_attention": ["full_attention"]
      case "relu": ["silu"]
      default: [key.contains("act") ? "relu" : "other"]
      }
    default: []
    }
  }

  func applied(to node: Any, depth: Int = 0) -> Any {
    guard depth < path.count else { return value }
    if var object = node as? [String: Any] {
      object[path[depth]] = applied(to: object[path[depth]]!, depth: depth + 1)
      return object
    }
    var list = node as! [Any]
    list[Int(path[depth])!] = applied(to: list[Int(path[depth])!], depth: depth + 1)
    return list
  }
}

/// JSON's true and false come as numbers too.
private func isBoolean(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
