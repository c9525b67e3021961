"""Holds trained checkpoints against transformers: each loads there with the nll that `elo-surgeon evaluate` prints.

    python Benchmarks/training/check_results.py PROGRAM NAME=FILE.jsonl ... --checkpoints DIR ... [--documents 3]

Made with torch 2.15.0, transformers 5.24.0, peft 0.21.2, tokenizers 0.23.3, everything in float32. A line for each checkpoint and text:
the summed nll of both and their relative difference, which must stay below 1e-4. Of a checkpoint with an `adapter` folder the base that
adapter_config.json names is also loaded with the adapter by PEFT; what it computes before merging differs from the merged checkpoint by
the rounding of merged weights to the checkpoint's type, so that this difference is printed and must stay below 1e-2, and the same adapter
merged by PEFT and rounded is compared with the merged weights: at most one in a thousand may differ, and by one step of the type.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import torch
from peft import PeftModel
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from reference_nll import document_nll, prefix_token  # noqa: E402


def load(directory):
    return AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()


def summed_nll(model, directory, path, count):
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    prefix = prefix_token(directory, tokenizer)
    with open(path, encoding="utf-8") as lines:
        documents = [json.loads(line)["text"] for line, _ in zip(lines, range(count))]
    return sum(document_nll(model, tokenizer.encode(text, add_special_tokens=False).ids, prefix, 2048) for text in documents)


def evaluated(program, directory, texts, count):
    command = [program, "evaluate", str(directory), "--documents", str(count), "--format", "json"]
    for text in texts:
        command += ["--text", text]
    scores = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return {score["name"]: score["nll"] for score in scores["texts"]}


def check_merged_weights(model, directory):
    """The weights of the merged checkpoint are PEFT's, rounded."""
    merged = model.merge_and_unload().state_dict()
    differing, count = 0, 0
    for name, value in load_file(directory / "model.safetensors").items():
        expected = merged[name].to(value.dtype)
        apart = (expected.view(torch.int16).int() - value.view(torch.int16).int()).abs() if value.element_size() == 2 else None
        assert apart is None or apart.max() <= 1, f"{name}: more than a step of {value.dtype} apart"
        differing += int((expected != value).sum())
        count += value.numel()
    assert differing <= count / 1000, f"{differing} of {count} weights differ"
    print(f"{directory}: {differing} of {count} merged weights are rounded otherwise than PEFT's")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("texts", nargs="+", metavar="NAME=FILE.jsonl")
    parser.add_argument("--checkpoints", nargs="+", type=pathlib.Path, required=True)
    parser.add_argument("--documents", type=int, default=3)
    options = parser.parse_args()
    failed = False
    for directory in options.checkpoints:
        ours = evaluated(options.program, directory, options.texts, options.documents)
        models = {"transformers": (load(directory), 1e-4)}
        adapter = directory / "adapter"
        if adapter.exists():
            base = json.loads((adapter / "adapter_config.json").read_text())["base_model_name_or_path"]
            models["peft, not merged"] = (PeftModel.from_pretrained(load(base), adapter), 1e-2)
        for text in options.texts:
            name, path = text.split("=", 1)
            for library, (model, allowed) in models.items():
                theirs = summed_nll(model, directory, path, options.documents)
                apart = abs(ours[name] / theirs - 1)
                failed |= not apart < allowed
                print(f"{directory}: {name}: {ours[name]:.3f}, {library} {theirs:.3f}, apart {apart:.1e} of {allowed:.0e}")
        if adapter.exists():
            check_merged_weights(models["peft, not merged"][0], directory)
    sys.exit("a checkpoint is not what transformers makes of it" if failed else 0)


if __name__ == "__main__":
    main()
