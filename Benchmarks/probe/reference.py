"""Holds the archive of a probe of a real model against transformers, score by score and document by document.

    elo-surgeon probe CHECKPOINT --target de=DE.jsonl --source en=EN.jsonl --documents 6 --max-tokens 64 --output DIR
    python Benchmarks/probe/reference.py CHECKPOINT DIR/report.h5 de=DE.jsonl en=EN.jsonl [--max-tokens 64] [--dtype float64]

Needs torch 2.15.0, transformers 5.24.0, tokenizers 0.23.3, h5py 3.x and scipy; minutes for some hundred tokens, because every ablation is a
whole forward pass with a hook. The formulas are those of Tests/Fixtures/probe/definitions.py. Printed is, for each score, the greatest
difference from transformers over the greatest value of the same document (or of all documents for scores of all at once), the greatest
difference over the value itself, which for changes of the loss may be as near to 0 as one likes, and that of the documents' mean, which is what a
report shows. Exit status 1 when one of the first or of the last is above 1e-4.
"""

import argparse
import json
import pathlib
import sys

import h5py
import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path += [str(ROOT / "Benchmarks"), str(ROOT / "Tests" / "Fixtures" / "probe")]
import definitions as d
from reference_nll import prefix_token

LENS_POSITIONS = 16
TOLERANCE = 1e-4


def documents_of(archive, name, path, tokenizer, limit):
    """The documents that the archive scored, cut as it cut them; their bytes are the archive's."""
    group = archive["texts"][name]
    with open(path, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    documents = [
        tokenizer.encode(texts[index], add_special_tokens=False).ids[:limit] for index in group["index"][:]]
    if [len(tokens) for tokens in documents] != list(group["tokens"][:]):
        sys.exit(f"{name}: tokens by document {[len(t) for t in documents]}, in the archive {list(group['tokens'][:])}")
    return documents, group["bytes"][:]


def sampled(count):
    positions = min(count, LENS_POSITIONS)
    return [k * count // positions - 1 for k in range(1, positions + 1)]


class Parts:
    """Sums of one number per tensor over each layer, its attention or its MLP."""

    def __init__(self, layers, tensors):
        self.shape = (layers, tensors // layers)

    def __call__(self, values):
        table = np.reshape(values, self.shape)
        return {"": table.sum(1), "_attention": table[:, :5].sum(1), "_mlp": table[:, 5:].sum(1)}


def gradient_scores(gradients, weights, parts):
    norms = np.array([g.norm().item() for g in gradients])
    sizes = np.array([w.norm().item() for w in weights])
    rows = {"tensor_gradient_norm": norms}
    sums = {
        "gradient_norm": parts(norms**2),
        "relative_gradient_norm": parts((norms / sizes) ** 2),
        "taylor": parts([(g * w).abs().sum().item() for g, w in zip(gradients, weights)]),
        "fisher": parts([((g * w) ** 2).sum().item() for g, w in zip(gradients, weights)]),
    }
    counts = parts([w.numel() for w in weights])
    for part in counts:
        for name in ("gradient_norm", "relative_gradient_norm"):
            rows[name + part] = np.sqrt(sums[name][part])
        rows["gradient_rms" + part] = np.sqrt(sums["gradient_norm"][part] / counts[part])
        rows["taylor" + part], rows["fisher" + part] = sums["taylor"][part], sums["fisher"][part]
    return rows


def text_scores(model, prefix, documents, sizes, counts):
    """Rows by score name and document, and the mean states [states, documents, D]; `counts` documents of each ablation."""
    parameters = d.llama_parameters(model)
    weights = [parameter.detach() for parameter in parameters]
    parts = Parts(len(d.layers_of(model)), len(weights))
    rows, all_states, losses = {}, [], []
    for tokens in documents:
        states, loss, gradients = d.states_and_gradients(model, prefix, tokens, parameters)
        with torch.no_grad():
            found = gradient_scores(gradients, weights, parts)
            del gradients
            cosines, angles = d.angles_between(states)
            beside = range(len(states) - 1)
            found["block_influence"] = [1 - cosines[i, i + 1].mean().item() for i in beside]
            for name, matrix in (("", angles.mean(-1)), ("_last_token", angles[:, :, -1])):
                found["angular_distances" + name] = matrix.flatten().numpy()
                found["angular_distance" + name] = [matrix[i, i + 1].item() for i in beside]
            found["logit_lens_kl"] = d.lens(model, prefix, tokens, states, sampled(len(tokens)))
        for name, row in found.items():
            rows.setdefault(name, []).append(np.asarray(row))
        all_states.append(states)
        losses.append(loss)
    updates = d.mean_updates(all_states)
    for kind in d.KINDS:
        name = "ablation" if kind == "layer" else f"ablation_{kind}"
        for tokens, size, loss, _ in zip(documents, sizes, losses, range(counts[name])):
            with torch.no_grad():
                change = np.array(d.ablated_nll(model, prefix, tokens, updates, kind)) - loss
            rows.setdefault(name + "_nats_per_token", []).append(change / len(tokens))
            rows.setdefault(name + "_nats_per_byte", []).append(change / size)
        print(f"{kind} ablated", file=sys.stderr)
    return rows, np.stack([states.mean(1).numpy() for states in all_states], axis=1)


def contrast_rows(model, prefix, target, source, pairs):
    """gradient_conflict by pair and part."""
    rows = {}
    for i, j in pairs:
        parameters = d.llama_parameters(model)
        g, h = (d.states_and_gradients(model, prefix, tokens, parameters)[2] for tokens in (target[i], source[j]))
        parts = Parts(len(d.layers_of(model)), len(g))
        product, one, other = (
            parts([(a * b).sum().item() for a, b in zip(x, y)]) for x, y in ((g, h), (g, g), (h, h)))
        for part in product:
            row = product[part] / np.sqrt(one[part] * other[part])
            rows.setdefault("gradient_conflict" + part, []).append(row)
    return rows


def matrix_of(x):
    return [[d.cka(x[a], x[b]) for b in range(len(x))] for a in range(len(x))]


def left_out(x, document):
    return np.delete(x, document, axis=1)


def relative(found, wanted):
    return (np.abs(found - wanted)[wanted != 0] / np.abs(wanted[wanted != 0])).max()


class Comparison:
    def __init__(self, archive):
        self.archive, self.worst = archive, 0.0
        print(f"{'score':36} {'of':8} {'numbers':>8} {'/ greatest':>11} {'/ itself':>10} {'mean / itself':>14}")

    def check(self, score, subject, rows, dataset="documents"):
        found = self.archive["scores"][score][subject][dataset][:]
        wanted = np.reshape(np.asarray(rows, dtype=float), np.shape(found))
        difference = np.abs(found - wanted)
        axes = tuple(range(1, difference.ndim)) if dataset == "documents" else None
        greatest = (difference / np.abs(wanted).max(axis=axes, keepdims=True)).max()
        itself = relative(found, wanted)
        means = relative(found.mean(0), wanted.mean(0)) if dataset == "documents" else itself
        # Cosines of gradients and CKA may be 0 in the mean: a difference is then one of nothing.
        self.worst = max(self.worst, greatest, 0 if score.startswith(("gradient_conflict", "cka")) else means)
        print(f"{score:36} {subject:8} {difference.size:8} {greatest:11.1e} {itself:10.1e} {means:14.1e}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("archive", type=pathlib.Path)
    parser.add_argument("target", metavar="NAME=FILE.jsonl")
    parser.add_argument("source", metavar="NAME=FILE.jsonl")
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--dtype", default="float64")
    options = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(options.checkpoint / "tokenizer.json"))
    prefix = prefix_token(options.checkpoint, tokenizer)
    model = AutoModelForCausalLM.from_pretrained(
        options.checkpoint, dtype=getattr(torch, options.dtype), attn_implementation="eager").eval()
    archive = h5py.File(options.archive)
    comparison = Comparison(archive)
    documents, means = {}, {}
    for name, path in (text.split("=", 1) for text in (options.target, options.source)):
        documents[name], sizes = documents_of(archive, name, path, tokenizer, options.max_tokens)
        counts = {
            score.removesuffix("_nats_per_token"): len(group[name]["documents"])
            for score, group in archive["scores"].items() if score.endswith("_nats_per_token")}
        rows, means[name] = text_scores(model, prefix, documents[name], sizes, counts)
        for score, values in rows.items():
            comparison.check(score, name, values)
        comparison.check("cka_states", name, matrix_of(means[name]), "estimate")
        outside = [matrix_of(left_out(means[name], i)) for i in range(len(documents[name]))]
        comparison.check("cka_states", name, outside)
    target, source = documents
    pairing = archive["pairings"][source]
    pairs = list(zip(pairing["target"][:], pairing["source"][:]))
    for score, values in contrast_rows(model, prefix, documents[target], documents[source], pairs).items():
        comparison.check(score, source, values)
    if pairing.attrs["basis"] != b"none":
        x, y = (means[name][:, list(places)] for name, places in zip((target, source), zip(*pairs)))
        states = range(len(x))
        comparison.check("cka_languages", source, [d.cka(x[a], y[a]) for a in states], "estimate")
        found = np.transpose([d.retrieved(x[a], y[a]) for a in states])
        comparison.check("retrieval", source, found)
    signals = [d.signal(w.detach().numpy()) if w.dim() == 2 else 0 for w in d.llama_parameters(model)]
    matrices = {"": 7, "_attention": 4, "_mlp": 3}
    for part, sums in Parts(len(d.layers_of(model)), len(signals))(signals).items():
        comparison.check("weight_signal" + part, "weights", sums / matrices[part], "estimate")
    print(f"greatest of all: {comparison.worst:.1e}")
    sys.exit(comparison.worst > TOLERANCE)


if __name__ == "__main__":
    main()
