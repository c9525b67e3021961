import Checkpoints
import Foundation
import TestSupport

/// Writes a random Llama checkpoint of a given size in three shards: enough bytes that a kill finds a copy at work.
func writeBulkyCheckpoint(to directory: URL, megabytes: Int) throws {
  let (layers, width, vocabulary) = (6, 256, 128)
  // Per layer four width x width projections and three of the feed-forward part, two bytes an element.
  let inner = max(megabytes * 1_000_000 / 2 / layers / width - 4 * width, 3 * width) / 3
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  var shards: [[(name: String, content: TensorContent)]] = [[], [], []]
  func add(_ name: String, _ shape: [Int], to shard: Int) {
    let seed = UInt64(shards.joined().count)
    let content = TensorContent.bytes(.bf16, shape: shape) { sink in
      var numbers = SeededNumbers(seed: seed)
      // Eight random bytes at a time; the top exponent bit stays clear, so every value is finite.
      let words = (0..<(shape.reduce(1, *) + 3) / 4).map { _ in numbers.next() & 0xBFFF_BFFF_BFFF_BFFF }
      try words.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[..<(2 * shape.reduce(1, *))])) }
    }
    shards[shard].append((name, content))
  }
  add("model.embed_tokens.weight", [vocabulary, width], to: 0)
  for layer in 0..<layers {
    let (prefix, shard) = ("model.layers.\(layer).", layer / 2)
    add(prefix + "input_layernorm.weight", [width], to: shard)
    for part in ["q", "k", "v", "o"] { add("\(prefix)self_attn.\(part)_proj.weight", [width, width], to: shard) }
    add(prefix + "post_attention_layernorm.weight", [width], to: shard)
    add(prefix + "mlp.gate_proj.weight", [inner, width], to: shard)
    add(prefix + "mlp.up_proj.weight", [inner, width], to: shard)
    add(prefix + "mlp.down_proj.weight", [width, inner], to: shard)
  }
  add("model.norm.weight", [width], to: 2)
  var places: [String] = []
  for (index, tensors) in shards.enumerated() {
    let file = "model-0000\(index + 1)-of-00003.safetensors"
    try writeSafetensors(to: directory.appending(path: file), tensors: tensors)
    places += tensors.map { "\"\($0.name)\": \"\(file)\"" }
  }
  let index = "{\"metadata\": {\"total_size\": 0}, \"weight_map\": {\(places.joined(separator: ", "))}}"
  try Data(index.utf8).write(to: directory.appending(path: "model.safetensors.index.json"))
  let config = """
    {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": \(vocabulary), "hidden_size": \(width),
     "intermediate_size": \(inner), "num_hidden_layers": \(layers), "num_attention_heads": 4, "num_key_value_heads": 4,
     "rms_norm_eps": 1e-05, "hidden_act": "silu", "tie_word_embeddings": true, "max_position_embeddings": 128}
    """
  try Data(config.utf8).write(to: directory.appending(path: "config.json"))
  try Data("{}".utf8).write(to: directory.appending(path: "tokenizer.json"))
}

/// Writes a checkpoint again with the feed-forward weights of all layers changed: what a trainer would leave.
func writeTrained(_ detached: URL, to directory: URL) throws {
  let checkpoint = try Checkpoint(directory: detached)
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  var changed: [String: TensorContent] = [:]
  for (name, tensor) in checkpoint.tensors where name.contains("mlp") {
    changed[name] = .bytes(tensor.dtype, shape: tensor.shape) { sink in
      try tensor.forEachChunk { chunk in
        let flipped = chunk.map { $0 ^ 0x01 }
        try flipped.withUnsafeBytes { try sink($0) }
      }
    }
  }
  try rewriteCheckpoint(source: checkpoint, replacing: changed, into: directory)
}
