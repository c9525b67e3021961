"""Writes the golden gradients of low-rank adapters: what PEFT computes with the tiny models of ../families.

    python Tests/Fixtures/lora/generate.py [NAME ...]

Made with torch 2.15.0, transformers 5.24.0, peft 0.21.2, safetensors 0.8.0 on one thread; nothing is drawn at random: weights, ids
and adapters come from the hash of ../families/generate.py, so that neither weights nor adapters are stored.

    NAME.safetensors           adapters of rank 2 and alpha 3 on every matrix of the layers but routers
        token_nll                  F32 [R, T]      nats of ../families/batch.safetensors, 0 where there is no target
        <adapter>                  F32             gradient of the mean loss over the targets, computed in float64; named and shaped
                                                   as the adapter's matrix in adapter_model.safetensors
        f32_error                  F64 [1 + n, 2]  of token_nll and of each gradient in the order of their names: PEFT in float32
                                                   against float64, greatest absolute error and norm of the error; largest and root
                                                   mean square over REORDERINGS runs with the channels of the residual stream in
                                                   another order

An adapter's values are noise(its name) / 128, those of B half as large.
"""

import importlib.util
import pathlib
import re
import sys
import tempfile

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers.pytorch_utils import Conv1D
from transformers.utils import logging

HERE = pathlib.Path(__file__).parent
PREFIX = "base_model.model."
# One of each way in which families store and use their matrices. When one of these models changes in ../families, run this again.
NAMES = ["llama-llama3", "qwen2", "gemma2", "olmo2", "granite", "phi3", "exaone", "starcoder2", "cohere", "gpt_neox", "falcon", "gpt2",
         "bloom", "opt", "mixtral", "qwen3_moe-normed"]
RANK = 2
# Gate, up and down of an expert in the names of a checkpoint.
EXPERTS = ["gate_proj", "up_proj", "down_proj"]
FAMILIES = HERE.parent / "families"
sys.path.insert(0, str(FAMILIES))
spec = importlib.util.spec_from_file_location("families", FAMILIES / "generate.py")
families = importlib.util.module_from_spec(spec)
spec.loader.exec_module(families)


def matrices(net):
    """The modules of a model's layers that are products with a matrix."""
    return {
        name: module
        for name, module in net.named_modules()
        if isinstance(module, (torch.nn.Linear, Conv1D)) and re.search(r"\.(layers|h)\.\d+\.", name)
    }


def experts(net):
    """The modules that hold all experts of a layer in two tensors."""
    return [name for name, module in net.named_modules() if isinstance(getattr(module, "gate_up_proj", None), torch.nn.Parameter)]


def stored_name(module, part, renames):
    """An adapter's name in adapter_model.safetensors; an expert's by the module that it was before all became one tensor."""
    module += ".weight"
    for pattern, replacement in renames:
        module = re.sub(pattern, replacement, module)
    return PREFIX + module.removesuffix("weight") + part + ".weight"


def expert_pieces(module, name, part, parameter, ends, renames):
    """Of an adapter of all experts, each expert's own: PEFT joins the ranks of gate and up, and B's columns are (rank, expert)."""
    first = parameter.shape[0 if part == "lora_A" else 1]
    is_input = name.endswith(".base_layer")
    parts = 2 if is_input else 1
    count = first // (parts * RANK)
    for expert in range(count):
        for place, end in enumerate(ends[:2] if is_input else ends[2:]):
            def view(tensor, expert=expert, place=place):
                if part == "lora_A":
                    return tensor.view(count, parts, RANK, -1)[expert, place]
                return tensor.view(parts, -1, parts, RANK, count)[place, :, place, :, expert]
            # Gate and up read the residual stream, down writes to it.
            axis = {("lora_A", True): 1, ("lora_B", False): 0}.get((part, is_input))
            yield stored_name(f"{module}.{expert}.{end}", part, renames), view, axis


def adapted(net, model, order=None):
    """The model with adapters, in the precision of its weights, and by stored name where each adapter's matrix is: parameter, view of
    it, and the view's axis along the residual stream."""
    renames, found, fused = model.get("renames", []), matrices(net), experts(net)
    transposed = any(isinstance(module, Conv1D) for module in found.values())
    # Axes of the residual stream in each matrix, counted as a Linear stores it.
    axes = {name: families.stream_axis(name + ".weight", module.weight.shape) for name, module in found.items()}
    double = {r".*\.gate_up_proj": 2 * RANK}
    config = LoraConfig(
        r=RANK, lora_alpha=3, target_modules=list(found), fan_in_fan_out=transposed, task_type="CAUSAL_LM", init_lora_weights=False,
        target_parameters=[f"{name}.{end}" for name in fused for end in ("gate_up_proj", "down_proj")] or None,
        rank_pattern=double if fused else {}, alpha_pattern={key: 6 for key in double} if fused else {},
    )
    dtype = next(net.parameters()).dtype
    peft = get_peft_model(net, config, autocast_adapter_dtype=False)
    places = {}
    for name, parameter in peft.named_parameters():
        if not parameter.requires_grad:
            continue
        module, part, _, _ = name.removeprefix(PREFIX).rsplit(".", 3)
        holder = module.removesuffix(".base_layer")
        if holder in fused:
            pieces = expert_pieces(holder, module, part, parameter, model.get("experts", EXPERTS), renames)
        else:
            axis = None if axes[module] is None else axes[module] ^ transposed
            pieces = [(stored_name(module, part, []), lambda tensor: tensor, axis if axis == (1 if part == "lora_A" else 0) else None)]
        with torch.no_grad():
            parameter.zero_()
            parameter.data = parameter.data.to(dtype)
            for stored, view, axis in pieces:
                places[stored] = (name, view, axis)
                place = view(parameter.data)
                values = families.noise(stored, place.numel()).double().view(place.shape) / (128 if part == "lora_A" else 256)
                place.copy_(values if order is None or axis is None else values.index_select(axis, order))
    return peft, places


def compute(model, places, batch):
    _, nll, gradients = families.compute(model, batch)
    return nll, {stored: view(gradients[name]) for stored, (name, view, _) in places.items()}


def write(name, model, batch):
    with tempfile.TemporaryDirectory() as checkpoint:
        checkpoint = pathlib.Path(checkpoint)
        families.write_checkpoint(checkpoint, model)
        with families.Widened():
            double, places = adapted(families.load(checkpoint, model, torch.float64), model)
            nll, gradients = compute(double, places, batch)
        torch.set_default_dtype(torch.float32)
        assert nll.dtype == torch.float64 and all(value.dtype == torch.float64 for value in gradients.values())
        assert all(value.abs().max() > 0 for value in gradients.values())
        names = sorted(gradients)
        exact = [nll] + [gradients[key] for key in names]
        width = next(families.net_width(dict(double.named_parameters())))
        generator = torch.Generator().manual_seed(1)
        errors = [[] for _ in exact]
        for _ in range(families.REORDERINGS):
            order = torch.randperm(width, generator=generator)
            nll32, gradients32 = compute(*adapted(families.reordered(checkpoint, model, order), model, order), batch)
            for key, (_, _, axis) in places.items():
                if axis is not None:
                    gradients32[key] = gradients32[key].index_select(axis, order.argsort())
            for index, value in enumerate([nll32] + [gradients32[key] for key in names]):
                assert value.dtype == torch.float32
                errors[index].append(value.double() - exact[index])
    summary = [torch.stack([(e := torch.stack(runs)).abs().max(), e.norm() / families.REORDERINGS**0.5]) for runs in errors]
    result = {key: gradients[key].float().contiguous() for key in names}
    save_file(result | {"token_nll": nll.float().contiguous(), "f32_error": torch.stack(summary)}, HERE / f"{name}.safetensors")
    worst = max((s[1] / e.norm()).item() for s, e in zip(summary, exact))
    print(f"{name}: {len(names)} matrices, loss {nll.sum() / (batch['targets'] >= 0).sum():.4f}, f32 error {worst:.1e}", flush=True)


def main():
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    batch = load_file(FAMILIES / "batch.safetensors")
    for name in sys.argv[1:] or NAMES:
        write(name, families.MODELS[name], batch)


if __name__ == "__main__":
    main()
