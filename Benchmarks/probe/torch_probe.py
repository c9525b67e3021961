"""The work of `elo-surgeon probe` in PyTorch, for time and memory beside it; compare.py runs both.

    python Benchmarks/probe/torch_probe.py CHECKPOINT TOKENS.json COUNTS.json RESULT.npz [--threads 2]

As a careful user would write it: f32, scaled dot-product attention, documents of one length in batches, ablation with the prefix of the forward
pass shared, the head in chunks of tokens, one pass for all statistics of states. TOKENS.json has {"prefix": id, "texts": [[ids]]}, documents
of one length, pairs by place; COUNTS.json how many documents of each text each kind of ablation scores. Seconds of each stage go to standard error.
"""

import argparse
import json
import pathlib
import sys
import time

import numpy as np
import torch
from transformers import AutoModelForCausalLM

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent.parent / "Tests" / "Fixtures" / "probe"))
from definitions import llama_parameters, signal

DOCUMENTS_PER_PASS = 8
HEAD_TOKENS = 512
LENS_POSITIONS = 16


class Passes:
    def __init__(self, model):
        self.model, self.layers = model, list(model.model.layers)

    def embed(self, inputs):
        stream = self.model.model.embed_tokens(inputs)
        positions = torch.arange(inputs.shape[1])[None]
        return stream, self.model.model.rotary_emb(stream, positions)

    def layer(self, index, stream, rotary, without=None, update=None):
        """[B, T, D] behind a layer, or behind what is left of it. Without a mask attention is causal."""
        layer = self.layers[index]
        if without == "layer":
            return stream
        if without == "variation":
            return stream + update
        if without != "attention":
            attended, _ = layer.self_attn(
                hidden_states=layer.input_layernorm(stream), position_embeddings=rotary, attention_mask=None)
            stream = stream + attended
        if without != "mlp":
            stream = stream + layer.mlp(layer.post_attention_layernorm(stream))
        return stream

    def losses(self, stream, targets):
        """Summed nats of each document, [B]."""
        normed = self.model.model.norm(stream[:, :-1]).flatten(0, 1)
        found = [
            torch.nn.functional.cross_entropy(self.model.lm_head(rows), labels, reduction="none")
            for rows, labels in zip(normed.split(HEAD_TOKENS), targets.flatten().split(HEAD_TOKENS))
        ]
        return torch.cat(found).view(targets.shape).double().sum(1)


def batches(documents):
    return documents.split(DOCUMENTS_PER_PASS)


@torch.no_grad()
def state_statistics(passes, text):
    """Means by state and document, and cosines and angles of all pairs of states by document."""
    means, block_influence, angles, last = [], [], [], []
    for inputs in batches(text):
        stream, rotary = passes.embed(inputs)
        states = [stream[:, 1:]]
        for index in range(len(passes.layers)):
            stream = passes.layer(index, stream, rotary)
            states.append(stream[:, 1:])
        for document in torch.stack(states, 1):
            means.append(document.double().mean(1))
            unit = torch.nn.functional.normalize(document, dim=-1).transpose(0, 1)
            cosines = torch.bmm(unit, unit.transpose(1, 2)).clamp(-1, 1)
            block_influence.append(1 - cosines.double().mean(0).diagonal(1))
            turned = torch.arccos(cosines) / torch.pi
            angles.append(turned.double().mean(0))
            last.append(turned[-1])
    return torch.stack(means, 1), torch.stack(block_influence), torch.stack(angles), torch.stack(last)


def cka_and_left_out(x, y):
    """Debiased CKA by traces, of all rows and with each left out."""

    def hsic(K, L):
        n = len(K)
        total = (K * L).sum() + K.sum() * L.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (K.sum(0) @ L.sum(0))
        return total / (n * (n - 3))

    def value(rows):
        K, L = x[rows] @ x[rows].T, y[rows] @ y[rows].T
        K.fill_diagonal_(0), L.fill_diagonal_(0)
        return hsic(K, L) / torch.sqrt(hsic(K, K) * hsic(L, L))

    rows = torch.arange(len(x))
    return [value(rows)] + [value(rows[rows != left]) for left in range(len(x))]


@torch.no_grad()
def lens(passes, text):
    head = passes.model.lm_head
    count = text.shape[1] - 1
    positions = torch.tensor([k * count // LENS_POSITIONS for k in range(1, LENS_POSITIONS + 1)])
    found = []
    for inputs in batches(text):
        stream, rotary = passes.embed(inputs)
        states = [stream[:, positions]]
        for index in range(len(passes.layers)):
            stream = passes.layer(index, stream, rotary)
            states.append(stream[:, positions])
        states = torch.stack([passes.model.model.norm(state) for state in states], 1)
        for document in states:
            final = torch.log_softmax(head(document[-1]), -1)
            found.append(torch.stack([
                (final.exp() * (final - torch.log_softmax(head(state), -1))).sum(-1).double().mean() for state in document]))
    return torch.stack(found)


def gradients(passes, texts):
    """By text and document: norm, Taylor and Fisher sums of every tensor; inner products of pairs."""
    model, parameters = passes.model, llama_parameters(passes.model)
    model.requires_grad_(False)
    for parameter in parameters:
        parameter.requires_grad_(True)
    sums, products = [[] for _ in texts], []
    for pair in zip(*texts):
        kept = None
        for place, inputs in enumerate(pair):
            stream, rotary = passes.embed(inputs[None])
            for index in range(len(passes.layers)):
                stream = passes.layer(index, stream, rotary)
            (passes.losses(stream, inputs[None, 1:]).sum() / (len(inputs) - 1)).backward()
            found = [parameter.grad for parameter in parameters]
            with torch.no_grad():
                rows = []
                for g, w in zip(found, parameters):
                    product = g * w
                    rows.append([g.norm().item(), product.abs().sum().item(), product.square().sum().item()])
                sums[place].append(rows)
                if kept is None:
                    kept = found
                else:
                    products.append([torch.dot(a.flatten(), b.flatten()).item() for a, b in zip(kept, found)])
            for parameter in parameters:
                parameter.grad = None
    model.requires_grad_(False)
    return np.array(sums), np.array(products)


@torch.no_grad()
def ablation(passes, text, kind, updates):
    layers = range(len(passes.layers))
    changes = []
    for inputs in batches(text):
        targets = inputs[:, 1:]
        stream, rotary = passes.embed(inputs)
        found = []
        for ablated in layers:
            rest = passes.layer(ablated, stream, rotary, kind, updates[ablated])
            for index in range(ablated + 1, len(layers)):
                rest = passes.layer(index, rest, rotary)
            found.append(passes.losses(rest, targets))
            stream = passes.layer(ablated, stream, rotary)
        changes.append((torch.stack(found) - passes.losses(stream, targets)).T / targets.shape[1])
    return torch.cat(changes)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("tokens", type=pathlib.Path)
    parser.add_argument("counts", type=pathlib.Path)
    parser.add_argument("result")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    tokens, counts = json.loads(options.tokens.read_text()), json.loads(options.counts.read_text())
    texts = [torch.tensor([[tokens["prefix"], *document] for document in text]) for text in tokens["texts"]]
    model = AutoModelForCausalLM.from_pretrained(options.checkpoint, dtype=torch.float32, attn_implementation="sdpa").eval()
    passes, result = Passes(model), {}
    clock = time.perf_counter()

    def stage(name):
        nonlocal clock
        now = time.perf_counter()
        print(f"{name} {now - clock:.1f}", file=sys.stderr, flush=True)
        clock = now

    stage("start")
    means = []
    for place, text in enumerate(texts):
        mean, *statistics = state_statistics(passes, text)
        means.append(mean)
        for name, values in zip(("block_influence", "angular_distances", "angular_distances_last_token"), statistics):
            result[f"{name}/{place}"] = values
    states = range(len(means[0]))
    for place, mean in enumerate(means):
        result[f"cka_states/{place}"] = torch.tensor(
            [cka_and_left_out(mean[a], mean[b]) for a in states for b in states if a <= b])
    result["cka_languages/1"] = torch.tensor([cka_and_left_out(means[0][a], means[1][a]) for a in states])
    unit = [torch.nn.functional.normalize(mean, dim=-1) for mean in means]
    cosines = torch.bmm(unit[0], unit[1].transpose(1, 2))
    own = cosines.diagonal(dim1=1, dim2=2)
    others = cosines - 2 * torch.diag_embed(torch.ones_like(own))
    result["retrieval/1"] = ((own > others.amax(1)) & (own > others.amax(2))).double().T
    stage("states")
    for place, text in enumerate(texts):
        result[f"logit_lens_kl/{place}"] = lens(passes, text)
    stage("lens")
    result["weight_signal"] = np.reshape(
        [signal(w.detach().double().numpy()) for w in llama_parameters(model) if w.dim() == 2], (len(passes.layers), -1)).mean(1)
    stage("weights")
    sums, result["products"] = gradients(passes, texts)
    for place in range(len(texts)):
        result[f"tensor_gradient_norm/{place}"] = sums[place, :, :, 0]
        result[f"taylor/{place}"] = sums[place, :, :, 1].reshape(len(sums[place]), len(passes.layers), -1).sum(-1)
        result[f"fisher/{place}"] = sums[place, :, :, 2].reshape(len(sums[place]), len(passes.layers), -1).sum(-1)
    stage("gradients")
    for kind, count in counts.items():
        name = "ablation" if kind == "layer" else f"ablation_{kind}"
        for place, text in enumerate(texts):
            overall = means[place].mean(1).float()
            result[f"{name}_nats_per_token/{place}"] = ablation(passes, text[:count], kind, overall[1:] - overall[:-1])
        stage(name)
    np.savez(options.result, **{name.replace("/", "|"): np.asarray(values) for name, values in result.items()})


if __name__ == "__main__":
    main()
