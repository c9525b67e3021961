"""What the scores of a probe are, in transformers, torch and numpy: one straightforward function each, nothing shared or cached.

`generate.py` and `generate_families.py` write fixtures with them, `Benchmarks/probe/reference.py` holds the probe of a real model against
them. For decoders of any family whose attention and MLP are modules that return what is added to the residual stream, of any precision. A state
is the residual stream before a layer, the last one behind the last layer and before the final norm; the position of the prefix token counts in no
mean.
"""

import numpy as np
import scipy.integrate
import scipy.optimize
import torch

KINDS = ["layer", "attention", "mlp", "variation"]


def child(module, *names):
    """The child that has one of some names."""
    return next(getattr(module, name) for name in names if hasattr(module, name))


def layers_of(model):
    return list(child(model.base_model, "layers", "h"))


def final_norm_of(model):
    return child(model.base_model, "norm", "ln_f", "final_layer_norm")


def attention_of(layer):
    return child(layer, "self_attn", "attn", "attention", "self_attention")


def llama_parameters(model):
    """The layers' parameters of a Llama in the order of the Swift decoder: attention with its norm, then the MLP with its norm."""
    found = []
    for layer in layers_of(model):
        a, m = layer.self_attn, layer.mlp
        modules = [layer.input_layernorm, a.q_proj, a.k_proj, a.v_proj, a.o_proj]
        modules += [layer.post_attention_layernorm, m.gate_proj, m.up_proj, m.down_proj]
        found += [module.weight for module in modules]
    return found


def nll(model, prefix, tokens):
    """Summed nats of all tokens, the first predicted from the prefix token."""
    inputs = torch.tensor([[prefix, *tokens]])
    logits = model(input_ids=inputs, use_cache=False).logits[0, :-1]
    return torch.nn.functional.cross_entropy(logits, inputs[0, 1:], reduction="sum")


def states_and_gradients(model, prefix, tokens, parameters):
    """States [states, tokens, D], summed nll, and the gradient of the mean nll by parameter."""
    states = []
    hooks = [layer.register_forward_pre_hook(lambda _, args: states.append(args[0])) for layer in layers_of(model)]
    hooks.append(final_norm_of(model).register_forward_pre_hook(lambda _, args: states.append(args[0])))
    model.zero_grad()
    loss = nll(model, prefix, tokens)
    (loss / len(tokens)).backward()
    for hook in hooks:
        hook.remove()
    gradients = [parameter.grad.clone() for parameter in parameters]
    return torch.stack([state[0, 1:].detach() for state in states]), loss.item(), gradients


def with_first(output, first):
    return (first, *output[1:]) if isinstance(output, tuple) else first


def zeroed(_module, _args, output):
    return with_first(output, torch.zeros_like(output[0] if isinstance(output, tuple) else output))


def ablated_nll(model, prefix, tokens, updates, kind):
    """nll with something taken out of each layer in turn, by hooks on the layer or on its attention or MLP.

    updates: [layers, D], what a layer without variation adds.
    """
    found = []
    for layer, update in zip(layers_of(model), updates):
        module, hook = {
            "layer": (layer, lambda _, args, output: with_first(output, args[0])),
            "attention": (attention_of(layer), zeroed),
            "mlp": (layer.mlp, zeroed),
            "variation": (layer, lambda _, args, output: with_first(output, args[0] + update)),
        }[kind]
        handle = module.register_forward_hook(hook)
        found.append(nll(model, prefix, tokens).item())
        handle.remove()
    return found


def mean_updates(states):
    """[layers, D]: what each layer adds, mean over all tokens of a language's documents."""
    joined = torch.cat(states, dim=1)
    return (joined[1:] - joined[:-1]).mean(1)


def lens(model, prefix, tokens, states, positions):
    """KL(final || the model's output when its final norm is given the state), by state: mean over some positions of the tokens."""
    inputs = torch.tensor([[prefix, *tokens]])
    found = []
    for state in states:
        hook = final_norm_of(model).register_forward_pre_hook(lambda _, args: (torch.cat([args[0][:, :1], state[None]], 1), *args[1:]))
        logits = model(input_ids=inputs, use_cache=False).logits[0, 1:]
        found.append(torch.log_softmax(logits[positions], -1))
        hook.remove()
    return [(found[-1].exp() * (found[-1] - other)).sum(-1).mean().item() for other in found]


def angles_between(states):
    """Cosines and angles over pi of every pair of states, [states, states, tokens]."""
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
    """Debiased linear CKA of two sets of rows."""
    K, L = x @ x.T, y @ y.T
    return hsic(K, L) / np.sqrt(hsic(K, K) * hsic(L, L))


def retrieved(x, y):
    """Whether each row is nearest to its partner, and its partner to it, by cosine."""
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
    """Share of a matrix's energy in singular values above the Marchenko-Pastur edge."""
    values = np.linalg.svd(weight, compute_uv=False)
    n, m = weight.shape
    sigma = np.median(values) / np.sqrt(max(n, m) * noise_median(min(n, m) / max(n, m)))
    edge = sigma * (np.sqrt(n) + np.sqrt(m))
    return float((values[values > edge] ** 2).sum() / (values**2).sum())
