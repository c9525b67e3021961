"""Writes matrices in fp8 with the values that torch makes of them, and a model in fp8 with what transformers makes of it.

    python Tests/Fixtures/float8/generate.py

Made with torch 2.15.0, transformers 5.24.0, accelerate 1.15.0 and safetensors 0.8.0 on one thread; seed 0.

    blocks.safetensors
        codes.weight, codes.weight_scale_inv      F8_E4M3 [16, 16] of all 256 codes, F32 [1, 1]: a block of 128 x 128 that it does not fill
        uneven.weight, uneven.weight_scale_inv    F8_E4M3 [7, 10], BF16 [3, 3]: blocks of 3 x 4, the last ones cut
        powers.weight, powers.weight_scale_inv    F8_E4M3 [16, 16] of all codes, F8_E8M0 [16, 16] of all codes: blocks of 1 x 1
        single.weight, single.weight_scale_inv    F8_E4M3 [5, 3], F32 scalar
        NAME.expected                             F32: element times scale
    MODEL/config.json, MODEL/model.safetensors    a tiny Qwen 3 and one with experts: projections in fp8, all else in bf16
    MODEL/expected.safetensors
        NAME                                      BF16: every parameter as transformers dequantises it
        ids                                       I32 [N]
        logits                                    F64 [N, V] of the model whose matrices are element times scale in f32
        f32_error.logits                          F64 [2]: the same model in float32, greatest absolute error and norm of the error
"""

import contextlib
import json
import pathlib
import shutil
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, Qwen3Config, Qwen3MoeConfig

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "families"))
from generate import Widened, load
BLOCK = (4, 8)
SMALL = dict(
    hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, head_dim=8, vocab_size=31,
    max_position_embeddings=32, bos_token_id=1, eos_token_id=2, pad_token_id=0)
MODELS = {
    "qwen3": Qwen3Config(**SMALL),
    "qwen3_moe": Qwen3MoeConfig(**SMALL, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=8, norm_topk_prob=True),
}


def expected(weight, scale, block):
    rows, columns = weight.shape
    grid = scale.float().repeat_interleave(block[0], 0).repeat_interleave(block[1], 1)[:rows, :columns]
    return weight.float() * grid


def matrices():
    codes = torch.arange(256, dtype=torch.uint8).view(16, 16)
    weights = {
        "codes": codes.view(torch.float8_e4m3fn), "uneven": torch.randn(7, 10).to(torch.float8_e4m3fn),
        "powers": codes.clone().view(torch.float8_e4m3fn), "single": torch.randn(5, 3).to(torch.float8_e4m3fn)}
    scales = {
        "codes": torch.rand(1, 1) + 0.1, "uneven": (torch.rand(3, 3) + 0.1).bfloat16(),
        "powers": codes.flip(0, 1).contiguous().view(torch.float8_e8m0fnu), "single": torch.tensor(0.0123)}
    tensors = {}
    for name, block in (("codes", (128, 128)), ("uneven", (3, 4)), ("powers", (1, 1)), ("single", (5, 3))):
        weight, scale = weights[name], scales[name]
        tensors |= {f"{name}.weight": weight, f"{name}.weight_scale_inv": scale}
        tensors[f"{name}.expected"] = expected(weight, scale.view(1, 1) if scale.ndim == 0 else scale, block)
    save_file(tensors, HERE / "blocks.safetensors")


def quantized(weight):
    """As servers' tools do it: a block's greatest magnitude becomes 448."""
    rows, columns = weight.shape
    blocks = weight.float().view(rows // BLOCK[0], BLOCK[0], columns // BLOCK[1], BLOCK[1])
    scale = blocks.abs().amax((1, 3)) / 448
    elements = (blocks / scale[:, None, :, None]).view(rows, columns).to(torch.float8_e4m3fn)
    return elements, scale


def model(name, config):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    net = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    for parameter in net.parameters():
        noise = torch.randn(parameter.shape)
        parameter.data = (1 + noise / 10 if parameter.ndim == 1 else noise / 2).bfloat16()
    net.save_pretrained(folder)
    (folder / "generation_config.json").unlink()
    wide, narrow, exact = load_file(folder / "model.safetensors"), {}, {}
    for key, value in wide.items():
        if key.endswith("_proj.weight"):
            narrow[key], narrow[key + "_scale_inv"] = quantized(value)
            exact[key] = expected(narrow[key], narrow[key + "_scale_inv"], BLOCK)
        else:
            narrow[key] = exact[key] = value
    save_file(narrow, folder / "model.safetensors", metadata={"format": "pt"})
    text = json.loads((folder / "config.json").read_text())
    text["quantization_config"] = {
        "activation_scheme": "dynamic", "modules_to_not_convert": ["lm_head"], "quant_method": "fp8", "weight_block_size": list(BLOCK)}
    (folder / "config.json").write_text(json.dumps(text, indent=2) + "\n")

    # What transformers reads, without a GPU: everything in bf16.
    reader = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    stored = dict(reader.state_dict())
    result = {}
    for key, value in exact.items():
        layer, _, rest = key.partition(".mlp.experts.")
        if rest:
            expert, part, _ = rest.split(".")
            fused = stored[f"{layer}.mlp.experts.{'down_proj' if part == 'down_proj' else 'gate_up_proj'}"][int(expert)]
            half = len(fused) // 2
            read = {"down_proj": fused, "gate_proj": fused[:half], "up_proj": fused[half:]}[part]
        else:
            read = stored[key]
        assert read.dtype == torch.bfloat16 and torch.equal(read, value.bfloat16()), key
        result[key] = read.contiguous().clone()

    # The widened model, before its values are rounded to bf16.
    save_as = folder / "exact"
    save_as.mkdir()
    save_file({key: value.float() for key, value in exact.items()}, save_as / "model.safetensors", metadata={"format": "pt"})
    plain = {key: value for key, value in text.items() if key != "quantization_config"} | {"dtype": "float32"}
    (save_as / "config.json").write_text(json.dumps(plain))
    ids = torch.randint(3, SMALL["vocab_size"], (12,))
    logits = {}
    for dtype in (torch.float64, torch.float32):
        net = load(save_as, {}, dtype)
        with torch.no_grad(), Widened() if dtype is torch.float64 else contextlib.nullcontext():
            logits[dtype] = net(input_ids=ids[None], use_cache=False).logits[0].double()
        torch.set_default_dtype(torch.float32)
    shutil.rmtree(save_as)
    error = (logits[torch.float32] - logits[torch.float64]).abs()
    result |= {
        "ids": ids.int(), "logits": logits[torch.float64],
        "f32_error.logits": torch.stack([error.max(), error.norm()])}
    save_file(result, folder / "expected.safetensors")


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    matrices()
    for name, config in MODELS.items():
        model(name, config)


if __name__ == "__main__":
    main()
