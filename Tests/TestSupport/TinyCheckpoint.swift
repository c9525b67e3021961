import Checkpoints
import Foundation

/// Numbers from a fixed sequence (splitmix64), for tests that make their own data.
public struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  /// A sequence that the seed fixes.
  public init(seed: UInt64) { state = seed }

  /// The next number of the sequence.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// About a normal distribution of the given spread: the sum of twelve uniform numbers.
  public mutating func normal(_ spread: Float) -> Float {
    spread * ((0..<12).reduce(0) { sum, _ in sum + Float.random(in: 0..<1, using: &self) } - 6)
  }
}

/// Writes a small random Llama checkpoint with a tokenizer that has one token for each byte: a complete directory, for
/// tests of whole commands.
/// - Parameters:
///   - directory: must not exist.
///   - layers: how many.
///   - dtype: F32 or BF16.
public func writeTinyCheckpoint(to directory: URL, layers: Int = 4, dtype: DType = .bf16, seed: UInt64 = 7) throws {
  let (vocabulary, width, inner, heads, keyHeads) = (258, 32, 48, 4, 2)
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  var numbers = SeededNumbers(seed: seed)
  var tensors: [(name: String, content: TensorContent)] = []
  func add(_ name: String, _ shape: [Int]) {
    let values = (0..<shape.reduce(1, *)).map { _ in shape.count == 1 ? 1 : numbers.normal(0.1) }
    let bytes: [UInt8] = values.flatMap { value in
      // Truncation is rounding enough for random weights.
      dtype == .f32
        ? withUnsafeBytes(of: value) { Array($0) }
        : withUnsafeBytes(of: UInt16(truncatingIfNeeded: value.bitPattern >> 16)) { Array($0) }
    }
    tensors.append((name, .bytes(dtype, shape: shape) { sink in try bytes.withUnsafeBytes { try sink($0) } }))
  }
  add("model.embed_tokens.weight", [vocabulary, width])
  for layer in 0..<layers {
    let prefix = "model.layers.\(layer)."
    add(prefix + "input_layernorm.weight", [width])
    add(prefix + "self_attn.q_proj.weight", [width, width])
    add(prefix + "self_attn.k_proj.weight", [width * keyHeads / heads, width])
    add(prefix + "self_attn.v_proj.weight", [width * keyHeads / heads, width])
    add(prefix + "self_attn.o_proj.weight", [width, width])
    add(prefix + "post_attention_layernorm.weight", [width])
    add(prefix + "mlp.gate_proj.weight", [inner, width])
    add(prefix + "mlp.up_proj.weight", [inner, width])
    add(prefix + "mlp.down_proj.weight", [width, inner])
  }
  add("model.norm.weight", [width])
  try writeSafetensors(to: directory.appending(path: "model.safetensors"), tensors: tensors)
  let config = """
    {
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": \(vocabulary), "hidden_size": \(width),
      "intermediate_size": \(inner), "num_hidden_layers": \(layers), "num_attention_heads": \(heads),
      "num_key_value_heads": \(keyHeads), "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "hidden_act": "silu",
      "tie_word_embeddings": true, "max_position_embeddings": 128, "bos_token_id": 256, "eos_token_id": 257,
      "torch_dtype": "\(dtype == .f32 ? "float32" : "bfloat16")"
    }

    """
  try Data(config.utf8).write(to: directory.appending(path: "config.json"))
  try Data(byteTokenizer().utf8).write(to: directory.appending(path: "tokenizer.json"))
  try Data(#"{"bos_token": "<s>", "eos_token": "</s>"}"#.utf8)
    .write(to: directory.appending(path: "tokenizer_config.json"))
}

/// Writes a jsonl file of 300 short documents of random words.
public func writeTinyText(_ words: [String], to file: URL) throws {
  var numbers = SeededNumbers(seed: 3)
  let documents = (0..<300).map { _ in
    (0..<Int.random(in: 4...30, using: &numbers)).map { _ in words.randomElement(using: &numbers)! }
      .joined(separator: " ")
  }
  try Data(documents.map { #"{"text": "\#($0)"}"# }.joined(separator: "\n").utf8).write(to: file)
}

/// A tokenizer.json with one token for each byte and two special tokens.
private func byteTokenizer() -> String {
  // GPT-2's alphabet: printable bytes stand for themselves, the others for characters from U+0100 on.
  var next: UInt32 = 256
  let entries = (0..<256 as Range<UInt32>).map { byte -> String in
    let printable = (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
    let scalar = Unicode.Scalar(printable ? byte : next)!
    if !printable { next += 1 }
    return #""\u"# + String(format: "%04x", scalar.value) + "\": \(byte)"
  }
  let added = [("<s>", 256), ("</s>", 257)].map { content, id in
    #"{"id": \#(id), "content": "\#(content)", "single_word": false, "lstrip": false, "rstrip": false, "#
      + #""normalized": false, "special": true}"#
  }
  return """
    {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [\(added.joined(separator: ", "))],
     "normalizer": null,
     "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
     "post_processor": null, "decoder": {"type": "ByteLevel"},
     "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
      "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
      "vocab": {\(entries.joined(separator: ", "))}, "merges": []}}
    """
}
