"""Writes the golden fixtures of the Decoders tests: tiny random Llama checkpoints and what transformers computes with them.

    python Tests/Fixtures/decoders/generate.py

Made with torch 2.15.0, transformers 5.23.0, safetensors 0.8.0 on one thread; every seed is fixed below.

Each folder holds a checkpoint (`config.json`, `model.safetensors`) and `expected.safetensors`:

    plain.ids              I32 [2, 12]     two rows, one document each, no padding
    plain.logits           F64 [2, 12, V]
    packed.ids             I32 [R, T]      documents packed into rows
    packed.positions       I32 [R, T]      restarting with each document
    packed.targets         I32 [R, T]      the token to predict, -1: none
    packed.spans           I32 [n, 2]      start and end of each document in the flattened rows; attention stays within
    packed.logits          F64 [R, T, V]
    packed.token_nll       F64 [R, T]      nats, 0 where there is no target
    packed.nll             F64 [1]         their sum
    packed.loss            F64 [1]         their mean over the targets
    gradient.<parameter>   F64             of packed.loss; a tied head's gradient is part of the embedding's
    f32_error.<name>       F64 [2]         transformers in float32 against the above: greatest absolute error, norm of the error;
                                           largest and root mean square over REORDERINGS runs with the channels of the
                                           residual stream in another order, since the error of one run is a matter of luck

Every document of the packed batch goes through the model on its own, so nothing here depends on how transformers masks a
packed row. Padding is a span of its own without targets. The float64 numbers are transformers' own code with its float32
islands (RMSNorm, softmax, RoPE tables) widened as well, see `Widened`.
"""

import json
import pathlib
import shutil

import torch
from safetensors.torch import save_file
from torch.overrides import TorchFunctionMode
from transformers import LlamaConfig, LlamaForCausalLM

HERE = pathlib.Path(__file__).parent
PADDING = 0
REORDERINGS = 8

# Per row: (length, what its last token predicts). A document that ends predicts nothing there; one that goes on in another
# row predicts its next token; padding predicts nothing anywhere.
ENDS, GOES_ON, PADS = "ends", "goes on", "pads"
ROWS = [
    [(7, ENDS), (9, GOES_ON)],
    [(11, ENDS), (5, PADS)],
    [(1, ENDS), (6, ENDS), (1, GOES_ON), (8, ENDS)],
    [(16, GOES_ON)],
]

COMMON = dict(attention_bias=False, mlp_bias=False, hidden_act="silu", max_position_embeddings=64, bos_token_id=1, eos_token_id=2)
MODELS = {
    # Grouped queries and a tied head, as SmolLM2; rope_theta in rope_parameters, as transformers 5 writes it.
    "tied-grouped-f32": dict(
        seed=1, dtype=torch.float32, old_spelling=False,
        config=dict(vocab_size=97, hidden_size=32, intermediate_size=44, num_hidden_layers=3, num_attention_heads=4,
                    num_key_value_heads=2, head_dim=8, rms_norm_eps=1e-5, tie_word_embeddings=True,
                    rope_parameters={"rope_type": "default", "rope_theta": 10000.0}),
    ),
    # As many key-value heads as heads, an untied head; config.json as older versions spell it, defaults left out.
    "untied-full-f32": dict(
        seed=2, dtype=torch.float32, old_spelling=True,
        config=dict(vocab_size=101, hidden_size=32, intermediate_size=36, num_hidden_layers=3, num_attention_heads=4,
                    num_key_value_heads=4, head_dim=8, rms_norm_eps=1e-6, tie_word_embeddings=False,
                    rope_parameters={"rope_type": "default", "rope_theta": 500000.0}),
    ),
    # Heads wider than hidden_size / heads, one key-value head for three, bf16 weights, four layers.
    "untied-wide-bf16": dict(
        seed=3, dtype=torch.bfloat16, old_spelling=False,
        config=dict(vocab_size=98, hidden_size=33, intermediate_size=31, num_hidden_layers=4, num_attention_heads=3,
                    num_key_value_heads=1, head_dim=14, rms_norm_eps=1e-5, tie_word_embeddings=False,
                    rope_parameters={"rope_type": "default", "rope_theta": 100000.0}),
    ),
    # bf16 weights under a tied head, old spelling.
    "tied-grouped-bf16": dict(
        seed=4, dtype=torch.bfloat16, old_spelling=True,
        config=dict(vocab_size=103, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
                    num_key_value_heads=2, head_dim=8, rms_norm_eps=1e-5, tie_word_embeddings=True,
                    rope_parameters={"rope_type": "default", "rope_theta": 10000.0}),
    ),
}


class Widened(TorchFunctionMode):
    """Answers every request for float32 with float64, so that a float64 model is float64 throughout."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        widen = lambda value: torch.float64 if value is torch.float32 else value
        if func is torch.Tensor.float:
            func = torch.Tensor.double
        return func(*map(widen, args), **{key: widen(value) for key, value in (kwargs or {}).items()})


def write_checkpoint(directory, config, dtype, old_spelling, generator):
    model = LlamaForCausalLM(LlamaConfig(**COMMON, **config, dtype=dtype))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(1 + 0.2 * noise if parameter.ndim == 1 else 0.25 * noise)
    model.to(dtype).save_pretrained(directory)
    (directory / "generation_config.json").unlink(missing_ok=True)
    if old_spelling:
        path = directory / "config.json"
        text = json.loads(path.read_text())
        text["rope_theta"] = text.pop("rope_parameters")["rope_theta"]
        text["torch_dtype"] = text.pop("dtype")
        for key in ("head_dim", "mlp_bias", "pretraining_tp"):
            text.pop(key, None)
        path.write_text(json.dumps(text, indent=2) + "\n")


def load(directory, dtype):
    model = LlamaForCausalLM.from_pretrained(directory, dtype=dtype, attn_implementation="eager")
    if dtype is torch.float64:
        with Widened():
            rotary = model.model.rotary_emb
            rotary.inv_freq = rotary.compute_default_rope_parameters(model.config)[0]
    return model.eval()


def stream_axis(name):
    """The axis of a parameter that runs over the channels of the residual stream."""
    return 0 if name.endswith(("norm.weight", "o_proj.weight", "down_proj.weight")) else 1


def reordered(directory, order):
    """The float32 model with the channels of its residual stream reordered: the same function, other rounding."""
    model = load(directory, torch.float32)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(parameter.index_select(stream_axis(name), order))
    return model


def make_batches(vocabulary, generator):
    draw = lambda count: torch.randint(3, vocabulary, (count,), generator=generator)
    width = sum(length for length, _ in ROWS[0])
    batch = {"plain.ids": draw(24).view(2, 12)}
    ids, positions, targets, spans = [], [], [], []
    for row, documents in enumerate(ROWS):
        start = row * width
        for length, ending in documents:
            tokens = draw(length + 1)
            following = tokens[1:].clone()
            if ending == ENDS:
                following[-1] = -1
            if ending == PADS:
                tokens[:], following[:] = PADDING, -1
            ids.append(tokens[:-1])
            targets.append(following)
            positions.append(torch.arange(length))
            spans.append((start, start + length))
            start += length
        assert start == (row + 1) * width
    targets = torch.cat(targets)
    targets[3] = -1  # a token inside a document may also be left out of the loss
    batch["packed.ids"] = torch.cat(ids).view(-1, width)
    batch["packed.positions"] = torch.cat(positions).view(-1, width)
    batch["packed.targets"] = targets.view(-1, width)
    batch["packed.spans"] = torch.tensor(spans)
    return batch


def compute(model, batch):
    targets = batch["packed.targets"].flatten()
    ids = batch["packed.ids"].flatten()
    count = (targets >= 0).sum()
    logits, token_nll = [], []
    model.zero_grad()
    for start, end in batch["packed.spans"].tolist():
        out = model(input_ids=ids[start:end][None], use_cache=False).logits[0]
        nll = torch.nn.functional.cross_entropy(out, targets[start:end], ignore_index=-1, reduction="none")
        (nll.sum() / count).backward()
        logits.append(out.detach())
        token_nll.append(nll.detach())
    nll = torch.cat(token_nll)
    shape = batch["packed.ids"].shape
    result = {
        "packed.logits": torch.cat(logits).view(*shape, -1),
        "packed.token_nll": nll.view(shape),
        "packed.nll": nll.sum()[None],
        "packed.loss": (nll.sum() / count)[None],
    }
    with torch.no_grad():
        result["plain.logits"] = model(input_ids=batch["plain.ids"], use_cache=False).logits
    for name, parameter in model.named_parameters():
        result["gradient." + name] = parameter.grad.clone()
    return result


def main():
    torch.set_num_threads(1)
    for name, model in MODELS.items():
        directory = HERE / name
        shutil.rmtree(directory, ignore_errors=True)
        generator = torch.Generator().manual_seed(model["seed"])
        write_checkpoint(directory, model["config"], model["dtype"], model["old_spelling"], generator)
        batch = make_batches(model["config"]["vocab_size"], generator)
        with Widened():
            exact = compute(load(directory, torch.float64), batch)
        errors = {key: [] for key in exact}
        for _ in range(REORDERINGS):
            order = torch.randperm(model["config"]["hidden_size"], generator=generator)
            for key, value in compute(reordered(directory, order), batch).items():
                assert value.dtype == torch.float32 and exact[key].dtype == torch.float64, key
                if key.startswith("gradient."):
                    value = value.index_select(stream_axis(key), order.argsort())
                errors[key].append(value.double() - exact[key])
        expected = {key: value.to(torch.int32) for key, value in batch.items()} | exact
        for key, runs in errors.items():
            runs = torch.stack(runs)
            expected["f32_error." + key] = torch.stack([runs.abs().max(), runs.norm() / REORDERINGS**0.5])
        save_file({key: value.contiguous() for key, value in expected.items()}, directory / "expected.safetensors")
        spread = exact["packed.logits"].std().item()
        relative = expected["f32_error.packed.logits"][1] / exact["packed.logits"].norm()
        print(f"{name}: loss {exact['packed.loss'].item():.6f}, logits' spread {spread:.2f}, f32 error {relative:.1e}")


if __name__ == "__main__":
    main()
