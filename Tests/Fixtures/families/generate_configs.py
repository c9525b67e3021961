"""Writes configs.json: what transformers takes spellings of config.json for.

    python Tests/Fixtures/families/generate_configs.py

Made with transformers 5.24.0; nothing is random. A list of [name, given, meant]: `given` is a config.json in a spelling that models are
published with, or with nothing but the sizes that no default stands for; `meant` is the same after transformers read it and wrote it again,
with every default filled in.
"""

import json
import pathlib

from transformers import AutoConfig
from transformers.utils import logging

HERE = pathlib.Path(__file__).parent

BARE_SHAPE = dict(hidden_size=1024, intermediate_size=96, num_hidden_layers=6, num_attention_heads=64, vocab_size=320)
BARE = dict.fromkeys("""llama mistral ministral qwen2 qwen3 gemma gemma2 gemma3_text phi3 olmo2 olmo3 smollm3 granite cohere cohere2
stablelm starcoder2 exaone exaone4 gpt_neox mixtral qwen3_moe olmoe""".split(), BARE_SHAPE) | dict(
    gemma3=dict(text_config={"model_type": "gemma3_text"}),
    gpt2=dict(n_embd=256, n_layer=6, n_head=16, vocab_size=320),
    bloom=dict(hidden_size=256, n_layer=6, n_head=16, vocab_size=320),
    falcon=dict(hidden_size=256, num_hidden_layers=6, num_attention_heads=16, vocab_size=320),
    opt=dict(hidden_size=256, ffn_dim=96, num_hidden_layers=6, num_attention_heads=16, vocab_size=320, word_embed_proj_dim=256),
    xglm=dict(d_model=256, ffn_dim=96, num_layers=6, attention_heads=16, vocab_size=320))

# What no decoder computes with.
IGNORED = set("""_name_or_path architectures attention_dropout attn_pdrop bos_token_id boi_token_index chunk_size_feed_forward
classifier_dropout decoder_start_token_id dropout dtype embd_pdrop embedding_dropout eoi_token_index eos_token_id hidden_dropout id2label
image_token_index init_std initializer_range is_decoder is_encoder_decoder label2id layerdrop mm_tokens_per_image output_attentions
output_hidden_states output_router_logits pad_token_id pretraining_tp problem_type resid_pdrop residual_dropout return_dict
router_aux_loss_coef router_jitter_noise slow_but_exact summary_activation summary_first_dropout summary_proj_to_labels summary_type
summary_use_proj transformers_version use_cache vision_config activation_dropout reorder_and_upcast_attn""".split())

SHAPE = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=6, num_attention_heads=4, num_key_value_heads=2, vocab_size=320)


def short(count=4, start=1.0, step=0.25):
    return [start + step * index for index in range(count)]


# Spellings under which checkpoints are published, at small sizes: heads of 16 channels unless something else is said.
PUBLISHED = {
    "Llama 2": dict(model_type="llama", max_position_embeddings=4096, pretraining_tp=1, rms_norm_eps=1e-05, rope_scaling=None,
                    tie_word_embeddings=False, hidden_act="silu"),
    "Llama 3": dict(model_type="llama", max_position_embeddings=8192, attention_bias=False, rms_norm_eps=1e-05, rope_scaling=None,
                    rope_theta=500000.0),
    "Llama 3.1": dict(model_type="llama", max_position_embeddings=131072, mlp_bias=False, rms_norm_eps=1e-05, rope_theta=500000.0,
                      rope_scaling=dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192,
                                        rope_type="llama3")),
    "Llama 3.2": dict(model_type="llama", max_position_embeddings=131072, head_dim=64, rms_norm_eps=1e-05, rope_theta=500000.0,
                      tie_word_embeddings=True,
                      rope_scaling=dict(factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192,
                                        rope_type="llama3")),
    "Llama, linear": dict(model_type="llama", max_position_embeddings=8192, rope_scaling=dict(type="linear", factor=2.0)),
    "Llama, dynamic": dict(model_type="llama", max_position_embeddings=4096, rope_scaling=dict(type="dynamic", factor=2.0)),
    "Llama, YaRN": dict(model_type="llama", max_position_embeddings=65536,
                        rope_scaling=dict(type="yarn", factor=16.0, original_max_position_embeddings=4096, finetuned=True)),
    "Llama, YaRN without original length": dict(model_type="llama", max_position_embeddings=4096, rope_theta=50000.0,
                                                rope_scaling=dict(rope_type="yarn", factor=4.0)),
    "Mistral 0.1": dict(model_type="mistral", hidden_act="silu", max_position_embeddings=32768, rms_norm_eps=1e-05, rope_theta=10000.0,
                        sliding_window=4096),
    "Mistral 0.3": dict(model_type="mistral", max_position_embeddings=32768, rope_theta=1000000.0, sliding_window=None),
    "Mistral Nemo": dict(model_type="mistral", head_dim=32, max_position_embeddings=1024000, rope_theta=1000000.0, sliding_window=None),
    "Ministral 8B": dict(model_type="mistral", head_dim=16, max_position_embeddings=32768, rope_theta=100000000.0, sliding_window=32768),
    "Qwen 2": dict(model_type="qwen2", max_position_embeddings=32768, max_window_layers=28, rms_norm_eps=1e-06, rope_theta=1000000.0,
                   sliding_window=131072, tie_word_embeddings=True, use_sliding_window=False),
    "Qwen 2.5 with YaRN": dict(model_type="qwen2", max_position_embeddings=32768, max_window_layers=28, rope_theta=1000000.0,
                               sliding_window=None, use_sliding_window=False,
                               rope_scaling=dict(factor=4.0, original_max_position_embeddings=32768, type="yarn")),
    "Qwen 2, mixed windows": dict(model_type="qwen2", max_position_embeddings=32768, max_window_layers=4, sliding_window=1024,
                                  use_sliding_window=True),
    "Qwen 3": dict(model_type="qwen3", attention_bias=False, head_dim=32, max_position_embeddings=40960, max_window_layers=36,
                   rope_scaling=None, rope_theta=1000000, sliding_window=None, use_sliding_window=False, tie_word_embeddings=True),
    "Qwen 3 with YaRN": dict(model_type="qwen3", max_position_embeddings=40960, rope_theta=1000000,
                             rope_scaling=dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=32768)),
    "Gemma": dict(model_type="gemma", head_dim=32, hidden_act="gelu", hidden_activation=None, max_position_embeddings=8192,
                  rms_norm_eps=1e-06, rope_scaling=None, rope_theta=10000.0),
    "Gemma 2": dict(model_type="gemma2", attn_logit_softcapping=50.0, cache_implementation="hybrid", final_logit_softcapping=30.0,
                    head_dim=32, hidden_act="gelu_pytorch_tanh", hidden_activation="gelu_pytorch_tanh", query_pre_attn_scalar=224,
                    rope_theta=10000.0, sliding_window=4096, sliding_window_size=4096),
    "Gemma 2 without caps": dict(model_type="gemma2", attn_logit_softcapping=None, final_logit_softcapping=None, head_dim=32),
    "Gemma 3 1B": dict(model_type="gemma3_text", attn_logit_softcapping=None, final_logit_softcapping=None, head_dim=32,
                       hidden_activation="gelu_pytorch_tanh", max_position_embeddings=32768, query_pre_attn_scalar=256,
                       rope_local_base_freq=10000, rope_scaling=None, rope_theta=1000000, sliding_window=512, sliding_window_pattern=6),
    "Gemma 3 4B": dict(model_type="gemma3", architectures=["Gemma3ForConditionalGeneration"], text_config=dict(
        hidden_size=2560, intermediate_size=10240, model_type="gemma3_text", num_hidden_layers=34,
        rope_scaling=dict(factor=8.0, rope_type="linear"), sliding_window=1024)),
    "Gemma 3 27B": dict(model_type="gemma3", architectures=["Gemma3ForConditionalGeneration"], text_config=dict(
        head_dim=128, hidden_size=5376, intermediate_size=21504, model_type="gemma3_text", num_attention_heads=32, num_hidden_layers=62,
        num_key_value_heads=16, query_pre_attn_scalar=168, rope_scaling=dict(factor=8.0, rope_type="linear"), sliding_window=1024)),
    "Phi-3 mini 4k": dict(model_type="phi3", max_position_embeddings=4096, original_max_position_embeddings=4096, rms_norm_eps=1e-05,
                          rope_scaling=None, rope_theta=10000.0, sliding_window=2047),
    "Phi-3.5 mini": dict(model_type="phi3", max_position_embeddings=131072, original_max_position_embeddings=4096,
                         sliding_window=262144, rope_scaling=dict(short_factor=short(8), long_factor=short(8, 2.0), type="longrope")),
    "Phi-4": dict(model_type="phi3", max_position_embeddings=16384, original_max_position_embeddings=16384, rope_scaling=None,
                  rope_theta=250000, sliding_window=None),
    "Phi-4 mini": dict(model_type="phi3", max_position_embeddings=131072, original_max_position_embeddings=4096, tie_word_embeddings=True,
                       partial_rotary_factor=0.75, sliding_window=262144,
                       rope_scaling=dict(short_factor=short(6), long_factor=short(6, 2.0), type="longrope")),
    "OLMo 2": dict(model_type="olmo2", max_position_embeddings=4096, rms_norm_eps=1e-06, rope_scaling=None, rope_theta=500000),
    "OLMo 3": dict(model_type="olmo3", max_position_embeddings=65536, rms_norm_eps=1e-06, rope_theta=500000, sliding_window=4096,
                   layer_types=["sliding_attention"] * 3 + ["full_attention"] + ["sliding_attention"] * 2,
                   rope_scaling=dict(attention_factor=1.2079441541679836, beta_fast=32, beta_slow=1, factor=8.0,
                                     original_max_position_embeddings=8192, rope_type="yarn")),
    "SmolLM2": dict(model_type="llama", max_position_embeddings=8192, rms_norm_eps=1e-05, rope_interleaved=False, rope_theta=100000,
                    tie_word_embeddings=True, is_llama_config=True),
    "SmolLM3": dict(model_type="smollm3", max_position_embeddings=65536, max_window_layers=28, no_rope_layer_interval=4,
                    no_rope_layers=[1, 1, 1, 0, 1, 1], rope_scaling=None, rope_theta=5000000.0, sliding_window=None,
                    use_sliding_window=False),
    "Granite 3": dict(model_type="granite", attention_multiplier=0.015625, embedding_multiplier=12.0, logits_scaling=8.0,
                      residual_multiplier=0.22, rms_norm_eps=1e-05, rope_theta=10000000.0, tie_word_embeddings=True),
    "Command R": dict(model_type="cohere", layer_norm_eps=1e-05, logit_scale=0.0625, max_position_embeddings=8192,
                      model_max_length=131072, rope_theta=8000000.0),
    "Command R+": dict(model_type="cohere", logit_scale=0.8333333333333334, rope_theta=75000000.0, use_qk_norm=True),
    "Command R7B": dict(model_type="cohere2", head_dim=16, layer_switch=4, logit_scale=0.25, max_position_embeddings=8192,
                        order_of_interleaved_layers="local_attn_first", position_embedding_type="rope_gptj", rope_scaling=None,
                        rope_theta=50000, rotary_pct=1.0, sliding_window=4096, sliding_window_pattern=4, use_embedding_sharing=True,
                        use_gated_activation=True, use_parallel_block=True, use_parallel_embedding=True),
    "StableLM 3B": dict(model_type="stablelm", layer_norm_eps=1e-05, partial_rotary_factor=0.25, rope_theta=10000, use_qkv_bias=False),
    "StableLM 2 1.6B": dict(model_type="stablelm", layer_norm_eps=1e-05, partial_rotary_factor=0.25, rope_theta=10000, use_qkv_bias=True),
    "StableLM 2 12B": dict(model_type="stablelm", partial_rotary_factor=0.25, qk_layernorm=True, use_parallel_residual=True),
    "StarCoder2": dict(model_type="starcoder2", hidden_act="gelu_pytorch_tanh", activation_function="gelu", mlp_type="default",
                       norm_epsilon=1e-05, norm_type="layer_norm", rope_theta=999999.4420358813, sliding_window=4096, use_bias=True),
    "EXAONE 3.5": dict(model_type="exaone", activation_function="silu", head_dim=16, layer_norm_epsilon=1e-05, num_layers=6,
                       max_position_embeddings=32768, rope_theta=1000000.0, tie_word_embeddings=True, num_hidden_layers=None,
                       rope_scaling=dict(factor=8.0, high_freq_factor=4.0, low_freq_factor=1.0, original_max_position_embeddings=8192,
                                         rope_type="llama3")),
    "EXAONE 4": dict(model_type="exaone4", head_dim=16, max_position_embeddings=131072, rms_norm_eps=1e-05, rope_theta=1000000,
                     sliding_window=4096, sliding_window_pattern="LLLG",
                     layer_types=["sliding_attention"] * 3 + ["full_attention", "sliding_attention", "full_attention"],
                     rope_scaling=dict(factor=16.0, high_freq_factor=4.0, low_freq_factor=1.0, original_max_position_embeddings=8192,
                                       rope_type="llama3")),
    "EXAONE 4 1.2B": dict(model_type="exaone4", max_position_embeddings=65536, sliding_window=None, sliding_window_pattern=None,
                          layer_types=["full_attention"] * 6, rope_theta=1000000),
    "GPT-2": dict(model_type="gpt2", activation_function="gelu_new", layer_norm_epsilon=1e-05, n_ctx=1024, n_embd=64, n_head=4, n_layer=6,
                  n_positions=1024, vocab_size=320),
    "Pythia": dict(model_type="gpt_neox", hidden_act="gelu", layer_norm_eps=1e-05, max_position_embeddings=2048, rotary_emb_base=10000,
                   rotary_pct=0.25, tie_word_embeddings=False, use_parallel_residual=True),
    "BLOOM": dict(model_type="bloom", apply_residual_connection_post_layernorm=False, attention_softmax_in_fp32=True, bias_dropout_fusion=True,
                  layer_norm_epsilon=1e-05, n_head=4, n_layer=6, n_embed=64, offset_alibi=100, seq_length=2048, vocab_size=320,
                  masked_softmax_fusion=True, skip_bias_add=True),
    "BLOOM, other names": dict(model_type="bloom", hidden_size=64, num_attention_heads=4, n_layer=6, vocab_size=320),
    "Falcon 7B": dict(model_type="falcon", alibi=False, bias=False, hidden_size=64, multi_query=True, new_decoder_architecture=False,
                      num_attention_heads=4, num_hidden_layers=6, parallel_attn=True, vocab_size=320),
    "Falcon 40B": dict(model_type="falcon", alibi=False, bias=False, hidden_size=64, multi_query=True, new_decoder_architecture=True,
                       num_attention_heads=4, num_hidden_layers=6, num_kv_heads=2, parallel_attn=True, vocab_size=320),
    "Falcon 11B": dict(model_type="falcon", alibi=False, bias=False, ffn_hidden_size=96, ff_factor=4, hidden_size=64, multi_query=True,
                       max_position_embeddings=8192, new_decoder_architecture=True, num_attention_heads=4, num_hidden_layers=6, num_kv_heads=2,
                       num_ln_in_parallel_attn=1, parallel_attn=True, rope_theta=500042.0, vocab_size=320, tie_word_embeddings=False),
    "Falcon RW": dict(model_type="falcon", alibi=True, bias=True, hidden_size=64, multi_query=False, new_decoder_architecture=False,
                      num_attention_heads=4, num_hidden_layers=6, parallel_attn=False, vocab_size=320),
    "Falcon 3": dict(model_type="llama", head_dim=32, max_position_embeddings=32768, rope_scaling=None, rope_theta=1000042,
                     rms_norm_eps=1e-06),
    "OPT": dict(model_type="opt", activation_function="relu", do_layer_norm_before=True, ffn_dim=96, hidden_size=64,
                max_position_embeddings=2048, num_attention_heads=4, num_hidden_layers=6, vocab_size=320, word_embed_proj_dim=64, prefix="</s>"),
    "XGLM": dict(model_type="xglm", activation_function="gelu", attention_heads=4, d_model=64, ffn_dim=96, max_position_embeddings=2048,
                 num_layers=6, scale_embedding=True, vocab_size=320),
}


def meant(given):
    """What transformers makes of a config."""
    written = AutoConfig.for_model(given["model_type"]).__class__.from_dict(given).to_dict()
    def kept(value):
        if isinstance(value, dict):
            return {key: kept(item) for key, item in value.items() if key not in IGNORED}
        return value
    return kept(written)


def main():
    logging.set_verbosity_error()
    rows = []
    for kind, sizes in BARE.items():
        given = dict(model_type=kind) | sizes
        rows.append([f"{kind}, sizes only", given, meant(given)])
    for name, config in PUBLISHED.items():
        own = {"hidden_size", "text_config", "d_model", "n_embd", "n_embed"} & set(config)
        given = {key: value for key, value in (config if own else SHAPE | config).items() if value is not None or key != "num_hidden_layers"}
        rows.append([name, given, meant(given)])
    text = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    (HERE / "configs.json").write_text("[" + text + "]\n")


if __name__ == "__main__":
    main()
