"""Loads what the loop's tests trained with transformers and compares logits.

    ELO_SURGEON_FAMILIES=DIR swift test -c release --filter FamilyLoopTests
    python Tests/Fixtures/families/check_loop.py DIR

Run with torch 2.15.0, transformers 5.24.0, peft 0.21.2. For each family's base and its detached, trained, attached, aligned and adapted
checkpoints: transformers must load it without missing and unexpected keys, and its float64 logits must equal those in logits.json,
computed by elo-surgeon in float32, within 1e-5 of the largest. With the adapter of the last PEFT must make the same logits of the
attached checkpoint, within 1e-5, or 0.1 where merging rounded weights to 16 bits.
"""

import json
import pathlib
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from generate import Widened, load
from models import MODELS

STAGES = ["base", "detached", "trained", "attached", "aligned", "adapted"]


def adapter_logits(family, model, ids):
    """What PEFT computes in float64 with the adapter on the checkpoint that it was trained for."""
    inputs = dict(input_ids=torch.tensor([ids]), use_cache=False)
    net = load(family / "attached", model, torch.float64)
    with Widened(), torch.no_grad():
        plain = net(**inputs).logits[0]
    adapted = PeftModel.from_pretrained(net, family / "adapted/adapter", autocast_adapter_dtype=False).double()
    with Widened(), torch.no_grad():
        logits = adapted(**inputs).logits[0]
    torch.set_default_dtype(torch.float32)
    assert not torch.allclose(logits, plain), "the adapter changes nothing"
    return logits


def main():
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    root = pathlib.Path(sys.argv[1])
    failures = 0
    for name in sorted(path.name for path in root.iterdir()):
        differences = []
        for stage in STAGES:
            directory = root / name / stage
            _, keys = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, output_loading_info=True)
            unmatched = [key for kind in ("missing_keys", "unexpected_keys", "mismatched_keys") for key in keys[kind]]
            ours = json.loads((directory / "logits.json").read_text())
            with Widened():
                net = load(directory, MODELS[name], torch.float64)
                with torch.no_grad():
                    logits = net(input_ids=torch.tensor([ours["ids"]]), use_cache=False).logits[0]
            torch.set_default_dtype(torch.float32)
            difference = (torch.tensor(ours["logits"], dtype=torch.float64).view_as(logits) - logits).abs().max() / logits.abs().max()
            differences.append(difference.item())
            if unmatched or not difference <= 1e-5:
                failures += 1
                print(f"{name} {stage}: difference {difference:.1e}, unmatched keys {unmatched}")
        config = json.loads((root / name / "base/config.json").read_text())
        tolerance = 1e-5 if config.get("dtype", config.get("torch_dtype")) == "float32" else 0.1
        logits = adapter_logits(root / name, MODELS[name], ours["ids"])
        difference = (torch.tensor(ours["logits"], dtype=torch.float64).view_as(logits) - logits).abs().max() / logits.abs().max()
        if not difference <= tolerance:
            failures += 1
            print(f"{name}: PEFT's difference {difference:.1e}")
        print(f"{name}: " + ", ".join(f"{stage} {value:.1e}" for stage, value in zip(STAGES + ["PEFT"], differences + [difference.item()])))
    print(f"{failures} failures")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
