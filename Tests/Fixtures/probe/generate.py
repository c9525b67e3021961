"""Writes the golden scores of the LayerProbe tests, computed with transformers in float64.

    python Tests/Fixtures/probe/generate.py

Made with torch 2.15.0, transformers 5.24.0, numpy 2.4, scipy 1.17.1 on one thread; every seed is fixed below. The models are those
of ../decoders, the formulas those of definitions.py. Two "languages" of random tokens stand for target and source; document d of one is
the partner of document d of the other.

expected.json, by model, "target" and "source", each list over documents:
    documents            token ids, without the prefix token
    nll                  summed nats of all tokens, the first predicted from the prefix token
    ablated              by what is taken out (layer, attention, mlp, variation), per layer: nll without it, by forward hooks;
                         variation: the layer's update is its mean over all tokens of the language's documents
    block_influence      per layer: 1 - mean cosine between the states before and behind it
    angles, last_angles  per pair of states: arccos(cosine)/pi, mean over tokens and at the last token
    logit_lens           per state: mean over tokens of KL(final || softmax(head(norm(state))))
    gradients            per tensor, in the order of the model's layers and of "tensors": [norm of g, sum |g w|, sum (g w)^2],
                         of the mean nll
"tensors": names; "weight_norms": their norms;
"cka": per language, per pair of states: debiased linear CKA of the documents' mean states, by the definition with explicit
    sums over quadruples of different documents (U-statistic), not by the trace formula that is tested; "cka_left_out" the
    same without document 0; "cka_languages": between the languages at each state
"retrieval": per state and pair, 1 when found; "conflict": per pair and tensor, the inner product of the gradients
"weight_signal": per layer and matrix, share of energy above the Marchenko-Pastur edge, its median by scipy's quadrature
rank_correlation         pairs of score lists and Spearman's correlation from scipy's definition: Pearson's of mean ranks
"""

import importlib.util
import json
import pathlib

import numpy as np
import torch

from definitions import (
    KINDS, ablated_nll, angles_between, cka, layers_of, lens, llama_parameters, mean_updates, retrieved, signal, states_and_gradients)

HERE = pathlib.Path(__file__).parent
DECODERS = HERE.parent / "decoders"
spec = importlib.util.spec_from_file_location("decoders", DECODERS / "generate.py")
decoders = importlib.util.module_from_spec(spec)
spec.loader.exec_module(decoders)

PREFIX = 1
LENGTHS = [12, 1, 7, 25, 18, 5]
SOURCE_LENGTHS = [9, 4, 11, 21, 1, 6]


def score(model, documents):
    """All that one language gives; states and gradients are returned beside it for what compares two."""
    parameters = llama_parameters(model)
    passes = [states_and_gradients(model, PREFIX, tokens, parameters) for tokens in documents]
    weights = [parameter.detach() for parameter in parameters]
    updates = mean_updates([states for states, _, _ in passes])
    found = {"documents": documents, "nll": [loss for _, loss, _ in passes], "ablated": [], "gradients": []}
    found |= {"block_influence": [], "angles": [], "last_angles": [], "logit_lens": []}
    with torch.no_grad():
        for tokens, (states, _, gradients) in zip(documents, passes):
            cosines, angles = angles_between(states)
            found["block_influence"].append([1 - cosines[i, i + 1].mean().item() for i in range(len(states) - 1)])
            found["angles"].append(angles.mean(-1).flatten().tolist())
            found["last_angles"].append(angles[:, :, -1].flatten().tolist())
            found["logit_lens"].append(lens(model, PREFIX, tokens, states, range(len(tokens))))
            found["ablated"].append({kind: ablated_nll(model, PREFIX, tokens, updates, kind) for kind in KINDS})
            found["gradients"].append(
                [[g.norm().item(), (g * w).abs().sum().item(), ((g * w) ** 2).sum().item()]
                 for g, w in zip(gradients, weights)])
    means = np.stack([states.mean(1).numpy() for states, _, _ in passes], axis=1)
    return found, means, [gradients for _, _, gradients in passes]


def mean_ranks(values):
    values = np.asarray(values)
    return np.array([(values < value).sum() + ((values == value).sum() + 1) / 2 for value in values])


def main():
    torch.set_num_threads(1)
    expected = {"prefix": PREFIX, "models": {}, "rank_correlation": []}
    for name, seed in [("tied-grouped-f32", 21), ("untied-wide-bf16", 22)]:
        generator = torch.Generator().manual_seed(seed)
        vocabulary = decoders.MODELS[name]["config"]["vocab_size"]
        languages = [
            [torch.randint(3, vocabulary, (length,), generator=generator).tolist() for length in lengths]
            for lengths in (LENGTHS, SOURCE_LENGTHS)
        ]
        with decoders.Widened():
            model = decoders.load(DECODERS / name, torch.float64)
            (target, x, g), (source, y, h) = [score(model, documents) for documents in languages]
            weights = [parameter.detach() for parameter in llama_parameters(model)]
        names = {id(parameter): key for key, parameter in model.named_parameters()}
        states = range(len(x))
        expected["models"][name] = {
            "target": target,
            "source": source,
            "tensors": [names[id(parameter)] for parameter in llama_parameters(model)],
            "weight_norms": [weight.norm().item() for weight in weights],
            "cka": [[cka(z[a], z[b]) for a in states for b in states] for z in (x, y)],
            "cka_left_out": [[cka(z[a, 1:], z[b, 1:]) for a in states for b in states] for z in (x, y)],
            "cka_languages": [cka(x[a], y[a]) for a in states],
            "retrieval": [retrieved(x[a], y[a]) for a in states],
            "conflict": [[(a * b).sum().item() for a, b in zip(*pair)] for pair in zip(g, h)],
            "weight_signal": np.reshape(
                [signal(weight.numpy()) for weight in weights if weight.dim() == 2], (len(layers_of(model)), -1)
            ).tolist(),
        }
    rng = np.random.default_rng(23)
    for length, distinct in [(5, 100), (12, 4), (30, 1000)]:
        first, second = rng.integers(0, distinct, (2, length)).astype(float)
        second = second + 0.5 * first if distinct > 10 else second
        correlation = np.corrcoef(mean_ranks(first), mean_ranks(second))[0, 1]
        expected["rank_correlation"].append({"first": list(first), "second": list(second), "correlation": correlation})
    expected["models"] = shortened(expected["models"])
    (HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
    for name, scores in expected["models"].items():
        print(name, np.round(scores["cka_languages"], 3), np.round(scores["weight_signal"][0], 3))


def shortened(value):
    """Ten significant digits: far below any tolerance."""
    if isinstance(value, float):
        return float(f"{value:.10g}")
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    return [shortened(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
