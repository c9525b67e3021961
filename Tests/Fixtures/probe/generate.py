"""Writes the golden scores of the LayerProbe tests, computed with transformers in float64.

    python Tests/Fixtures/probe/generate.py

Made with torch 2.15.0, transformers 5.24.0, numpy 2.4 on one thread; every seed is fixed below. The models are those of
../decoders. Two "languages" of random tokens stand for target and source; document d of one is the partner of document d of
the other. A state is the residual stream before a layer, the last one behind the last layer and before the final norm; the
position of the prefix token counts in no mean.

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
import scipy.integrate
import scipy.optimize
import torch

HERE = pathlib.Path(__file__).parent
DECODERS = HERE.parent / "decoders"
spec = importlib.util.spec_from_file_location("decoders", DECODERS / "generate.py")
decoders = importlib.util.module_from_spec(spec)
spec.loader.exec_module(decoders)

PREFIX = 1
LENGTHS = [12, 1, 7, 25, 18, 5]
SOURCE_LENGTHS = [9, 4, 11, 21, 1, 6]


def nll(model, tokens):
    inputs = torch.tensor([[PREFIX, *tokens]])
    logits = model(input_ids=inputs, use_cache=False).logits[0, :-1]
    return torch.nn.functional.cross_entropy(logits, inputs[0, 1:], reduction="sum")


def layers_of(model):
    return list(model.model.layers)


def states_and_gradients(model, tokens):
    """States [states, tokens, D], summed nll, and the gradient of the mean nll by tensor of each layer."""
    layers, states = layers_of(model), []
    hooks = [layer.register_forward_pre_hook(lambda _, args: states.append(args[0])) for layer in layers]
    hooks.append(model.model.norm.register_forward_pre_hook(lambda _, args: states.append(args[0])))
    model.zero_grad()
    loss = nll(model, tokens)
    (loss / len(tokens)).backward()
    for hook in hooks:
        hook.remove()
    gradients = [parameter.grad.clone() for layer in layers for parameter in ordered(layer)]
    return torch.stack([state[0, 1:].detach() for state in states]), loss.item(), gradients


def ordered(layer):
    """A layer's parameters in the order of the Swift decoder: attention with its norm, then the MLP with its norm."""
    a, m = layer.self_attn, layer.mlp
    modules = [layer.input_layernorm, a.q_proj, a.k_proj, a.v_proj, a.o_proj]
    modules += [layer.post_attention_layernorm, m.gate_proj, m.up_proj, m.down_proj]
    return [module.weight for module in modules]


def first_of(output):
    return output[0] if isinstance(output, tuple) else output


def zeroed(_module, _args, output):
    zero = torch.zeros_like(first_of(output))
    return (zero, *output[1:]) if isinstance(output, tuple) else zero


def ablated_nll(model, tokens, updates):
    """nll with something taken out of each layer in turn, by hooks on the layer or on its attention or MLP."""
    found = {"layer": [], "attention": [], "mlp": [], "variation": []}
    for index, layer in enumerate(layers_of(model)):

        def replaced(_module, args, output, update=None):
            stream = args[0] if update is None else args[0] + update
            return (stream, *output[1:]) if isinstance(output, tuple) else stream

        with_update = lambda module, args, output: replaced(module, args, output, updates[index])
        for kind, module, hook in [
            ("layer", layer, replaced), ("attention", layer.self_attn, zeroed), ("mlp", layer.mlp, zeroed),
            ("variation", layer, with_update),
        ]:
            handle = module.register_forward_hook(hook)
            found[kind].append(nll(model, tokens).item())
            handle.remove()
    return found


def lens(model, states):
    logits = [torch.log_softmax(model.lm_head(model.model.norm(state)), -1) for state in states]
    return [(logits[-1].exp() * (logits[-1] - other)).sum(-1).mean().item() for other in logits]


def angles_between(states):
    unit = states / states.norm(dim=-1, keepdim=True)
    cosines = torch.einsum("atd,btd->abt", unit, unit).clamp(-1, 1)
    angles = torch.arccos(cosines) / np.pi
    angles[range(len(states)), range(len(states))] = 0
    return cosines, angles


def hsic(K, L):
    """The unbiased estimator as a U-statistic: sums over distinct documents, written out."""
    n = len(K)
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    two = np.mean([K[i, j] * L[i, j] for i, j in pairs])
    three = np.mean([K[i, j] * L[i, k] for i, j in pairs for k in range(n) if k not in (i, j)])
    four = np.mean(
        [K[i, j] * L[k, l] for i, j in pairs for k in range(n) for l in range(n) if len({i, j, k, l}) == 4])
    return two - 2 * three + four


def cka(x, y):
    K, L = x @ x.T, y @ y.T
    return hsic(K, L) / np.sqrt(hsic(K, K) * hsic(L, L))


def retrieved(x, y):
    unit = lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = unit(x) @ unit(y).T
    return [
        int(all(cosines[i, i] > cosines[i, j] and cosines[i, i] > cosines[j, i] for j in range(len(x)) if j != i))
        for i in range(len(x))
    ]


def noise_median(ratio):
    """Median of the Marchenko-Pastur law by quadrature and bisection."""
    low, high = (1 - ratio**0.5) ** 2, (1 + ratio**0.5) ** 2
    density = lambda x: np.sqrt(max(0, (high - x) * (x - low))) / (2 * np.pi * ratio * x)
    below = lambda x: scipy.integrate.quad(density, low, x, limit=400)[0]
    return scipy.optimize.brentq(lambda x: below(x) - 0.5, low + 1e-12, high)


def signal(weight):
    values = np.linalg.svd(weight, compute_uv=False)
    n, m = weight.shape
    sigma = np.median(values) / np.sqrt(max(n, m) * noise_median(min(n, m) / max(n, m)))
    edge = sigma * (np.sqrt(n) + np.sqrt(m))
    return float((values[values > edge] ** 2).sum() / (values**2).sum())


def score(model, documents):
    """All that one language gives; states and gradients are returned beside it for what compares two."""
    passes = [states_and_gradients(model, tokens) for tokens in documents]
    weights = [parameter.detach() for layer in layers_of(model) for parameter in ordered(layer)]
    joined = torch.cat([states for states, _, _ in passes], dim=1)
    updates = (joined[1:] - joined[:-1]).mean(1)
    found = {"documents": documents, "nll": [loss for _, loss, _ in passes], "ablated": [], "gradients": []}
    found |= {"block_influence": [], "angles": [], "last_angles": [], "logit_lens": []}
    with torch.no_grad():
        for tokens, (states, _, gradients) in zip(documents, passes):
            cosines, angles = angles_between(states)
            found["block_influence"].append([1 - cosines[i, i + 1].mean().item() for i in range(len(states) - 1)])
            found["angles"].append(angles.mean(-1).flatten().tolist())
            found["last_angles"].append(angles[:, :, -1].flatten().tolist())
            found["logit_lens"].append(lens(model, states))
            found["ablated"].append(ablated_nll(model, tokens, updates))
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
            weights = [parameter.detach() for layer in layers_of(model) for parameter in ordered(layer)]
        names = {id(parameter): key for key, parameter in model.named_parameters()}
        states = range(len(x))
        expected["models"][name] = {
            "target": target,
            "source": source,
            "tensors": [names[id(parameter)] for layer in layers_of(model) for parameter in ordered(layer)],
            "weight_norms": [weight.norm().item() for weight in weights],
            "cka": [[cka(z[a], z[b]) for a in states for b in states] for z in (x, y)],
            "cka_left_out": [[cka(z[a, 1:], z[b, 1:]) for a in states for b in states] for z in (x, y)],
            "cka_languages": [cka(x[a], y[a]) for a in states],
            "retrieval": [retrieved(x[a], y[a]) for a in states],
            "conflict": [[(a * b).sum().item() for a, b in zip(*pair)] for pair in zip(g, h)],
            "weight_signal": [
                [signal(parameter.detach().numpy()) for parameter in ordered(layer) if parameter.dim() == 2]
                for layer in layers_of(model)
            ],
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
