"""Writes the golden fixtures of the model families: what transformers computes with tiny random models of each.

    python Tests/Fixtures/families/generate.py [NAME ...]

Made with torch 2.15.0, transformers 5.24.0, safetensors 0.8.0 on one thread; nothing is drawn at random: weights and ids come
from the hash below, which the tests know too, so that no weights are stored.

    batch.safetensors          documents packed into rows, as in ../decoders/generate.py, the same for every model
        ids, positions, targets    I32 [R, T]
        spans                      I32 [n, 2]
    NAME/config.json           as transformers writes it, or as older versions did
    NAME/tensors.json          the checkpoint's tensors as stored: name, shape, and the axis that runs over the channels of the
                               residual stream, -1 for none
    NAME/expected.safetensors  in float64, stored as F32, whose rounding is far below the errors
        logits                     [R, T, V]
        token_nll                  [R, T]      nats, 0 where there is no target
        gradients                  [P]         of the mean loss over the targets, tensor after tensor of tensors.json
        f32_error                  F64 [2 + n, 2]   of logits, token_nll and each gradient: transformers in float32 against
                                   float64, greatest absolute error and norm of the error; largest and root mean square over
                                   REORDERINGS runs with the channels of the residual stream in another order, since the error
                                   of one run is a matter of luck

Every document goes through the model on its own. The float64 numbers are transformers' own code with its float32 islands widened.
"""

import json
import pathlib
import re
import shutil
import sys
import tempfile

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.overrides import TorchFunctionMode
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.utils import logging

from models import MODELS

HERE = pathlib.Path(__file__).parent
REORDERINGS = 16
VOCABULARY = 31
ROWS = [
    [(7, "ends"), (9, "goes on")],
    [(11, "ends"), (5, "pads")],
    [(1, "ends"), (6, "ends"), (1, "goes on"), (8, "ends")],
    [(16, "goes on")],
]


def noise(name, count):
    """Integers from -127 to 127: FNV-1a of the name, then a mixing of its sum with the index."""
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 & 0xFFFFFFFF
    x = (torch.arange(count, dtype=torch.int64) * 2654435761 + seed) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 2246822519) & 0xFFFFFFFF
    x = ((x ^ (x >> 13)) * 3266489917) & 0xFFFFFFFF
    return (x >> 16) % 255 - 127


def weight(name, shape, norms_near_zero):
    """Eight bits times a power of two, for norms of some families plus 1. Large enough that attention, caps and norms matter."""
    values = noise(name, torch.Size(shape).numel()).double().view(shape) / 128
    if name.endswith(".bias"):
        return values / 2
    if len(shape) == 1 or "norm" in name:
        return values / 4 + (0 if norms_near_zero else 1)
    return values if re.search(r"q_proj|k_proj|qkv|query_key_value|c_attn|embed|wte|wpe|gate\.weight", name) else values / 2


class Widened(TorchFunctionMode):
    """Answers every request for float32 with float64, so that a float64 model is float64 throughout."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        widen = lambda value: torch.float64 if value is torch.float32 else value
        if func is torch.Tensor.float:
            func = torch.Tensor.double
        return func(*map(widen, args), **{key: widen(value) for key, value in (kwargs or {}).items()})


def write_checkpoint(directory, model):
    """The checkpoint with weights from the hash, in the names and the layout that transformers stores."""
    config = AutoConfig.for_model(model["type"], vocab_size=VOCABULARY, dtype=model.get("dtype", torch.float32), **model["config"])
    AutoModelForCausalLM.from_config(config).save_pretrained(directory)
    (directory / "generation_config.json").unlink(missing_ok=True)
    with safe_open(directory / "model.safetensors", "pt") as file:
        shapes = {name: list(file.get_slice(name).get_shape()) for name in sorted(file.keys())}
    near_zero = model["type"].startswith("gemma")
    dtype = model.get("dtype", torch.float32)
    tensors = {name: weight(name, shape, near_zero).to(dtype) for name, shape in shapes.items()}
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    text = json.loads((directory / "config.json").read_text())
    model.get("respell", lambda config: None)(text)
    (directory / "config.json").write_text(json.dumps(text, indent=1) + "\n")
    return shapes


def load(directory, model, dtype):
    """A model in a precision; for float64, which then is the default, also in the tables that are made when it is built."""
    # Experts one after the other: the grouped product has no float64.
    plain = {"attn_implementation": model.get("attention", "eager"), "experts_implementation": "eager"}
    if dtype is torch.float32:
        return AutoModelForCausalLM.from_pretrained(directory, dtype=dtype, **plain).eval()
    torch.set_default_dtype(torch.float32)
    single = load(directory, model, torch.float32)
    torch.set_default_dtype(torch.float64)
    with Widened():
        double = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(directory, **plain), dtype=torch.float64, **plain)
    double.load_state_dict({name: value.double() for name, value in single.state_dict().items()})
    for name, buffer in double.named_buffers():
        assert not buffer.is_floating_point() or buffer.dtype == torch.float64, name
    return double.eval()


def stream_axis(name, shape):
    """The axis of a parameter that runs over the channels of the residual stream, None where there is none."""
    if re.search(r"(q|k)_(layer)?norm", name):
        return None
    if name.endswith(".bias"):
        inner = r"(q_proj|k_proj|v_proj|query_key_value|c_attn|gate_proj|up_proj|c_fc|fc1|dense_h_to_4h)\.bias"
        return None if re.search(inner, name) else 0
    if len(shape) == 1:
        return 0
    output = re.search(r"o_proj|out_proj|down_proj|c_proj|fc2|\.dense\.|dense_4h_to_h", name)
    if len(shape) == 3:
        return 1 if output else 2
    if re.search(r"\.(c_attn|c_fc|c_proj)\.weight", name) and "transformer.h" in name:  # Conv1D
        return 1 if output else 0
    return 0 if output else 1


def reordered(directory, model, order):
    """The float32 model with the channels of its residual stream reordered: the same function, other rounding."""
    net = load(directory, model, torch.float32)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            axis = stream_axis(name, parameter.shape)
            if axis is not None:
                parameter.copy_(parameter.index_select(axis, order))
        for module in net.modules():
            if hasattr(module, "weights"):  # XGLM's sinusoids
                module.weights.copy_(module.weights.index_select(1, order))
    return net


def make_batch():
    ids, positions, targets, spans = [], [], [], []
    width = sum(length for length, _ in ROWS[0])
    start = 0
    for row, documents in enumerate(ROWS):
        for length, ending in documents:
            tokens = 3 + noise(f"document {start}", length + 1).remainder(VOCABULARY - 3)
            following = tokens[1:].clone()
            if ending == "ends":
                following[-1] = -1
            if ending == "pads":
                tokens[:], following[:] = 0, -1
            ids.append(tokens[:-1])
            targets.append(following)
            positions.append(torch.arange(length))
            spans.append((start, start + length))
            start += length
        assert start == (row + 1) * width
    targets = torch.cat(targets)
    targets[3] = -1  # a token inside a document may also be left out of the loss
    shape = (-1, width)
    batch = {"ids": torch.cat(ids).view(shape), "positions": torch.cat(positions).view(shape),
             "targets": targets.view(shape), "spans": torch.tensor(spans)}
    return {key: value.to(torch.int32).contiguous() for key, value in batch.items()}


def forget_lengths(net):
    """Undoes what dynamic rotary scaling remembers of longer documents: each is read with its own frequencies."""
    for module in net.modules():
        if hasattr(module, "max_seq_len_cached") and hasattr(module, "original_inv_freq"):
            module.max_seq_len_cached = module.original_max_seq_len
            module.inv_freq = module.original_inv_freq.clone()


def compute(net, batch):
    targets, ids = batch["targets"].flatten().long(), batch["ids"].flatten().long()
    count = (targets >= 0).sum()
    logits, token_nll = [], []
    net.zero_grad()
    for start, end in batch["spans"].tolist():
        forget_lengths(net)
        out = net(input_ids=ids[start:end][None], use_cache=False).logits[0]
        nll = torch.nn.functional.cross_entropy(out, targets[start:end], ignore_index=-1, reduction="none")
        (nll.sum() / count).backward()
        logits.append(out.detach())
        token_nll.append(nll.detach())
    shape = batch["ids"].shape
    gradients = {name: torch.zeros_like(p) if p.grad is None else p.grad.clone() for name, p in net.named_parameters()}
    return torch.cat(logits).view(*shape, -1), torch.cat(token_nll).view(shape), gradients


def stored(gradients, shapes, renames):
    """Gradients of the stored tensors, and the axes of the residual stream in these."""
    result, axes = {}, {}
    for name, value in gradients.items():
        axis = stream_axis(name, value.shape)
        for pattern, replacement in renames:
            name = re.sub(pattern, replacement, name)
        if value.ndim == 3:  # experts, which are stored one by one
            gate, up, down = ("w1", "w3", "w2") if "block_sparse_moe" in name else ("gate_proj", "up_proj", "down_proj")
            for expert, part in enumerate(value):
                stem = name.rsplit(".", 1)[0] + f".{expert}."
                if name.endswith("gate_up_proj"):
                    result[stem + gate + ".weight"], result[stem + up + ".weight"] = part.chunk(2)
                else:
                    result[stem + down + ".weight"] = part
            axes |= {key: axis - 1 for key in result if key not in axes}
        else:
            result[name], axes[name] = value, -1 if axis is None else axis
    assert {name: list(value.shape) for name, value in result.items()} == shapes, set(result) ^ set(shapes)
    return [result[name] for name in shapes], axes


def write(name, model, batch):
    directory = HERE / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    with tempfile.TemporaryDirectory() as checkpoint:
        checkpoint = pathlib.Path(checkpoint)
        shapes = write_checkpoint(checkpoint, model)
        shutil.copy(checkpoint / "config.json", directory)
        with Widened():
            logits, nll, gradients = compute(load(checkpoint, model, torch.float64), batch)
        torch.set_default_dtype(torch.float32)
        assert all(value.dtype == torch.float64 for value in [logits, nll, *gradients.values()])
        parts, axes = stored(gradients, shapes, model.get("renames", []))
        exact = [logits, nll] + parts
        generator = torch.Generator().manual_seed(1)
        errors = [[] for _ in exact]
        for _ in range(REORDERINGS):
            order = torch.randperm(next(net_width(gradients)), generator=generator)
            logits32, nll32, gradients32 = compute(reordered(checkpoint, model, order), batch)
            for key, value in gradients32.items():
                axis = stream_axis(key, value.shape)
                if axis is not None:
                    gradients32[key] = value.index_select(axis, order.argsort())
            run = [logits32, nll32] + stored(gradients32, shapes, model.get("renames", []))[0]
            for index, (value, reference) in enumerate(zip(run, exact)):
                assert value.dtype == torch.float32
                errors[index].append(value.double() - reference)
    summary = [torch.stack([(e := torch.stack(runs)).abs().max(), e.norm() / REORDERINGS**0.5]) for runs in errors]
    tensors = [json.dumps([key, shape, axes[key]], separators=(",", ":")) for key, shape in shapes.items()]
    (directory / "tensors.json").write_text("[" + ",\n".join(tensors) + "]\n")
    save_file({
        "logits": exact[0].float().contiguous(), "token_nll": exact[1].float().contiguous(),
        "gradients": torch.cat([value.flatten() for value in exact[2:]]).float(), "f32_error": torch.stack(summary),
    }, directory / "expected.safetensors")
    relative = summary[0][1] / exact[0].norm()
    print(f"{name}: loss {nll.sum() / (batch['targets'] >= 0).sum():.4f}, logits' spread {exact[0].std():.2f}, f32 error {relative:.1e}")


def net_width(gradients):
    """The width of the residual stream, from the embedding."""
    for name, value in gradients.items():
        if re.search(r"embed_tokens|wte|embed_in|word_embeddings\.weight", name):
            yield value.shape[1]


def main():
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    batch = make_batch()
    save_file(batch, HERE / "batch.safetensors")
    for name in sys.argv[1:] or MODELS:
        write(name, MODELS[name], batch)


if __name__ == "__main__":
    main()
