"""Writes tiny random checkpoints, one directory per family, for the tests of surgery.

Made with transformers 5.23.0, torch 2.15.0, safetensors 0.8.0; seed 1601 for every model. Run it again from this
directory; it replaces the family directories. Widths are as small as the families allow, weights are float32 so that
the oracle (see check_oracle.py) is exact.

Configs are then edited by hand where hub files differ from what transformers writes: lists that newer writers
materialise are removed, so that the rules by which families compute them are exercised.
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
}


def generate(name):
    values, removed, added = FAMILIES[name]
    values = dict(values)
    config = transformers.AutoConfig.for_model(values.pop("model_type", name), **values)
    torch.manual_seed(1601)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    # The usual initial values are too small to tell layers apart, and zeros hide missing biases.
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, mean=0.05, std=0.3)
    directory = HERE / name
    shutil.rmtree(directory, ignore_errors=True)
    model.save_pretrained(directory)
    # Weights files come with mode 0600; version control knows only 0644.
    os.chmod(directory / "model.safetensors", 0o644)
    (directory / "generation_config.json").unlink(missing_ok=True)
    path = directory / "config.json"
    config = json.loads(path.read_text())
    for key in removed:
        config.pop(key, None)
    config.update(added)
    path.write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    for name in sys.argv[1:] or FAMILIES:
        try:
            generate(name)
        except Exception as error:  # every family is tried; the failed ones are named
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
