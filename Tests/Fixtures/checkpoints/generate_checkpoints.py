"""Writes tiny random checkpoints, one directory per family, for the tests of surgery.

Made with transformers 5.23.0, torch 2.15.0, safetensors 0.8.0; seed 1601 for every model. Run it again from this
directory; it replaces the family directories. Widths are as small as the families allow, weights are float32 so that
the oracle (see check_oracle.py) is exact.

Configs are then edited by hand where hub files differ from what transformers writes: lists that newer writers
materialise are removed, so that the rules by which families compute them are exercised.

Every family that can be made this small in float32 on the CPU is here. Those with no class in that release have none:
baichuan, chatglm, deci, exaone, hunyuan, internlm2, minicpm, nemotron-nas, openelm, yi; the tests build theirs from
names and fields alone.
"""

import json
import os
import pathlib
import shutil
import sys

import torch
import transformers

HERE = pathlib.Path(__file__).parent
LAYERS = 6

COMMON = dict(
    vocab_size=24, hidden_size=8, intermediate_size=12, num_hidden_layers=LAYERS, num_attention_heads=2,
    num_key_value_heads=1, max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)

MOE = dict(COMMON, moe_intermediate_size=8, num_experts=2, num_experts_per_tok=1)

SHARED_MOE = dict(
    COMMON, num_key_value_heads=2, moe_intermediate_size=8, n_routed_experts=4, num_experts_per_tok=2,
    n_shared_experts=1, first_k_dense_replace=2)
LATENT = dict(q_lora_rank=6, kv_lora_rank=4, qk_rope_head_dim=4, qk_nope_head_dim=4, v_head_dim=4)
GPT = dict(vocab_size=24, n_embd=8, n_layer=LAYERS, n_head=2, n_positions=64, n_inner=12, bos_token_id=1,
           eos_token_id=2)
MAMBA = dict(mamba_n_heads=4, mamba_d_head=4, mamba_n_groups=1, mamba_d_state=4, mamba_d_conv=2, mamba_chunk_size=4)
DELTA = dict(head_dim=4, full_attention_interval=3, linear_num_value_heads=2, linear_num_key_heads=1,
             linear_key_head_dim=4, linear_value_head_dim=4)
# Layers are counted from 1 here.
KDA = dict(full_attn_layers=[2, 5], kda_layers=[1, 3, 4, 6], head_dim=4, num_heads=2, short_conv_kernel_size=2)
LLAMA4 = dict(COMMON, head_dim=4, intermediate_size_mlp=12, num_local_experts=2, num_experts_per_tok=1,
              attention_chunk_size=4, interleave_moe_layer_step=2, no_rope_layer_interval=3)
SIGLIP = dict(hidden_size=8, intermediate_size=8, num_hidden_layers=2, num_attention_heads=2, image_size=4,
              patch_size=2)
IMAGE = dict(image_token_index=20, boi_token_index=22, eoi_token_index=23)
TOKENS = dict(image_token_id=20, video_token_id=21, vision_start_token_id=22, vision_end_token_id=23)
MROPE = dict(rope_type="default", rope_theta=10000.0, mrope_section=[1, 1, 0])
QWEN35_TOWER = dict(depth=2, hidden_size=8, intermediate_size=8, out_hidden_size=8, num_heads=2, patch_size=2,
                    num_position_embeddings=4)
QWEN3_TOWER = dict(QWEN35_TOWER, deepstack_visual_indexes=[0])

# family: (config values, keys to remove from config.json, values to set in config.json)
FAMILIES = {
    "llama": (dict(COMMON, tie_word_embeddings=False), [], {}),
    "llama_tied": (dict(COMMON, model_type="llama", tie_word_embeddings=True), [], {}),
    "mistral": (COMMON, [], {}),
    "qwen2": (dict(COMMON, use_sliding_window=True, sliding_window=4, max_window_layers=3), ["layer_types"], {}),
    "qwen3": (dict(COMMON, head_dim=4), ["layer_types"], {}),
    "gemma": (dict(COMMON, head_dim=4), [], {}),
    "gemma2": (dict(COMMON, head_dim=4, sliding_window=4, query_pre_attn_scalar=4), ["layer_types"], {}),
    "gemma3_text": (dict(COMMON, head_dim=4, sliding_window=4, query_pre_attn_scalar=4, sliding_window_pattern=3),
                    ["layer_types", "_sliding_window_pattern"], {"sliding_window_pattern": 3}),
    "phi3": (COMMON, [], {}),
    "olmo2": (COMMON, [], {}),
    "olmo3": (dict(COMMON, sliding_window=4), ["layer_types"], {}),
    "smollm3": (dict(COMMON, no_rope_layer_interval=2), ["layer_types", "no_rope_layers"], {}),
    "granite": (COMMON, [], {}),
    "cohere2": (dict(COMMON, sliding_window=4, head_dim=4), ["layer_types"], {"sliding_window_pattern": 3}),
    "exaone4": (dict(COMMON, sliding_window=4, sliding_window_pattern=3), ["layer_types"],
                {"sliding_window_pattern": 3}),
    "gpt2": (dict(vocab_size=24, n_embd=8, n_layer=LAYERS, n_head=2, n_positions=64, n_inner=12, bos_token_id=1,
                  eos_token_id=2), [], {}),
    "gpt_neox": (dict(COMMON, rotary_pct=0.5), [], {}),
    "gpt_neo": (dict(vocab_size=24, hidden_size=8, num_layers=LAYERS, num_heads=2, intermediate_size=12,
                     max_position_embeddings=64, window_size=4, attention_types=[[["global", "local"], 2], [["local"], 2]],
                     bos_token_id=1, eos_token_id=2), [], {}),
    "bloom": (dict(vocab_size=24, hidden_size=8, n_layer=LAYERS, n_head=2, bos_token_id=1, eos_token_id=2), [], {}),
    "falcon": (dict(vocab_size=24, hidden_size=8, num_hidden_layers=LAYERS, num_attention_heads=2, alibi=False,
                    new_decoder_architecture=False, multi_query=True, bos_token_id=1, eos_token_id=2), [], {}),
    "starcoder2": (COMMON, [], {}),
    "stablelm": (COMMON, [], {}),
    "mixtral": (dict(COMMON, num_local_experts=2, num_experts_per_tok=1), [], {}),
    "qwen2_moe": (dict(MOE, shared_expert_intermediate_size=8, decoder_sparse_step=2, mlp_only_layers=[3]), [], {}),
    "qwen3_moe": (dict(MOE, head_dim=4, decoder_sparse_step=1, mlp_only_layers=[0, 2]), [], {}),
    "qwen3_next": (dict(MOE, head_dim=4, shared_expert_intermediate_size=8, full_attention_interval=3,
                        linear_num_value_heads=2, linear_num_key_heads=1, linear_key_head_dim=4,
                        linear_value_head_dim=4), ["layer_types"], {"full_attention_interval": 3}),
    "deepseek_v3": (dict(COMMON, num_key_value_heads=2, moe_intermediate_size=8, n_routed_experts=4, n_group=2,
                         topk_group=1, num_experts_per_tok=2, n_shared_experts=1, first_k_dense_replace=2,
                         q_lora_rank=6, kv_lora_rank=4, qk_rope_head_dim=4, qk_nope_head_dim=4, v_head_dim=4), [], {}),
    "glm4_moe": (dict(COMMON, head_dim=4, moe_intermediate_size=8, n_routed_experts=4, num_experts_per_tok=2,
                      n_shared_experts=1, first_k_dense_replace=1), [], {}),
    "gpt_oss": (dict(COMMON, head_dim=4, num_local_experts=2, num_experts_per_tok=1, sliding_window=4),
                ["layer_types"], {}),
    "minicpm3": (dict(COMMON, num_key_value_heads=2, q_lora_rank=6, kv_lora_rank=4, qk_rope_head_dim=4,
                      qk_nope_head_dim=4, v_head_dim=4, scale_depth=1.4), [], {}),
    "jamba": (dict(COMMON, num_experts=2, num_experts_per_tok=1, attn_layer_period=3, attn_layer_offset=1,
                   expert_layer_period=2, expert_layer_offset=1, mamba_d_state=4, mamba_d_conv=2, mamba_expand=2,
                   mamba_dt_rank=2, use_mamba_kernels=False), [], {}),
    "lfm2": (dict(COMMON, conv_L_cache=3, full_attn_idxs=[1, 4], block_multiple_of=4), ["layer_types"],
             {"full_attn_idxs": [1, 4]}),
    "granitemoehybrid": (dict(COMMON, num_local_experts=2, num_experts_per_tok=1, shared_intermediate_size=8,
                              layer_types=["mamba", "attention", "mamba", "mamba", "attention", "mamba"],
                              mamba_n_heads=4, mamba_d_head=4, mamba_n_groups=1, mamba_d_state=4, mamba_d_conv=2,
                              mamba_chunk_size=4), [], {}),
    "ernie4_5_moe": (dict(COMMON, moe_num_experts=2, moe_k=1, moe_intermediate_size=8, moe_layer_start_index=1,
                          moe_layer_end_index=4, moe_layer_interval=1, moe_num_shared_experts=1), [], {}),
    "recurrent_gemma": (dict(COMMON, lru_width=8, attention_window_size=4, head_dim=4, conv1d_width=2,
                             block_types=["recurrent", "recurrent", "attention"]), [], {}),

    # More families with one kind of layer.
    "apertus": (dict(COMMON, head_dim=4), [], {}),
    "arcee": (COMMON, [], {}),
    "ernie4_5": (dict(COMMON, head_dim=4), [], {}),
    "opt": (dict(COMMON, ffn_dim=12, word_embed_proj_dim=8), [], {}),
    "mpt": (dict(vocab_size=24, d_model=8, n_layers=LAYERS, n_heads=2, max_seq_len=64, expansion_ratio=2), [], {}),
    "gptj": (dict(GPT, rotary_dim=4), [], {}),
    "codegen": (dict(GPT, n_head=4, n_embd=16, rotary_dim=4, n_ctx=64), [], {}),
    "gpt_bigcode": (GPT, [], {}),
    "phi": (COMMON, [], {}),
    "phimoe": (dict(MOE, num_local_experts=2), [], {}),
    "cohere": (COMMON, [], {}),
    "dbrx": (dict(vocab_size=24, d_model=8, n_layers=LAYERS, n_heads=2, max_seq_len=64,
                  attn_config=dict(kv_n_heads=1, clip_qkv=8.0, rope_theta=10000.0),
                  ffn_config=dict(hidden_size=8, ffn_hidden_size=8, moe_num_experts=2, moe_top_k=1)), [], {}),
    "olmo": (COMMON, [], {}),
    "olmoe": (dict(MOE, num_key_value_heads=2), [], {}),
    "granitemoe": (dict(COMMON, num_local_experts=2, num_experts_per_tok=1), [], {}),
    "persimmon": (dict(COMMON, num_key_value_heads=2), [], {}),
    "nemotron": (COMMON, [], {}),
    "glm": (dict(COMMON, head_dim=4), [], {}),
    "glm4": (dict(COMMON, head_dim=4), [], {}),
    "helium": (dict(COMMON, head_dim=4), [], {}),
    "seed_oss": (dict(COMMON, head_dim=4), [], {}),
    "internlm3": (dict(COMMON, head_dim=4), [], {}),
    "hunyuan_v1_dense": (dict(COMMON, head_dim=4), [], {}),
    "hunyuan_v1_moe": (dict(COMMON, head_dim=4, num_experts=2, moe_topk=[1, 2, 1, 1, 2, 1]), [], {}),

    # Sliding or chunked and full attention.
    "ministral": (dict(COMMON, head_dim=4, sliding_window=4,
                       layer_types=["sliding_attention", "full_attention"] * 3), [], {}),
    "ministral3": (dict(COMMON, head_dim=4), [], {}),
    "llama4_text": (LLAMA4, ["layer_types", "no_rope_layers", "moe_layers"], {}),
    "gemma4_text": (dict(COMMON, head_dim=4, global_head_dim=8, sliding_window=4, hidden_size_per_layer_input=0,
                         layer_types=["sliding_attention", "full_attention"] * 3), [], {}),
    "dots1": (dict(SHARED_MOE, head_dim=4, sliding_window=4, max_window_layers=3), ["layer_types"], {}),
    "afmoe": (dict(MOE, head_dim=4, sliding_window=4, global_attn_every_n_layers=3, num_dense_layers=2,
                   num_shared_experts=1), ["layer_types"], {"global_attn_every_n_layers": 3}),

    "exaone_moe": (dict(MOE, head_dim=4, sliding_window=4, sliding_window_pattern=3, num_shared_experts=1,
                        first_k_dense_replace=2), ["layer_types", "mlp_layer_types"],
                   {"sliding_window_pattern": 3, "first_k_dense_replace": 2}),
    "vaultgemma": (dict(COMMON, head_dim=4, sliding_window=4, query_pre_attn_scalar=4), ["layer_types"], {}),

    # Dense layers in front of a mixture of experts.
    "deepseek_v2": (dict(SHARED_MOE, **LATENT, topk_method="greedy"), [], {}),
    "deepseek_v32": (dict(SHARED_MOE, **LATENT, n_group=2, topk_group=1, index_topk=4, index_head_dim=4,
                          index_n_heads=2), ["mlp_layer_types"], {}),
    "glm4_moe_lite": (dict(SHARED_MOE, **LATENT), ["mlp_layer_types"], {"first_k_dense_replace": 1}),
    "longcat_flash": (dict(COMMON, **LATENT, num_key_value_heads=2, num_layers=LAYERS, num_hidden_layers=2 * LAYERS,
                           ffn_hidden_size=12, expert_ffn_hidden_size=8, moe_topk=2, n_routed_experts=2,
                           zero_expert_num=1, head_dim=4), [], {}),

    # Attention among recurrent or convolutional layers.
    "bamba": (dict(COMMON, **MAMBA, attn_layer_indices=[1, 4]), [], {}),
    "falcon_h1": (dict(COMMON, **MAMBA, mamba_d_ssm=16, ssm_multipliers=[0.5, 0.6, 0.7, 0.8, 0.9],
                       mlp_multipliers=[0.9, 1.1]), [], {}),
    "nemotron_h": (dict(COMMON, hybrid_override_pattern="ME*-M*", head_dim=4, mamba_num_heads=4, mamba_head_dim=4,
                        n_groups=1, ssm_state_size=4, conv_kernel=2, chunk_size=4, n_routed_experts=2,
                        num_experts_per_tok=1, moe_intermediate_size=8, moe_shared_expert_intermediate_size=8,
                        use_mamba_kernels=False),
                   ["layers_block_type", "layer_types"],
                   {"hybrid_override_pattern": "ME*-M*", "num_hidden_layers": LAYERS}),
    "lfm2_moe": (dict(MOE, conv_L_cache=3, num_dense_layers=2,
                      layer_types=["conv", "full_attention", "conv", "conv", "full_attention", "conv"]), [], {}),
    "kimi_linear": (dict(SHARED_MOE, **dict(LATENT, q_lora_rank=None), num_experts=2, num_experts_per_token=1,
                         linear_head_dim=4, linear_num_heads=2, linear_conv_kernel_dim=2, first_k_dense_replace=2,
                         linear_attn_config=dict(KDA)),
                    ["layer_types", "mlp_layer_types", "linear_head_dim", "linear_num_heads",
                     "linear_conv_kernel_dim"],
                    {"first_k_dense_replace": 2, "linear_attn_config": KDA}),
    "qwen3_5_text": (dict(COMMON, **DELTA), ["layer_types"], {"full_attention_interval": 3}),
    "qwen3_5_moe_text": (dict(MOE, **DELTA, shared_expert_intermediate_size=8), ["layer_types"],
                         {"full_attention_interval": 3}),

    # Decoders beside towers that see; in two of them the towers have as many layers as the decoder.
    "gemma3": (dict(text_config=dict(COMMON, head_dim=4, sliding_window=4, query_pre_attn_scalar=4,
                                     sliding_window_pattern=3),
                    vision_config=dict(SIGLIP, num_hidden_layers=LAYERS), mm_tokens_per_image=4, **IMAGE),
               ["text_config.layer_types", "text_config._sliding_window_pattern"],
               {"text_config.sliding_window_pattern": 3}),
    "gemma4": (dict(text_config=dict(COMMON, head_dim=4, global_head_dim=8, sliding_window=4,
                                     hidden_size_per_layer_input=0, layer_types=["full_attention"] * LAYERS),
                    vision_config=dict(hidden_size=8, intermediate_size=8, num_hidden_layers=2,
                                       num_attention_heads=2, num_key_value_heads=2, head_dim=4, patch_size=2,
                                       position_embedding_size=4, pooling_kernel_size=1),
                    audio_config=None, image_token_id=20), [], {}),
    "llama4": (dict(text_config=LLAMA4,
                    vision_config=dict(SIGLIP, vision_output_dim=8, projector_input_dim=8, projector_output_dim=8),
                    boi_token_index=22, eoi_token_index=23, image_token_index=20),
               ["text_config.layer_types", "text_config.no_rope_layers", "text_config.moe_layers"], {}),
    "mistral3": (dict(text_config=dict(COMMON, model_type="mistral", head_dim=4),
                      vision_config=dict(SIGLIP, model_type="pixtral", head_dim=4), image_token_index=20), [], {}),
    "mllama": (dict(text_config=dict(COMMON, num_key_value_heads=2, cross_attention_layers=[1, 4]),
                    vision_config=dict(hidden_size=8, intermediate_size=8, num_hidden_layers=2, num_global_layers=1,
                                       attention_heads=2, image_size=4, patch_size=2, vision_output_dim=24,
                                       intermediate_layers_indices=[0, 1], max_num_tiles=4), image_token_index=24),
               [], {}),
    "qwen2_vl": (dict(text_config=dict(COMMON, rope_parameters=MROPE, use_sliding_window=True, sliding_window=4,
                                       max_window_layers=3),
                      vision_config=dict(depth=2, embed_dim=8, hidden_size=8, num_heads=2, mlp_ratio=1, patch_size=2),
                      **TOKENS), ["text_config.layer_types"], {}),
    "qwen2_5_vl": (dict(text_config=dict(COMMON, rope_parameters=MROPE),
                        vision_config=dict(depth=LAYERS, hidden_size=8, intermediate_size=8, out_hidden_size=8,
                                           num_heads=2, patch_size=2, fullatt_block_indexes=[1, 4]), **TOKENS),
                   [], {}),
    "qwen3_vl": (dict(text_config=dict(COMMON, head_dim=4, rope_parameters=MROPE), vision_config=QWEN3_TOWER,
                      **TOKENS), [], {}),
    "qwen3_vl_moe": (dict(text_config=dict(MOE, head_dim=4, rope_parameters=MROPE, mlp_only_layers=[0, 2],
                                           decoder_sparse_step=1), vision_config=QWEN3_TOWER, **TOKENS), [], {}),
    "qwen3_5": (dict(text_config=dict(COMMON, **DELTA), vision_config=QWEN35_TOWER, **TOKENS),
                ["text_config.layer_types"], {"text_config.full_attention_interval": 3}),
    "qwen3_5_moe": (dict(text_config=dict(MOE, **DELTA, shared_expert_intermediate_size=8),
                         vision_config=QWEN35_TOWER, **TOKENS),
                    ["text_config.layer_types"], {"text_config.full_attention_interval": 3}),
    "glm4v_moe": (dict(text_config=dict(SHARED_MOE, head_dim=4, rope_parameters=dict(MROPE, mrope_section=[1, 0, 0])),
                       vision_config=dict(depth=2, hidden_size=8, intermediate_size=8, out_hidden_size=8, num_heads=2,
                                          patch_size=2, image_size=4), **TOKENS), [], {}),

    # Families that cannot be cut; detach must say so.
    "gemma3n_text": (dict(COMMON, head_dim=4, sliding_window=4, num_kv_shared_layers=2, laurel_rank=2,
                          hidden_size_per_layer_input=2, vocab_size_per_layer_input=24, altup_num_inputs=2,
                          layer_types=["sliding_attention", "full_attention"] * 3), [], {}),
    "zamba": (dict(COMMON, num_key_value_heads=2, mamba_d_state=2, mamba_d_conv=2, mamba_dt_rank=2, n_mamba_heads=2,
                   use_mamba_kernels=False,
                   layers_block_type=["mamba", "hybrid", "mamba", "mamba", "hybrid", "mamba"]), [], {}),
    "zamba2": (dict(COMMON, num_key_value_heads=2, mamba_d_state=2, mamba_d_conv=2, n_mamba_heads=4, chunk_size=4,
                    use_mamba_kernels=False, adapter_rank=2,
                    layers_block_type=["mamba", "hybrid", "mamba", "mamba", "hybrid", "mamba"]), [], {}),
}


def holder(config, parents):
    """The object of a config below the given keys."""
    for parent in parents:
        config = config[parent]
    return config


def generate(name):
    values, removed, added = FAMILIES[name]
    values = dict(values)
    config = transformers.AutoConfig.for_model(values.pop("model_type", name), **values)
    torch.manual_seed(1601)
    sees = "vision_config" in values
    auto = transformers.AutoModelForImageTextToText if sees else transformers.AutoModelForCausalLM
    model = auto.from_config(config, dtype=torch.float32)
    # The usual initial values are too small to tell layers apart, and zeros hide missing biases.
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, mean=0.05, std=0.3)
    for buffer in {name: b for name, b in model.named_buffers() if name in model.state_dict()}.values():
        if buffer.is_floating_point():
            torch.nn.init.uniform_(buffer, 0.5, 1.5)
    directory = HERE / name
    shutil.rmtree(directory, ignore_errors=True)
    model.save_pretrained(directory)
    # Weights files come with mode 0600; version control knows only 0644.
    os.chmod(directory / "model.safetensors", 0o644)
    (directory / "generation_config.json").unlink(missing_ok=True)
    path = directory / "config.json"
    config = json.loads(path.read_text())
    for key in removed:
        *parents, last = key.split(".")
        holder(config, parents).pop(last, None)
    for key, value in added.items():
        *parents, last = key.split(".")
        holder(config, parents)[last] = value
    path.write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for name in sys.argv[1:] or FAMILIES:
        try:
            generate(name)
        except Exception as error:  # every family is tried; the failed ones are named
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
