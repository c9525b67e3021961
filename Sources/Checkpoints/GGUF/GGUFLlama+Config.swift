import JSONText

extension GGUFLlama {
  /// config.json, every field that `LlamaConfig` would otherwise fill with a default.
  func config(dtype: DType, special: GGUFSpecialTokens) -> JSONValue {
    .object([
      ("architectures", .strings(["LlamaForCausalLM"])),
      ("model_type", .string("llama")),
      ("vocab_size", .integer(vocabularySize)),
      ("hidden_size", .integer(hiddenSize)),
      ("intermediate_size", .integer(intermediateSize)),
      ("num_hidden_layers", .integer(layerCount)),
      ("num_attention_heads", .integer(headCount)),
      ("num_key_value_heads", .integer(keyValueHeadCount)),
      ("head_dim", .integer(headSize)),
      ("hidden_act", .string("silu")),
      ("max_position_embeddings", .integer(maximumPositions)),
      ("initializer_range", .single(0.02)),
      ("rms_norm_eps", .single(normEpsilon)),
      ("use_cache", .bool(true)),
      ("pad_token_id", .optional(special.pad)),
      ("bos_token_id", .optional(special.bos)),
      ("eos_token_id", .optional(special.eos)),
      ("pretraining_tp", .integer(1)),
      ("tie_word_embeddings", .bool(isTied)),
      ("rope_theta", .single(ropeBase)),
      ("rope_scaling", ropeScalingConfig),
      ("attention_bias", .bool(false)),
      ("attention_dropout", .single(0)),
      ("mlp_bias", .bool(false)),
      ("dtype", .string(dtype.transformersName)),
    ])
  }

  private var ropeScalingConfig: JSONValue {
    switch ropeScaling {
    case nil: .null
    case .linear(let factor): .object([("rope_type", .string("linear")), ("factor", .single(factor))])
    case .llama3(let factor):
      .object([
        ("rope_type", .string("llama3")),
        ("factor", .single(factor)),
        ("low_freq_factor", .single(Float(Self.llama3LowFrequencyFactor))),
        ("high_freq_factor", .single(Float(Self.llama3HighFrequencyFactor))),
        ("original_max_position_embeddings", .integer(Self.llama3OriginalPositions)),
      ])
    }
  }

  /// generation_config.json: where generation starts and what ends it.
  func generationConfig(special: GGUFSpecialTokens) -> JSONValue {
    let stops = special.stops
    let eos: JSONValue = stops.count > 1 ? .array(stops.map { .integer($0) }) : .optional(stops.first)
    let members: [(key: String, value: JSONValue)] = [
      ("bos_token_id", .optional(special.bos)), ("eos_token_id", eos), ("pad_token_id", .optional(special.pad)),
    ]
    return .object(
      members.filter {
        if case .null = $0.value { return false }
        return true
      })
  }
}

extension DType {
  /// The type's name in config.json, for the three types that a conversion writes.
  fileprivate var transformersName: String {
    switch self {
    case .f32: "float32"
    case .f16: "float16"
    case .bf16: "bfloat16"
    default: preconditionFailure("no conversion writes \(name)")
    }
  }
}
