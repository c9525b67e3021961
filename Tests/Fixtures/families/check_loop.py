"""Loads what the loop's tests trained with transformers and compares logits.

    ELO_SURGEON_FAMILIES=DIR swift test -c release --filter FamilyLoopTests
    python Tests/Fixtures/families/check_loop.py DIR

Run with torch 2.15.0, transformers 5.24.0. For each family's base and its detached, trained, attached and aligned checkpoints:
transformers must load it without missing and unexpected keys, and its float64 logits must equal those in logits.json, computed by
elo-surgeon in float32, within 1e-5 of the largest.
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from generate import Widened, load
from models import MODELS

STAGES = ["base", "detached", "trained", "attached", "aligned"]


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
        print(f"{name}: " + ", ".join(f"{stage} {value:.1e}" for stage, value in zip(STAGES, differences)))
    print(f"{failures} failures")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
