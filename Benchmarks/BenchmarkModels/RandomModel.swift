import Checkpoints
import Foundation

/// A checkpoint with random bf16 weights, the same in every run.
public enum RandomModel {
  /// Writes one into the temporary directory, with so many layers.
  public static func write(_ shape: ModelShape, layers: Int) throws -> URL {
    let directory = FileManager.default.temporaryDirectory.appending(path: "step-benchmark-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let (D, I) = (shape.width, shape.innerWidth)
    let (H, K) = (shape.heads * shape.headWidth, shape.keyHeads * shape.headWidth)
    var shapes = [("model.embed_tokens.weight", [shape.vocabulary, D]), ("model.norm.weight", [D])]
    for layer in 0..<layers {
      let prefix = "model.layers.\(layer)."
      shapes += [
        (prefix + "input_layernorm.weight", [D]), (prefix + "post_attention_layernorm.weight", [D]),
        (prefix + "self_attn.q_proj.weight", [H, D]), (prefix + "self_attn.k_proj.weight", [K, D]),
        (prefix + "self_attn.v_proj.weight", [K, D]), (prefix + "self_attn.o_proj.weight", [D, H]),
        (prefix + "mlp.gate_proj.weight", [I, D]), (prefix + "mlp.up_proj.weight", [I, D]),
        (prefix + "mlp.down_proj.weight", [D, I]),
      ]
    }
    var state: UInt64 = 1
    try writeSafetensors(
      to: directory.appending(path: "model.safetensors"),
      tensors: shapes.map { name, shape in
        let halves = (0..<shape.reduce(1, *)).map { _ -> UInt16 in
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          let value: Float = shape.count == 1 ? 1 : (Float(state >> 40) / Float(1 << 24) - 0.5) * 0.1
          return UInt16(truncatingIfNeeded: value.bitPattern >> 16)
        }
        return (name, .bytes(.bf16, shape: shape) { sink in try halves.withUnsafeBytes { try sink($0) } })
      })
    let config = """
      {"model_type": "llama", "vocab_size": \(shape.vocabulary), "hidden_size": \(D), "intermediate_size": \(I),
       "num_hidden_layers": \(layers), "num_attention_heads": \(shape.heads), "num_key_value_heads": \(shape.keyHeads),
       "rms_norm_eps": 1e-05, "rope_theta": 100000.0, "hidden_act": "silu", "tie_word_embeddings": true,
       "max_position_embeddings": 131072}
      """
    try Data(config.utf8).write(to: directory.appending(path: "config.json"))
    return directory
  }
}
