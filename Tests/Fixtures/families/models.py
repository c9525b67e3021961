"""The tiny models of the families: for each the arguments of its transformers config.

Keys beside `type` and `config`: `dtype` of the stored weights, `respell` turns config.json into the spelling of older versions,
`attention` is the implementation of the reference, `renames` turns parameter names into stored ones, `experts` are the ends of an
expert's matrices there: gate, up and down. Windows are shorter than the texts, caps bite, and every switch that a family has is set in
one of its models.
"""

import torch

HEADS = dict(num_attention_heads=2, num_key_value_heads=1)
SMALL = dict(hidden_size=16, intermediate_size=20, num_hidden_layers=2, max_position_embeddings=32, **HEADS)
DEEP = SMALL | dict(num_hidden_layers=3)
ENDS = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)


def rope(kind, theta=10000.0, **more):
    return {"rope_type": kind, "rope_theta": theta, **more}


def old_rope(text, type_key="type"):
    """rope_theta and rope_scaling beside each other, and torch_dtype, as before transformers 5."""
    parameters = text.pop("rope_parameters")
    text["rope_theta"] = parameters.pop("rope_theta")
    if "partial_rotary_factor" in parameters:
        text["partial_rotary_factor"] = parameters.pop("partial_rotary_factor")
    kind = parameters.pop("rope_type")
    if kind != "default":
        text["rope_scaling"] = {type_key: kind, **parameters}
    text["torch_dtype"] = text.pop("dtype")


def old_windows(text):
    old_rope(text)
    text.pop("layer_types")


def old_gemma3(text):
    parameters = text.pop("rope_parameters")
    full = parameters["full_attention"]
    text["rope_theta"] = full.pop("rope_theta")
    text["rope_local_base_freq"] = parameters["sliding_attention"]["rope_theta"]
    text["rope_scaling"] = full
    text["sliding_window_pattern"] = text.pop("_sliding_window_pattern", 3)
    text["torch_dtype"] = text.pop("dtype")
    text.pop("layer_types")


def old_olmo3(text):
    parameters = text.pop("rope_parameters")
    full = parameters["full_attention"]
    text["rope_theta"] = full.pop("rope_theta")
    text["rope_scaling"] = full
    text["torch_dtype"] = text.pop("dtype")
    text.pop("layer_types")


def without(*keys):
    def respell(text):
        for key in keys:
            text.pop(key, None)
    return respell


MODELS = {
    # Llama: every stretching of the rotation, biases, both spellings. Texts are up to 16 tokens long.
    "llama-linear": dict(type="llama", respell=old_rope, config=SMALL | ENDS | dict(
        attention_bias=True, mlp_bias=True, rope_parameters=rope("linear", factor=4.0))),
    "llama-dynamic": dict(type="llama", respell=old_rope, config=SMALL | ENDS | dict(
        max_position_embeddings=8, rope_parameters=rope("dynamic", factor=4.0))),
    "llama-llama3": dict(type="llama", config=SMALL | ENDS | dict(
        tie_word_embeddings=True,
        rope_parameters=rope("llama3", 500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                             original_max_position_embeddings=16))),
    "llama-yarn": dict(type="llama", config=SMALL | ENDS | dict(
        rope_parameters=rope("yarn", 100.0, factor=4.0, original_max_position_embeddings=64, beta_fast=4.0, beta_slow=0.5,
                             mscale=1.5, mscale_all_dim=0.5, truncate=False))),
    "llama-longrope": dict(type="llama", config=SMALL | ENDS | dict(
        rope_parameters=rope("longrope", 100.0, original_max_position_embeddings=8,
                             short_factor=[1.0, 1.1, 1.3, 1.7], long_factor=[1.5, 2.5, 4.0, 8.0]))),
    # Windows.
    "mistral": dict(type="mistral", respell=old_rope, config=SMALL | ENDS | dict(head_dim=12, sliding_window=5)),
    "ministral": dict(type="ministral", config=SMALL | ENDS | dict(
        head_dim=8, sliding_window=4, layer_types=["full_attention", "sliding_attention"])),
    "qwen2": dict(type="qwen2", respell=old_windows, dtype=torch.bfloat16, config=DEEP | ENDS | dict(
        use_sliding_window=True, sliding_window=5, max_window_layers=1)),
    "qwen3": dict(type="qwen3", config=SMALL | ENDS | dict(
        head_dim=12, use_sliding_window=True, sliding_window=4, layer_types=["sliding_attention", "full_attention"])),
    "smollm3": dict(type="smollm3", config=DEEP | ENDS | dict(
        no_rope_layers=[1, 0, 1], use_sliding_window=True, sliding_window=6,
        layer_types=["full_attention", "sliding_attention", "full_attention"], rope_parameters=rope("default", 50000.0))),
    # Gemma.
    "gemma": dict(type="gemma", respell=lambda text: (old_rope(text), text.update(hidden_act="gelu")), dtype=torch.bfloat16,
                  config=SMALL | ENDS | dict(head_dim=12)),
    "gemma2": dict(type="gemma2", respell=old_windows, config=SMALL | ENDS | dict(
        head_dim=8, query_pre_attn_scalar=5, sliding_window=5, attn_logit_softcapping=2.5, final_logit_softcapping=4.0)),
    "gemma3-old": dict(type="gemma3_text", respell=old_gemma3, config=DEEP | ENDS | dict(
        head_dim=8, query_pre_attn_scalar=12, sliding_window=5, sliding_window_pattern=3,
        rope_parameters={"full_attention": rope("linear", 50000.0, factor=4.0), "sliding_attention": rope("default", 100.0)})),
    "gemma3": dict(type="gemma3_text", config=SMALL | ENDS | dict(
        head_dim=8, query_pre_attn_scalar=8, sliding_window=4, layer_types=["sliding_attention", "full_attention"],
        final_logit_softcapping=5.0,
        rope_parameters={"full_attention": rope("default", 50000.0), "sliding_attention": rope("default", 50.0)})),
    # Fused and partly rotated.
    "phi3": dict(type="phi3", config=SMALL | ENDS | dict(
        original_max_position_embeddings=8, sliding_window=6,
        rope_parameters=rope("longrope", partial_rotary_factor=0.5, short_factor=[1.0, 1.5], long_factor=[2.0, 6.0]))),
    "starcoder2": dict(type="starcoder2", config=SMALL | ENDS | dict(sliding_window=5)),
    "exaone": dict(type="exaone", config=SMALL | ENDS | dict(head_dim=8), renames=[
        (r"model\.embed_tokens", "transformer.wte"), (r"model\.layers", "transformer.h"), (r"model\.norm", "transformer.ln_f"),
        (r"self_attn\.o_proj", "self_attn.out_proj"), (r"self_attn", "attn.attention"), ("input_layernorm", "ln_1"),
        ("post_attention_layernorm", "ln_2"), ("gate_proj", "c_fc_0"), ("up_proj", "c_fc_1"), ("down_proj", "c_proj")]),
    # Norms behind, and on queries and keys.
    "olmo2": dict(type="olmo2", config=SMALL | ENDS | dict(rope_parameters=rope("default", 500.0))),
    "olmo3": dict(type="olmo3", respell=old_olmo3, config=SMALL | ENDS | dict(
        num_hidden_layers=4, intermediate_size=12, sliding_window=5,
        rope_parameters={
            "full_attention": rope("yarn", 100.0, factor=4.0, original_max_position_embeddings=141, beta_fast=4.0, beta_slow=1.75,
                                   attention_factor=1.2),
            "sliding_attention": rope("default", 100.0)})),
    "exaone4": dict(type="exaone4", config=SMALL | ENDS | dict(
        sliding_window=5, layer_types=["sliding_attention", "full_attention"])),
    # Multipliers.
    "granite": dict(type="granite", respell=old_rope, dtype=torch.float16, config=SMALL | ENDS | dict(
        attention_bias=True, embedding_multiplier=3.0, residual_multiplier=0.7, attention_multiplier=0.5, logits_scaling=3.0)),
    # Parallel blocks.
    "cohere": dict(type="cohere", config=SMALL | ENDS | dict(use_qk_norm=True, attention_bias=True, logit_scale=0.3)),
    "cohere2": dict(type="cohere2", respell=lambda text: (old_windows(text), text.update(sliding_window_pattern=2)),
                    config=SMALL | ENDS | dict(sliding_window=5, sliding_window_pattern=2, logit_scale=0.25)),
    "stablelm": dict(type="stablelm", config=SMALL | ENDS | dict(
        use_qkv_bias=True, qk_layernorm=True, rope_parameters=rope("default", partial_rotary_factor=0.5))),
    "stablelm-parallel": dict(type="stablelm", respell=old_rope, config=SMALL | ENDS | dict(
        use_parallel_residual=True, num_key_value_heads=2, rope_parameters=rope("default", partial_rotary_factor=0.75))),
    "gpt_neox": dict(type="gpt_neox", renames=[("lm_head", "embed_out")], config=dict(
        hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=32,
        rope_parameters=rope("default", partial_rotary_factor=0.5)) | ENDS),
    "gpt_neox-sequence": dict(type="gpt_neox", renames=[("lm_head", "embed_out")], respell=lambda text: text.update(
        rotary_pct=(rope := text.pop("rope_parameters"))["partial_rotary_factor"], rotary_emb_base=rope["rope_theta"]), config=dict(
        hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=32,
        use_parallel_residual=False, attention_bias=False, hidden_act="gelu_fast",
        rope_parameters=rope("default", 1000.0, partial_rotary_factor=0.75)) | ENDS),
    "falcon": dict(type="falcon", config=dict(
        hidden_size=32, ffn_hidden_size=20, num_hidden_layers=2, num_attention_heads=4, num_kv_heads=2, bias=True,
        new_decoder_architecture=True, max_position_embeddings=32) | ENDS),
    "falcon-one-norm": dict(type="falcon", config=dict(
        hidden_size=32, ffn_hidden_size=20, num_hidden_layers=2, num_attention_heads=4, num_kv_heads=2, num_ln_in_parallel_attn=1,
        new_decoder_architecture=True, max_position_embeddings=32, tie_word_embeddings=False) | ENDS),
    "falcon-multi-query": dict(type="falcon", config=dict(
        hidden_size=24, ffn_hidden_size=20, num_hidden_layers=2, num_attention_heads=3, multi_query=True,
        max_position_embeddings=32) | ENDS),
    "falcon-alibi": dict(type="falcon", attention="sdpa", config=dict(
        hidden_size=16, ffn_hidden_size=20, num_hidden_layers=2, num_attention_heads=2, multi_query=False, parallel_attn=False,
        bias=True, alibi=True, max_position_embeddings=32) | ENDS),
    # Positions that are added.
    "gpt2": dict(type="gpt2", config=dict(
        n_embd=16, n_inner=20, n_layer=2, n_head=2, n_positions=20, scale_attn_by_inverse_layer_idx=True) | ENDS),
    "bloom": dict(type="bloom", config=dict(hidden_size=24, n_layer=2, n_head=3) | ENDS),
    "opt": dict(type="opt", config=dict(
        hidden_size=16, ffn_dim=20, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=20) | ENDS),
    "xglm": dict(type="xglm", config=dict(
        d_model=16, ffn_dim=20, num_layers=2, attention_heads=2, max_position_embeddings=20) | ENDS),
    # Experts: weights that sum to 1 and that do not, layers without, more of them than tokens take.
    "mixtral": dict(type="mixtral", renames=[(r"\.mlp\.", ".block_sparse_moe.")], experts=["w1", "w3", "w2"], config=SMALL | ENDS | dict(
        intermediate_size=12, num_local_experts=4, num_experts_per_tok=2, sliding_window=5)),
    "qwen3_moe": dict(type="qwen3_moe", respell=lambda text: text.update(num_experts=text.pop("num_local_experts", text.get("num_experts"))),
                      config=DEEP | ENDS | dict(
        head_dim=12, num_experts=5, num_experts_per_tok=3, moe_intermediate_size=8, norm_topk_prob=False, mlp_only_layers=[1],
        use_sliding_window=True, sliding_window=4)),
    "qwen3_moe-normed": dict(type="qwen3_moe", dtype=torch.bfloat16, config=SMALL | ENDS | dict(
        head_dim=8, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=12, norm_topk_prob=True)),
    "olmoe": dict(type="olmoe", config=SMALL | ENDS | dict(
        intermediate_size=8, num_experts=6, num_experts_per_tok=2, norm_topk_prob=False)),
}
