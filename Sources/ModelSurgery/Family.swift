/// What surgery has to know of a model family; everything a family is stands in this file.
///
/// That is which config fields follow the layers, and which projections of a layer write to the residual stream.
///
/// Tensor names are not listed by family: a layer moves with every tensor under its number, so a family needs no
/// list of them, and `DecoderNames` finds embedding, final norm and head.
struct Family: Sendable {
  /// The values of `model_type` that belong to the family.
  let modelTypes: [String]
  /// How its config fields follow the layers, beside `commonRules`.
  var rules: [LayerRule] = []
  /// The modules of a layer whose output is added to the residual stream; zeroing them makes the layer an identity.
  var outputProjections = ["self_attn.o_proj", "mlp.down_proj"]
  /// The fields that say how many layers there are, the one that numbers the tensors first; of a list or a string its
  /// length counts.
  var layerCounts = DecoderNames.layerCounts

  /// The family of a model type, nil for an unknown one.
  static func family(of modelType: String) -> Family? { byModelType[modelType] }

  private static let byModelType = Dictionary(
    uniqueKeysWithValues: all.flatMap { family in family.modelTypes.map { ($0, family) } })

  /// Fields that mean the same wherever they occur.
  static let commonRules: [LayerRule] = [
    .perLayer("layer_types"), .perLayer("layers_block_type"), .perLayer("mlp_layer_types"),
    .perLayer("no_rope_layers"), .perLayerOrLent("indexer_types", "shared"), .perLayer("num_attention_heads_per_layer"),
    .perLayer("num_key_value_heads_per_layer"), .perLayer("layer_rope_theta"), .perLayer("block_configs"),
    .perLayer("hybrid_override_pattern"), .perLayer("attention_layers"), .perLayer("num_query_heads"),
    .perLayer("num_kv_heads"), .indices("moe_layers"), .indices("attn_layer_indices"), .indices("full_attn_idxs"),
    .indices("linear_attn_config.full_attn_layers", origin: 1),
    .indices("linear_attn_config.kda_layers", origin: 1), .indices("cross_attention_layers"),
    .denseAmongSparse(step: "decoder_sparse_step", dense: "mlp_only_layers"), .leading("first_k_dense_replace"),
    .leading("num_dense_layers"), .keyedByLayer("per_layer_config"), .constant("num_nextn_predict_layers", "0"),
    .constant("mtp_num_hidden_layers", "0"), .constant("mtp_num_layers", "0"), .constant("num_mtp_layers", "0"),
    .fixesIndices("scale_attn_by_inverse_layer_idx"), .sharedLayers("num_kv_shared_layers"),
    .sharedLayers("kv_source_layers"),
  ]

  /// The families, grouped by what their configs have in common.
  static let all: [Family] = [
    // One kind of layer: only the count follows.
    Family(modelTypes: [
      "llama", "mistral", "gemma", "phi3", "olmo", "olmo2", "granite", "stablelm", "cohere", "glm", "glm4", "nemotron",
      "internlm3", "baichuan", "yi", "helium", "seed_oss", "ministral", "ministral3", "hunyuan_v1_dense",
      "apertus", "arcee", "ernie4_5",
    ]),
    Family(modelTypes: ["internlm2"], outputProjections: ["attention.wo", "feed_forward.w2"]),
    Family(modelTypes: ["persimmon"], outputProjections: ["self_attn.dense", "mlp.dense_4h_to_h"]),
    Family(modelTypes: ["exaone"], outputProjections: ["attn.attention.out_proj", "mlp.c_proj"]),
    Family(modelTypes: ["starcoder2"], outputProjections: ["self_attn.o_proj", "mlp.c_proj"]),
    Family(modelTypes: ["gpt2", "gpt_bigcode"], outputProjections: ["attn.c_proj", "mlp.c_proj"]),
    Family(modelTypes: ["gptj", "codegen"], outputProjections: ["attn.out_proj", "mlp.fc_out"]),
    Family(modelTypes: ["gpt_neox"], outputProjections: ["attention.dense", "mlp.dense_4h_to_h"]),
    Family(modelTypes: ["bloom", "falcon"], outputProjections: ["self_attention.dense", "mlp.dense_4h_to_h"]),
    Family(modelTypes: ["mpt"], outputProjections: ["attn.out_proj", "ffn.down_proj"]),
    Family(modelTypes: ["opt"], outputProjections: ["self_attn.out_proj", "fc2"]),
    Family(modelTypes: ["phi"], outputProjections: ["self_attn.dense", "mlp.fc2"]),
    Family(modelTypes: ["chatglm"], outputProjections: ["self_attention.dense", "mlp.dense_4h_to_h"]),
    Family(
      modelTypes: ["mixtral", "phimoe"], outputProjections: ["self_attn.o_proj", "block_sparse_moe.experts.*.w2"]),
    Family(modelTypes: ["olmoe"], outputProjections: expertOutputs),
    Family(modelTypes: ["granitemoe"], outputProjections: ["self_attn.o_proj", "block_sparse_moe.output_linear"]),
    Family(modelTypes: ["dbrx"], outputProjections: ["norm_attn_norm.attn.out_proj", "ffn.experts.mlp.w2"]),
    Family(
      modelTypes: ["gpt_neo"], rules: [.runs("attention_types", absent: ["\"global\"", "\"local\""])],
      outputProjections: ["attn.attention.out_proj", "mlp.c_proj"]),

    // Sliding and full attention take turns; older configs give the rule, newer ones the list.
    Family(
      modelTypes: ["gemma2", "vaultgemma"], rules: [.computed("layer_types") { _, layer in slides(layer % 2 == 0) }]),
    Family(
      modelTypes: ["gpt_oss"], rules: [.computed("layer_types") { _, layer in slides(layer % 2 == 0) }],
      outputProjections: [
        "self_attn.o_proj", "mlp.experts.down_proj", "mlp.experts.down_proj_blocks", "mlp.experts.down_proj_scales",
      ]),
    Family(modelTypes: ["gemma3", "gemma3_text"], rules: slidingPattern(absent: 6)),
    Family(modelTypes: ["cohere2"], rules: slidingPattern(absent: 4)),
    Family(modelTypes: ["exaone4"], rules: exaone),
    Family(modelTypes: ["exaone_moe"], rules: exaone + listedDense(1), outputProjections: expertOutputs),
    Family(modelTypes: ["olmo3"], rules: [.computed("layer_types") { _, layer in slides((layer + 1) % 4 != 0) }]),
    Family(
      modelTypes: ["afmoe"],
      rules: [
        .computed("layer_types") { config, layer in
          slides((layer + 1) % max(config.int("global_attn_every_n_layers", absent: 4), 1) != 0)
        }, .independent("global_attn_every_n_layers"), .leading("num_dense_layers", absent: 1),
      ], outputProjections: expertOutputs),
    Family(
      modelTypes: ["gemma4", "gemma4_text"],
      rules: [
        .computed("layer_types") { config, layer in
          slides((layer + 1) % 6 != 0 && layer != config.layerCount - 1)
        }, .lastLayerMustBe("full_attention", list: "layer_types"),
      ],
      // A factor behind the residual stream, `layer_scalar`, keeps any layer from being an identity.
      outputProjections: []),
    Family(modelTypes: ["qwen2", "qwen3"], rules: windowBehindLimit(28)),
    Family(modelTypes: ["qwen2_vl", "qwen2_vl_text", "qwen2_5_vl", "qwen2_5_vl_text"], rules: windowBehindLimit(80)),
    // What an image adds behind the first layers (`deepstack_visual_indexes`) goes by their index; text is exact.
    Family(modelTypes: ["qwen3_vl", "qwen3_vl_text"], rules: [.independent("max_window_layers")]),
    Family(
      modelTypes: ["dots1"],
      rules: windowBehindLimit(62, isAlwaysOn: true) + [.leading("first_k_dense_replace", absent: 0)],
      outputProjections: expertOutputs),

    // Mixtures of experts with dense layers among them.
    Family(
      modelTypes: ["qwen2_moe"],
      rules: [
        .computed("layer_types") { config, layer in
          guard config.bool("use_sliding_window", absent: false) else { return nil }
          return slides(layer % 2 == 0 && layer < config.int("max_window_layers", absent: 28))
        }, .independent("max_window_layers"),
      ], outputProjections: expertOutputs),
    Family(
      modelTypes: ["qwen3_moe", "qwen3_vl_moe", "qwen3_vl_moe_text"], rules: [.independent("max_window_layers")],
      outputProjections: expertOutputs),
    Family(
      modelTypes: ["qwen3_next", "qwen3_5", "qwen3_5_text", "qwen3_5_moe", "qwen3_5_moe_text"],
      rules: [
        .computed("layer_types") { config, layer in
          isLinear((layer + 1) % max(config.int("full_attention_interval", absent: 4), 1) != 0)
        }, .independent("full_attention_interval"), .independent("max_window_layers"),
      ], outputProjections: expertOutputs + ["linear_attn.out_proj"]),
    Family(modelTypes: ["deepseek_v2"], rules: leadingDense(0), outputProjections: expertOutputs),
    Family(
      modelTypes: ["deepseek_v3", "kimi_k2"], rules: leadingDense(3), outputProjections: expertOutputs),
    Family(
      modelTypes: ["glm4_moe", "glm4v_moe", "glm4v_moe_text"], rules: leadingDense(1), outputProjections: expertOutputs),
    Family(modelTypes: ["deepseek_v32"], rules: listedDense(3), outputProjections: expertOutputs),
    Family(
      modelTypes: ["glm_moe_dsa"],
      rules: listedDense(3) + [.neutral("index_topk_freq", 1), .sharedLayers("index_topk_pattern")],
      outputProjections: expertOutputs),
    Family(modelTypes: ["glm4_moe_lite"], rules: listedDense(1), outputProjections: expertOutputs),
    Family(
      modelTypes: ["kimi_linear"],
      rules: listedDense(1) + [
        .computed("layer_types") { config, layer in
          guard !config.has("linear_attn_config.kda_layers") else { return nil }
          return isLinear(layer == 0 || layer % 4 != 0)
        }
      ],
      outputProjections: [
        "self_attn.o_proj", "mlp.down_proj", "block_sparse_moe.down_proj", "block_sparse_moe.experts.*.w2",
        "block_sparse_moe.shared_experts.down_proj",
      ]),
    Family(
      modelTypes: ["hunyuan", "hunyuan_v1_moe"],
      rules: [
        .perLayer("num_experts"), .perLayer("moe_topk"), .perLayer("num_shared_expert"),
        .perLayer("moe_intermediate_size"), .leading("moe_layer_num_skipped"), .sharedLayers("use_cla"),
      ], outputProjections: expertOutputs),
    Family(
      modelTypes: ["ernie4_5_moe"],
      rules: [.span(start: "moe_layer_start_index", end: "moe_layer_end_index", interval: "moe_layer_interval")],
      outputProjections: expertOutputs),
    Family(
      modelTypes: ["llama4", "llama4_text"],
      rules: [
        .computed("no_rope_layers") { config, layer in
          (layer + 1) % max(config.int("no_rope_layer_interval", absent: 4), 1) != 0 ? "1" : "0"
        }, .independent("no_rope_layer_interval"),
        .indices("moe_layers") { config in
          let step = max(config.int("interleave_moe_layer_step", absent: 1), 1)
          return Array(stride(from: step - 1, to: config.layerCount, by: step))
        }, .independent("interleave_moe_layer_step"),
      ],
      outputProjections: [
        "self_attn.o_proj", "feed_forward.down_proj", "feed_forward.experts.down_proj",
        "feed_forward.shared_expert.down_proj",
      ]),

    // Other attributes of depth.
    Family(
      modelTypes: ["smollm3"],
      rules: [
        .computed("no_rope_layers") { config, layer in
          (layer + 1) % max(config.int("no_rope_layer_interval", absent: 4), 1) != 0 ? "1" : "0"
        }, .independent("no_rope_layer_interval"), .independent("max_window_layers"),
      ]),
    Family(modelTypes: ["minicpm"], rules: [.dividedByRootOfCount("scale_depth", absent: 1)]),
    Family(modelTypes: ["minicpm3"], rules: [.dividedByRootOfCount("scale_depth", absent: 1.4)]),
    Family(
      modelTypes: ["mllama", "mllama_text_model"],
      rules: [
        .indices("cross_attention_layers") { config in
          [3, 8, 13, 18, 23, 28, 33, 38].filter { $0 < config.layerCount }
        }
      ], outputProjections: ["self_attn.o_proj", "cross_attn.o_proj", "mlp.down_proj"]),
    Family(
      modelTypes: ["longcat_flash"], rules: [.multipleOfCount("num_hidden_layers", factor: 2)],
      // Experts without weights hand their input on, so that no layer can be made an identity.
      outputProjections: [], layerCounts: ["num_layers"]),

    // Attention among recurrent or convolutional layers.
    Family(modelTypes: ["lfm2"], outputProjections: ["self_attn.out_proj", "conv.out_proj", "feed_forward.w2"]),
    Family(
      modelTypes: ["lfm2_moe"], rules: [.leading("num_dense_layers", absent: 2)],
      outputProjections: ["self_attn.out_proj", "conv.out_proj", "feed_forward.w2", "feed_forward.experts.*.w2"]),
    Family(
      modelTypes: ["jamba"],
      rules: [
        .periodic(period: "attn_layer_period", offset: "attn_layer_offset", defaultPeriod: 8, defaultOffset: 4),
        .periodic(period: "expert_layer_period", offset: "expert_layer_offset", defaultPeriod: 2, defaultOffset: 1),
      ],
      outputProjections: [
        "self_attn.o_proj", "mamba.out_proj", "feed_forward.down_proj", "feed_forward.experts.*.down_proj",
      ]),
    Family(
      modelTypes: ["bamba"], outputProjections: ["self_attn.o_proj", "mamba.out_proj", "feed_forward.down_proj"]),
    Family(
      modelTypes: ["granitemoehybrid"],
      outputProjections: [
        "self_attn.o_proj", "mamba.out_proj", "shared_mlp.output_linear", "block_sparse_moe.output_linear",
      ]),
    Family(
      modelTypes: ["falcon_h1"], rules: [.independent("mlp_multipliers"), .independent("ssm_multipliers")],
      outputProjections: ["self_attn.o_proj", "mamba.out_proj", "feed_forward.down_proj"]),
    Family(
      modelTypes: ["nemotron_h"],
      rules: [.independent("mtp_layers_block_type"), .independent("mtp_hybrid_override_pattern")],
      outputProjections: [
        "mixer.o_proj", "mixer.out_proj", "mixer.down_proj", "mixer.experts.*.down_proj",
        "mixer.shared_experts.down_proj",
      ], layerCounts: ["layers_block_type", "hybrid_override_pattern", "num_hidden_layers"]),
    Family(
      modelTypes: ["recurrent_gemma"],
      rules: [.cycle("block_types", absent: ["\"recurrent\"", "\"recurrent\"", "\"attention\""])],
      outputProjections: ["temporal_block.o_proj", "temporal_block.linear_out", "mlp_block.down_proj"]),
    Family(
      modelTypes: ["openelm"], rules: [.perLayer("ffn_multipliers")],
      outputProjections: ["attn.out_proj", "ffn.proj_2"]),
    Family(modelTypes: ["deci", "nemotron-nas"]),

    // The index of a layer enters its arithmetic: lambda of differential attention.
    Family(modelTypes: ["diffllama"], rules: [.fixesIndices("model_type")]),

    // Families that cannot be cut.
    Family(modelTypes: ["minimax"], rules: [.onePiece("attention decays by a layer's place among all layers")]),
    Family(modelTypes: ["gpt_neox_japanese"], rules: [.onePiece("its last layer alone has a bias behind attention")]),
    Family(
      modelTypes: ["gemma3n", "gemma3n_text"],
      rules: [
        .onePiece(
          """
          later layers take keys and values from earlier ones, and embed_tokens_per_layer holds a slice for every layer
          """)
      ]),
    Family(
      modelTypes: ["zamba", "zamba2"], rules: [.onePiece("one block of attention and feed-forward serves many layers")]),
  ]

  private static let expertOutputs = [
    "self_attn.o_proj", "mlp.down_proj", "mlp.experts.*.down_proj", "mlp.experts.down_proj",
    "mlp.shared_expert.down_proj", "mlp.shared_experts.down_proj", "mlp.shared_mlp.down_proj",
  ]

  private static func slides(_ isSliding: Bool) -> String { isSliding ? "\"sliding_attention\"" : "\"full_attention\"" }

  private static func isLinear(_ isLinear: Bool) -> String {
    isLinear ? "\"linear_attention\"" : "\"full_attention\""
  }

  /// Every `sliding_window_pattern`-th layer attends to everything.
  private static func slidingPattern(absent: Int) -> [LayerRule] {
    [
      .computed("layer_types") { config, layer in
        let period = config.int("sliding_window_pattern", absent: absent)
        return slides(period > 0 && (layer + 1) % period != 0)
      }, .independent("sliding_window_pattern"), .independent("_sliding_window_pattern"),
    ]
  }

  /// A period as for `slidingPattern`, or a string of L (within the window) and G that is repeated.
  private static let exaone: [LayerRule] = [
    .computed("layer_types") { config, layer in
      guard config["sliding_window"]?.isNull != true else { return nil }
      if let pattern = config["sliding_window_pattern"]?.string, !pattern.isEmpty {
        let letters = Array(pattern)
        return slides(layer < config.layerCount - 1 && letters[layer % letters.count] == "L")
      }
      let period = config.int("sliding_window_pattern", absent: 4)
      return slides(period > 0 && (layer + 1) % period != 0)
    }, .independent("sliding_window_pattern"),
  ]

  /// Layers from `max_window_layers` on attend within the window, with `use_sliding_window` or in any case.
  private static func windowBehindLimit(_ absent: Int, isAlwaysOn: Bool = false) -> [LayerRule] {
    [
      .computed("layer_types") { config, layer in
        guard isAlwaysOn || config.bool("use_sliding_window", absent: false),
          config["sliding_window"]?.isNull != true
        else { return nil }
        return slides(layer >= config.int("max_window_layers", absent: absent))
      }, .independent("max_window_layers"),
    ]
  }

  /// The first layers are dense, the others have experts.
  private static func leadingDense(_ absent: Int) -> [LayerRule] {
    [.leading("first_k_dense_replace", absent: absent), .neutral("moe_layer_freq", 1)]
  }

  /// As `leadingDense`, and a list that newer writers add is what counts.
  private static func listedDense(_ absent: Int) -> [LayerRule] {
    [
      .computed("mlp_layer_types") { config, layer in
        layer < config.int("first_k_dense_replace", absent: absent) ? "\"dense\"" : "\"sparse\""
      }, .leading("first_k_dense_replace"), .neutral("moe_layer_freq", 1),
    ]
  }
}
