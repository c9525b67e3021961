"""Writes the golden scores of the LayerProbe tests, computed with transformers in float64.

    python Tests/Fixtures/probe/generate.py

Made with torch 2.15.0, transformers 5.23.0 on one thread; every seed is fixed below. The models are those of ../decoders.

expected.json, by model, each list over documents:
    documents            token ids, without the prefix token
    block_influence      per layer: 1 - mean over the document's tokens (the prefix's position left out) of the cosine between
                         the residual stream before the layer and behind it; behind the last: before the final norm
    nll                  summed nats of all tokens, the first predicted from the prefix token
    ablated_nll          per layer: the same with the layer passed over
    gradient_norm        per layer: root of the sum of squares of the gradient of the document's mean nll
    relative_gradient_norm  per layer: root of the sum over tensors of (norm of gradient / norm of weight) squared
rank_correlation         pairs of score lists and Spearman's correlation from scipy's definition: Pearson's of mean ranks
"""

import importlib.util
import json
import pathlib

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent
DECODERS = HERE.parent / "decoders"
spec = importlib.util.spec_from_file_location("decoders", DECODERS / "generate.py")
decoders = importlib.util.module_from_spec(spec)
spec.loader.exec_module(decoders)

PREFIX = 1
LENGTHS = [12, 1, 7, 25, 18]


def nll(model, tokens):
    inputs = torch.tensor([[PREFIX, *tokens]])
    logits = model(input_ids=inputs, use_cache=False).logits[0, :-1]
    return torch.nn.functional.cross_entropy(logits, inputs[0, 1:], reduction="sum")


def score(model, tokens):
    layers = list(model.model.layers)
    streams = []
    hooks = [layer.register_forward_pre_hook(lambda _, args: streams.append(args[0])) for layer in layers]
    hooks.append(model.model.norm.register_forward_pre_hook(lambda _, args: streams.append(args[0])))
    model.zero_grad()
    intact = nll(model, tokens)
    (intact / len(tokens)).backward()
    for hook in hooks:
        hook.remove()
    cosines = [torch.cosine_similarity(a[0, 1:], b[0, 1:], dim=-1, eps=0.0) for a, b in zip(streams, streams[1:])]
    absolute, relative = [], []
    for layer in layers:
        norms = [(parameter.grad.norm().item(), parameter.norm().item()) for parameter in layer.parameters()]
        absolute.append(sum(gradient**2 for gradient, _ in norms) ** 0.5)
        relative.append(sum((gradient / weight) ** 2 for gradient, weight in norms) ** 0.5)
    ablated = []
    with torch.no_grad():
        for index in range(len(layers)):
            model.model.layers = torch.nn.ModuleList(layers[:index] + layers[index + 1 :])
            ablated.append(nll(model, tokens).item())
    model.model.layers = torch.nn.ModuleList(layers)
    return {
        "documents": tokens,
        "block_influence": [1 - cosine.mean().item() for cosine in cosines],
        "nll": intact.item(),
        "ablated_nll": ablated,
        "gradient_norm": absolute,
        "relative_gradient_norm": relative,
    }


def mean_ranks(values):
    values = np.asarray(values)
    return np.array([(values < value).sum() + ((values == value).sum() + 1) / 2 for value in values])


def main():
    torch.set_num_threads(1)
    expected = {"prefix": PREFIX, "models": {}, "rank_correlation": []}
    for name, seed in [("tied-grouped-f32", 21), ("untied-wide-bf16", 22)]:
        generator = torch.Generator().manual_seed(seed)
        vocabulary = decoders.MODELS[name]["config"]["vocab_size"]
        documents = [torch.randint(3, vocabulary, (length,), generator=generator).tolist() for length in LENGTHS]
        with decoders.Widened():
            model = decoders.load(DECODERS / name, torch.float64)
            scores = [score(model, tokens) for tokens in documents]
        expected["models"][name] = {key: [document[key] for document in scores] for key in scores[0]}
    rng = np.random.default_rng(23)
    for length, distinct in [(5, 100), (12, 4), (30, 1000)]:
        first, second = rng.integers(0, distinct, (2, length)).astype(float)
        second = second + 0.5 * first if distinct > 10 else second
        correlation = np.corrcoef(mean_ranks(first), mean_ranks(second))[0, 1]
        expected["rank_correlation"].append({"first": list(first), "second": list(second), "correlation": correlation})
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    for name, scores in expected["models"].items():
        print(name, *[f"{value:.3f}" for value in scores["block_influence"][3]], f"{scores['nll'][3]:.2f}", scores["ablated_nll"][3])


if __name__ == "__main__":
    main()
