import Checkpoints
import Foundation
import JSONText
import Testing
import TestSupport

@Suite struct GGUFConversionTests {
  @Test(arguments: [("tied", "F32"), ("tied", "F16"), ("tied", "BF16"), ("untied", "F32")])
  func everyTensorIsWhatTransformersMakesOfIt(_ model: String, _ dtypeName: String) throws {
    let dtype = try #require(DType(safetensorsName: dtypeName))
    try withTemporaryDirectory { directory in
      let output = directory.appending(path: "out")
      let plan = try GGUFConversion(file: fixture("gguf/\(model).gguf"), dtype: dtype)
      var last = TransferProgress(completed: 0, total: 0)
      try plan.execute(to: output) { last = $0 }
      let checkpoint = try Checkpoint(directory: output)
      let expected = try readTensors(fixture("gguf/\(model)-\(dtypeName).safetensors"))
      #expect(checkpoint.tensors.keys.sorted() == expected.keys.sorted())
      for (name, tensor) in checkpoint.tensors {
        let wanted = try #require(expected[name])
        #expect(tensor.dtype == dtype)
        #expect(tensor.shape == wanted.shape, "\(name)")
        let isEqual = tensor.withUnsafeBytes { found in wanted.withUnsafeBytes { found.elementsEqual($0) } }
        #expect(isEqual, "\(name)")
      }
      #expect(plan.tensorCount == expected.count)
      #expect(plan.parameterCount == expected.values.reduce(0) { $0 + $1.shape.reduce(1, *) })
      #expect(last.completed == last.total && last.total > 0)
    }
  }

  @Test(arguments: ["tied", "untied"])
  func theTokenizerIsTheOneTheFileWasMadeFrom(_ model: String) throws {
    try withConverted(fixture("gguf/\(model).gguf")) { output in
      let found = try json("tokenizer.json", in: output)
      let wanted = try JSONText([UInt8](Data(contentsOf: fixture("gguf/\(model)-tokenizer.json")))).root
      for key in ["truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor"] {
        #expect(canonical(found[key]) == canonical(wanted[key]), "\(key)")
      }
      let foundModel = try #require(found["model"])
      let wantedModel = try #require(wanted["model"])
      for key in ["type", "merges", "ignore_merges", "byte_fallback", "fuse_unk", "dropout", "unk_token"] {
        #expect(canonical(foundModel[key]) == canonical(wantedModel[key]), "\(key)")
      }
      // The library keeps later added tokens out of the model's vocabulary, GGUF lists them with the rest.
      var vocabulary = try ids(wantedModel["vocab"])
      for token in try #require(wanted["added_tokens"]?.elements) {
        vocabulary[try #require(token["content"]?.string)] = try #require(token["id"]?.int)
      }
      #expect(try ids(foundModel["vocab"]) == vocabulary)
    }
  }

  @Test func theConfigurationSaysWhatTheMetadataSay() throws {
    try withConverted(fixture("gguf/untied.gguf")) { output in
      let config = try json("config.json", in: output)
      let expected: [String: String] = [
        "architectures": #"["LlamaForCausalLM"]"#, "model_type": #""llama""#, "vocab_size": "304",
        "hidden_size": "64", "intermediate_size": "96", "num_hidden_layers": "2", "num_attention_heads": "4",
        "num_key_value_heads": "2", "head_dim": "16", "hidden_act": #""silu""#, "max_position_embeddings": "256",
        "rms_norm_eps": "1e-05", "pad_token_id": "null", "bos_token_id": "0", "eos_token_id": "1",
        "tie_word_embeddings": "false", "rope_theta": "500000.0", "attention_bias": "false", "mlp_bias": "false",
        "dtype": #""bfloat16""#,
        "rope_scaling": #"{"factor":8.0,"high_freq_factor":4.0,"low_freq_factor":1.0,"#
          + #""original_max_position_embeddings":8192,"rope_type":"llama3"}"#,
      ]
      for (key, value) in expected { #expect(canonical(config[key]) == value, "\(key)") }
      let generation = try json("generation_config.json", in: output)
      #expect(canonical(generation) == #"{"bos_token_id":0,"eos_token_id":[1,2]}"#)
      let tokenizer = try json("tokenizer_config.json", in: output)
      #expect(
        canonical(tokenizer)
          == #"{"bos_token":"<|begin|>","clean_up_tokenization_spaces":false,"eos_token":"<|end|>","#
          + #""model_max_length":256,"tokenizer_class":"PreTrainedTokenizerFast"}"#)
      let template = try String(contentsOf: output.appending(path: "chat_template.jinja"), encoding: .utf8)
      #expect(template == "{% for message in messages %}{{ message['content'] }}<|turn|>\n{% endfor %}")
    }
    try withConverted(fixture("gguf/tied.gguf")) { output in
      let config = try json("config.json", in: output)
      #expect(config["tie_word_embeddings"]?.bool == true)
      #expect(config["rope_scaling"]?.isNull == true)
    }
  }

  @Test func aHeadStoredAsACopyOfTheEmbeddingIsTied() throws {
    try withConverted(GGUFBuilder.llama { $0.addTensor("output.weight", shape: [3, 4]) }) { output in
      let checkpoint = try Checkpoint(directory: output)
      #expect(checkpoint.tensors["lm_head.weight"] == nil)
      #expect(checkpoint.config["tie_word_embeddings"]?.bool == true)
    }
    try withConverted(GGUFBuilder.llama { $0.addTensor("output.weight", shape: [3, 4], value: 2) }) { output in
      let checkpoint = try Checkpoint(directory: output)
      #expect(checkpoint.tensors["lm_head.weight"] != nil)
      #expect(checkpoint.config["tie_word_embeddings"]?.bool == false)
    }
  }

  @Test func linearFrequencyScalingIsKept() throws {
    let bytes = GGUFBuilder.llama {
      $0.add("llama.rope.scaling.type", "linear")
      $0.add("llama.rope.scaling.factor", Float(4))
    }
    try withConverted(bytes) { output in
      let scaling = try json("config.json", in: output)["rope_scaling"]
      #expect(canonical(scaling) == #"{"factor":4.0,"rope_type":"linear"}"#)
    }
  }

  @Test(arguments: [
    ("gpt-2", 0, true, "null"), ("starcoder", 1, true, "null"), ("refact", 1, true, "null"),
    ("codeshell", 1, true, "null"), ("llama3", 1, false, "null"), ("llama-v3", 1, false, "null"),
    ("smaug-bpe", 1, false, "null"), ("qwen2", 1, false, #"{"type":"NFC"}"#),
    ("deepseek-r1-qwen", 1, false, #"{"type":"NFC"}"#), ("tekken", 1, false, "null"),
    ("deepseek-coder", 5, false, "null"),
  ])
  func everyKnownPreTokenizerEndsInBytes(
    _ name: String, _ splits: Int, _ usesRegex: Bool, _ normalizer: String
  ) throws {
    let bytes = GGUFBuilder.llama(omitting: ["tokenizer.ggml.pre"]) {
      $0.add("tokenizer.ggml.pre", name)
      $0.add("tokenizer.ggml.add_bos_token", false)
    }
    try withConverted(bytes) { output in
      let tokenizer = try json("tokenizer.json", in: output)
      let steps = try #require(tokenizer["pre_tokenizer"])
      let last = steps["pretokenizers"]?.elements?.last ?? steps
      #expect(steps["pretokenizers"]?.elements?.count ?? 1 == splits + 1)
      #expect(last["type"]?.string == "ByteLevel")
      #expect(last["use_regex"]?.bool == usesRegex)
      #expect(canonical(tokenizer["normalizer"]) == normalizer)
    }
  }

  // MARK: Rounding

  /// Bits of singles beside what rounding to nearest, ties to even, makes of them (IEEE 754-2019, 4.3.1).
  @Test func narrowingRoundsToNearestTiesToEven() throws {
    let singles: [UInt32] = [
      0x3F80_0000, 0x3F80_8000, 0x3F81_8000, 0x3F80_8001, 0xBF80_7FFF, 0x0000_8000, 0x8000_0001, 0x7F80_0000,
      0x7F80_0001, 0x3F80_1000, 0x3F80_3000, 0x3300_0001,
    ]
    let bf16: [UInt16] = [
      0x3F80, 0x3F80, 0x3F82, 0x3F81, 0xBF80, 0x0000, 0x8000, 0x7F80, 0x7FC0, 0x3F80, 0x3F80, 0x3300,
    ]
    let f16: [UInt16] = [
      0x3C00, 0x3C04, 0x3C0C, 0x3C04, 0xBC04, 0x0000, 0x8000, 0x7C00, 0x7E00, 0x3C00, 0x3C02, 0x0001,
    ]
    let bytes = GGUFBuilder.llama(omitting: ["token_embd.weight"]) {
      $0.addTensor("token_embd.weight", dimensions: [4, 3], bytes: singles.flatMap { GGUFBuilder.bytes($0) })
    }
    for (dtype, expected) in [(DType.bf16, bf16), (.f16, f16)] {
      try withConverted(bytes, dtype: dtype) { output in
        let embedding = try Checkpoint(directory: output).tensor("model.embed_tokens.weight")
        let found = embedding.withUnsafeBytes { buffer in
          (0..<12).map { UInt16(littleEndian: buffer.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)) }
        }
        #expect(found == expected, "\(dtype)")
      }
    }
  }

  @Test func aValueTooLargeForTheTypeIsRefusedAndLeavesNothing() throws {
    for (value, dtype) in [(Float(65520), DType.f16), (Float.greatestFiniteMagnitude, .bf16)] {
      try withTemporaryDirectory { directory in
        let model = directory.appending(path: "sample.gguf")
        try Data(GGUFBuilder.llama(value: value)).write(to: model)
        let plan = try GGUFConversion(file: model, dtype: dtype)
        #expect(
          throws: GGUFError.overflow(file: "sample.gguf", tensor: "token_embd.weight", dtype: dtype.name)
        ) { try plan.execute(to: directory.appending(path: "out")) }
        let left = try FileManager.default.contentsOfDirectory(atPath: directory.path())
        #expect(left == ["sample.gguf"])
      }
    }
  }

  @Test func aDirectoryWithFilesIsNotOverwritten() throws {
    try withTemporaryDirectory { directory in
      try write("mine".utf8, to: "out/notes.txt", in: directory)
      let plan = try GGUFConversion(file: fixture("gguf/tied.gguf"), dtype: .bf16)
      #expect(throws: CheckpointError.self) { try plan.execute(to: directory.appending(path: "out")) }
      #expect(try bytes(of: "out/notes.txt", in: directory) == Array("mine".utf8))
    }
  }

  @Test func aMissingFileIsNamed() throws {
    #expect(throws: CheckpointError.notFound(path: "/no/such.gguf")) {
      try GGUFConversion(file: URL(filePath: "/no/such.gguf"), dtype: .bf16)
    }
  }

  // MARK: Refusals

  @Test(arguments: refusals) func whatDoesNotConvertIsRefused(_ refusal: Refusal) throws {
    try withTemporaryDirectory { directory in
      let model = directory.appending(path: "sample.gguf")
      try Data(refusal.bytes).write(to: model)
      #expect(throws: refusal.error) { try GGUFConversion(file: model, dtype: .bf16) }
      #expect(refusal.error.description.contains("sample.gguf"))
    }
  }

  @Test func theSampleThatRefusalsAlterConverts() throws {
    try withConverted(GGUFBuilder.llama()) { output in
      let checkpoint = try Checkpoint(directory: output)
      #expect(checkpoint.tensors.count == 11)
    }
  }
}

/// A model that must not convert, and with what error.
struct Refusal: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let bytes: [UInt8]
  let error: GGUFError

  init(_ description: String, _ error: GGUFError, _ bytes: [UInt8]) {
    testDescription = description
    self.error = error
    self.bytes = bytes
  }
}

private func unusable(_ key: String, _ found: String, _ expected: String) -> GGUFError {
  .unusableValue(file: "sample.gguf", key: key, found: found, expected: expected)
}

private let plainLlama = "a plain Llama model, without this key,"
private let preTokenizers = """
  one of gpt-2, smollm, starcoder, refact, codeshell, llama-bpe, llama3, llama-v3, smaug-bpe, qwen2, \
  deepseek-r1-qwen, tekken, deepseek-coder
  """

private let refusals: [Refusal] = [
  Refusal(
    "another architecture", .unsupportedArchitecture(file: "sample.gguf", name: "qwen2"),
    GGUFBuilder.llama(omitting: ["general.architecture"]) { $0.add("general.architecture", "qwen2") }),
  Refusal(
    "no architecture", .missingKey(file: "sample.gguf", key: "general.architecture"),
    GGUFBuilder.llama(omitting: ["general.architecture"])),
  Refusal(
    "no width", .missingKey(file: "sample.gguf", key: "llama.embedding_length"),
    GGUFBuilder.llama(omitting: ["llama.embedding_length"])),
  Refusal(
    "a width that is text", unusable("llama.embedding_length", "\"wide\"", "a number from 0 to 2147483647"),
    GGUFBuilder.llama(omitting: ["llama.embedding_length"]) { $0.add("llama.embedding_length", "wide") }),
  Refusal(
    "experts", unusable("llama.expert_count", "8", plainLlama),
    GGUFBuilder.llama { $0.add("llama.expert_count", UInt32(8)) }),
  Refusal(
    "scaled logits", unusable("llama.logit_scale", "8.0", plainLlama),
    GGUFBuilder.llama { $0.add("llama.logit_scale", Float(8)) }),
  Refusal(
    "attention to both sides", unusable("llama.attention.causal", "false", "true"),
    GGUFBuilder.llama { $0.add("llama.attention.causal", false) }),
  Refusal(
    "heads that do not divide", unusable("llama.attention.head_count_kv", "3", "a divisor of the 2 heads"),
    GGUFBuilder.llama(omitting: ["llama.attention.head_count_kv"]) {
      $0.add("llama.attention.head_count_kv", UInt32(3))
    }),
  Refusal(
    "RoPE over part of a head", unusable("llama.rope.dimension_count", "1", "the head size 2"),
    GGUFBuilder.llama { $0.add("llama.rope.dimension_count", UInt32(1)) }),
  Refusal(
    "YaRN", unusable("llama.rope.scaling.type", "\"yarn\"", "none or linear"),
    GGUFBuilder.llama { $0.add("llama.rope.scaling.type", "yarn") }),
  Refusal(
    "divisors of no known rule",
    .malformed(
      file: "sample.gguf", item: "tensor rope_freqs.weight",
      problem: "holds 3.0 for frequency 0, Llama 3's rule says 1.0"),
    GGUFBuilder.llama { $0.addTensor("rope_freqs.weight", shape: [1], value: 3) }),
  Refusal(
    "a missing tensor", .missingTensor(file: "sample.gguf", tensor: "blk.0.ffn_up.weight"),
    GGUFBuilder.llama(omitting: ["blk.0.ffn_up.weight"])),
  Refusal(
    "a tensor too many", .unexpectedTensor(file: "sample.gguf", tensor: "blk.0.attn_q.bias"),
    GGUFBuilder.llama { $0.addTensor("blk.0.attn_q.bias", shape: [4]) }),
  Refusal(
    "a tensor of another shape",
    .unexpectedShape(file: "sample.gguf", tensor: "blk.0.attn_k.weight", found: [4, 4], expected: [2, 4]),
    GGUFBuilder.llama(shapes: ["blk.0.attn_k.weight": [4, 4]])),
  Refusal(
    "a SentencePiece tokenizer",
    unusable("tokenizer.ggml.model", "\"llama\"", "a byte-level BPE tokenizer (gpt2)"),
    GGUFBuilder.llama(omitting: ["tokenizer.ggml.model"]) { $0.add("tokenizer.ggml.model", "llama") }),
  Refusal(
    "an unknown pre-tokenizer", unusable("tokenizer.ggml.pre", "\"default\"", preTokenizers),
    GGUFBuilder.llama(omitting: ["tokenizer.ggml.pre"]) { $0.add("tokenizer.ggml.pre", "default") }),
  Refusal(
    "no pre-tokenizer", .missingKey(file: "sample.gguf", key: "tokenizer.ggml.pre"),
    GGUFBuilder.llama(omitting: ["tokenizer.ggml.pre"])),
  Refusal(
    "a token twice",
    .malformed(file: "sample.gguf", item: "key tokenizer.ggml.tokens", problem: "has the token \"a\" twice"),
    GGUFBuilder.llama(omitting: ["tokenizer.ggml.tokens"]) { $0.add("tokenizer.ggml.tokens", ["a", "b", "a"]) }),
  Refusal(
    "more tokens than rows",
    unusable("tokenizer.ggml.tokens", "an array of 4", "from 1 to 3 tokens, the rows of the embedding,"),
    GGUFBuilder.llama(omitting: ["tokenizer.ggml.tokens"]) { $0.add("tokenizer.ggml.tokens", ["a", "b", "ab", "c"]) }),
  Refusal(
    "an unknown token type", unusable("tokenizer.ggml.token_type", "9", "a token type from 1 to 6"),
    GGUFBuilder.llama(omitting: ["tokenizer.ggml.token_type"]) {
      $0.add("tokenizer.ggml.token_type", [1, 9, 1] as [UInt32])
    }),
  Refusal(
    "a merge of unknown tokens",
    .malformed(
      file: "sample.gguf", item: "key tokenizer.ggml.merges",
      problem: "has \"b a\", which joins no two tokens into a third"),
    GGUFBuilder.llama(omitting: ["tokenizer.ggml.merges"]) { $0.add("tokenizer.ggml.merges", ["b a"]) }),
  Refusal(
    "a BOS that is no token", unusable("tokenizer.ggml.bos_token_id", "3", "an id below 3"),
    GGUFBuilder.llama { $0.add("tokenizer.ggml.bos_token_id", UInt32(3)) }),
  Refusal(
    "a BOS to add that is not named", .missingKey(file: "sample.gguf", key: "tokenizer.ggml.bos_token_id"),
    GGUFBuilder.llama { $0.add("tokenizer.ggml.add_bos_token", true) }),
]
