"""Writes the golden scores of tiny models of several families, computed with transformers in float64.

    python Tests/Fixtures/probe/generate_families.py

Made with torch 2.15.0, transformers 5.24.0, numpy 2.4, scipy 1.17.1 on one thread; nothing is drawn at random. The models are those of
../families, their weights and the tokens come from its hash; the formulas are those of definitions.py.

families.json, by family:
    documents            token ids, without the prefix token
    nll, ablated, block_influence, logit_lens    as in expected.json
    tensors              names of the layers' parameters
    gradients            per document and tensor: norm of the gradient of the mean nll
"""

import importlib.util
import json
import pathlib
import sys
import tempfile

import torch
from transformers.utils import logging

from definitions import KINDS, ablated_nll, angles_between, layers_of, lens, mean_updates, states_and_gradients
from generate import shortened

HERE = pathlib.Path(__file__).parent
FOLDER = HERE.parent / "families"
sys.path.append(str(FOLDER))
spec = importlib.util.spec_from_file_location("families", FOLDER / "generate.py")
families = importlib.util.module_from_spec(spec)
spec.loader.exec_module(families)

PREFIX = 1
LENGTHS = [13, 1, 8]
NAMES = [
    "gpt2",  # biases, LayerNorm, learned positions
    "qwen2",  # biases of queries, keys and values, windows, bf16
    "qwen3",  # norms on queries and keys
    "gemma2",  # norms before and behind, caps of scores and logits, scaled embedding
    "olmo2",  # norms behind only
    "phi3",  # fused projections
    "granite",  # multipliers of embedding, residuals and logits
    "gpt_neox", "falcon", "stablelm-parallel",  # parallel blocks
    "cohere", "falcon-multi-query",  # parallel blocks of one norm
]


def tokens_of(length, place):
    return (3 + families.noise(f"probe {place}", length).remainder(families.VOCABULARY - 3)).tolist()


def score(model, documents):
    named = {id(parameter): name for name, parameter in model.named_parameters()}
    parameters = [parameter for layer in layers_of(model) for parameter in layer.parameters()]
    passes = [states_and_gradients(model, PREFIX, tokens, parameters) for tokens in documents]
    found = {
        "documents": documents, "nll": [loss for _, loss, _ in passes],
        "tensors": [named[id(parameter)] for parameter in parameters],
        "gradients": [[gradient.norm().item() for gradient in gradients] for _, _, gradients in passes],
        "block_influence": [], "logit_lens": [],
    }
    updates = mean_updates([states for states, _, _ in passes])
    with torch.no_grad():
        for tokens, (states, _, _) in zip(documents, passes):
            cosines, _ = angles_between(states)
            found["block_influence"].append([1 - cosines[i, i + 1].mean().item() for i in range(len(states) - 1)])
            found["logit_lens"].append(lens(model, PREFIX, tokens, states, range(len(tokens))))
        found["ablated"] = [{kind: ablated_nll(model, PREFIX, tokens, updates, kind) for kind in KINDS} for tokens in documents]
    return found


def main():
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    documents = [tokens_of(length, place) for place, length in enumerate(LENGTHS)]
    found = {}
    for name in NAMES:
        with tempfile.TemporaryDirectory() as directory:
            directory = pathlib.Path(directory)
            families.write_checkpoint(directory, families.MODELS[name])
            with families.Widened():
                found[name] = score(families.load(directory, families.MODELS[name], torch.float64), documents)
            torch.set_default_dtype(torch.float32)
        print(name, [round(value, 3) for value in found[name]["ablated"][0]["attention"]], round(found[name]["nll"][0], 3))
    text = json.dumps(shortened(found), separators=(",", ":"))
    (HERE / "families.json").write_text(text.replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()
