"""Writes the golden gradients of low-rank adapters: what PEFT computes with the tiny models of ../families.

    python Tests/Fixtures/lora/generate.py [NAME ...]

Made with torch 2.15.0, transformers 5.24.0, peft 0.21.2, safetensors 0.8.0 on one thread; nothing is drawn at random: weights, ids
and adapters come from the hash of ../families/generate.py, so that neither weights nor adapters are stored.

    NAME.safetensors           adapters of rank 2 and alpha 3 on every matrix of the layers
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
         "bloom", "opt"]
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


def stored_name(name, renames):
    """An adapter's name in adapter_model.safetensors; families of which transformers has no class by their own names."""
    module, part = name.removeprefix(PREFIX).replace(".default", "").split(".lora_")
    module += ".weight"
    for pattern, replacement in renames:
        module = re.sub(pattern, replacement, module)
    return PREFIX + module.removesuffix("weight") + "lora_" + part


def adapted(net, renames, order=None):
    """The model with adapters, in the precision of its weights."""
    found = matrices(net)
    transposed = any(isinstance(module, Conv1D) for module in found.values())
    # Axes of the residual stream in each matrix, counted as a Linear stores it.
    axes = {name: families.stream_axis(name + ".weight", module.weight.shape) for name, module in found.items()}
    config = LoraConfig(
        r=2, lora_alpha=3, target_modules=list(found), fan_in_fan_out=transposed, task_type="CAUSAL_LM", init_lora_weights=False
    )
    dtype = next(net.parameters()).dtype
    model = get_peft_model(net, config, autocast_adapter_dtype=False)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                continue
            module, part = parts(name)
            values = families.noise(stored_name(name, renames), parameter.numel()).double().view(parameter.shape) / (128 if part == "lora_A" else 256)
            axis = None if axes[module] is None else axes[module] ^ transposed
            if order is not None and axis == (1 if part == "lora_A" else 0):
                values = values.index_select(axis, order)
            parameter.copy_(values)
            parameter.data = parameter.data.to(dtype)
    return model, axes, transposed


def parts(name):
    """Module of an adapter's matrix, and which of the two it is."""
    module, part, _, _ = name.removeprefix(PREFIX).rsplit(".", 3)
    return module, part


def compute(model, batch):
    _, nll, gradients = families.compute(model, batch)
    return nll, {name: value for name, value in gradients.items() if ".lora_" in name}


def write(name, model, batch):
    renames = model.get("renames", [])
    with tempfile.TemporaryDirectory() as checkpoint:
        checkpoint = pathlib.Path(checkpoint)
        families.write_checkpoint(checkpoint, model)
        with families.Widened():
            double, axes, transposed = adapted(families.load(checkpoint, model, torch.float64), renames)
            nll, gradients = compute(double, batch)
        torch.set_default_dtype(torch.float32)
        assert nll.dtype == torch.float64 and all(value.dtype == torch.float64 for value in gradients.values())
        assert all(value.abs().max() > 0 for value in gradients.values())
        names = sorted(gradients, key=lambda name: stored_name(name, renames))
        exact = [nll] + [gradients[key] for key in names]
        width = next(families.net_width(dict(double.named_parameters())))
        generator = torch.Generator().manual_seed(1)
        errors = [[] for _ in exact]
        for _ in range(families.REORDERINGS):
            order = torch.randperm(width, generator=generator)
            net = adapted(families.reordered(checkpoint, model, order), renames, order)[0]
            nll32, gradients32 = compute(net, batch)
            for key, value in gradients32.items():
                module, part = parts(key)
                axis = None if axes[module] is None else axes[module] ^ transposed
                if axis == (1 if part == "lora_A" else 0):
                    gradients32[key] = value.index_select(axis, order.argsort())
            for index, value in enumerate([nll32] + [gradients32[key] for key in names]):
                assert value.dtype == torch.float32
                errors[index].append(value.double() - exact[index])
    summary = [torch.stack([(e := torch.stack(runs)).abs().max(), e.norm() / families.REORDERINGS**0.5]) for runs in errors]
    result = {stored_name(key, renames): gradients[key].float().contiguous() for key in names}
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
