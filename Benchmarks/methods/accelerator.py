"""The methods of `adapt` and their variants in PyTorch on an accelerator, each given the same arithmetic.

    python Benchmarks/methods/accelerator.py run CHECKPOINT TEXTS RESULTS.json --plan plan.json [--seconds 500]
    python Benchmarks/methods/accelerator.py table RESULTS.json

What takes hours on two cores takes minutes here, so this is where recipes are looked for and where budgets are gone through; what it
finds is run again with elo-surgeon itself (`compare.py`). It follows elo-surgeon: packing with attention inside documents, AdamW with
betas 0.9 and 0.95, decay 0.1 on matrices, clipping at 1, ten steps of warm-up, cosine to a tenth, steps of 8 x 512 tokens detached and
4 x 512 aligned, bridges by ridge regression in float64. It differs in the precision of products (bfloat16 with float32 weights) and in
the order of the text.

A budget is written in minutes of elo-surgeon on two cores at RATE floating-point operations a second, which its steps reach within 6 %
whatever they train, so equal minutes are equal arithmetic. RESULTS.json grows by a run at a time; those in it are passed over.
"""

import argparse
import json
import math
import pathlib
import random
import time

import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer

RATE = 190e9
LENGTH = 512
MATRICES = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")
NORMS = ("input_layernorm", "post_attention_layernorm")
EMBEDDING, FINAL_NORM = "model.embed_tokens.weight", "model.norm.weight"


class Model:
    """A Llama with tied embedding as functions of a dictionary of weights."""

    def __init__(self, checkpoint, device):
        self.config = json.loads((checkpoint / "config.json").read_text())
        self.device = device
        self.layers = self.config["num_hidden_layers"]
        self.width = self.config["hidden_size"]
        self.heads, self.kv_heads = self.config["num_attention_heads"], self.config["num_key_value_heads"]
        self.head_width = self.width // self.heads
        self.weights = {name: value.float().to(device) for name, value in load_file(checkpoint / "model.safetensors").items()}
        frequencies = self.config["rope_theta"] ** (-torch.arange(0, self.head_width, 2, device=device).float() / self.head_width)
        angles = torch.arange(2048, device=device).float()[:, None] * frequencies
        angles = torch.cat([angles, angles], dim=-1)
        self.cos, self.sin = angles.cos(), angles.sin()

    def names(self, layer):
        return [f"model.layers.{layer}.{part}.weight" for part in MATRICES + NORMS]

    def norm(self, x, weight):
        x = x.float()
        return (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.config["rms_norm_eps"])) * weight

    def layer(self, weights, index, x, positions, mask):
        rows, tokens, _ = x.shape
        prefix = f"model.layers.{index}."
        cos, sin = self.cos[positions][:, None], self.sin[positions][:, None]

        def matrix(part, value):
            return F.linear(value, weights[f"{prefix}{part}.weight"])

        def heads(value, count):
            return value.view(rows, tokens, count, self.head_width).transpose(1, 2)

        def rotated(value):
            low, high = value.float().chunk(2, dim=-1)
            return (value * cos + torch.cat([-high, low], dim=-1) * sin).to(value.dtype)

        h = self.norm(x, weights[prefix + "input_layernorm.weight"])
        q, k, v = (heads(matrix(f"self_attn.{name}_proj", h), count)
                   for name, count in (("q", self.heads), ("k", self.kv_heads), ("v", self.kv_heads)))
        k, v = (value.repeat_interleave(self.heads // self.kv_heads, dim=1) for value in (rotated(k), v))
        attended = F.scaled_dot_product_attention(rotated(q), k, v, attn_mask=mask)
        x = x + matrix("self_attn.o_proj", attended.transpose(1, 2).reshape(rows, tokens, self.width)).float()
        h = self.norm(x, weights[prefix + "post_attention_layernorm.weight"])
        return x + matrix("mlp.down_proj", F.silu(matrix("mlp.gate_proj", h)) * matrix("mlp.up_proj", h)).float()

    def stream(self, weights, path, batch, observe=None):
        """The residual stream behind `path`: layers by number, bridges as pairs of weight and bias."""
        ids, positions, documents = batch
        places = torch.arange(ids.shape[1], device=self.device)
        mask = ((documents[:, :, None] == documents[:, None, :]) & (places[:, None] >= places))[:, None]
        x = F.embedding(ids, weights[EMBEDDING])
        for part in path:
            if isinstance(part, int):
                if observe:
                    observe(part, x)
                x = self.layer(weights, part, x, positions, mask)
            else:
                x = x + (F.linear(x, part[0]).float() + part[1])
        if observe:
            observe(self.layers, x)
        return x

    def losses(self, weights, path, batch, targets, observe=None):
        """The loss of each token in nats; 0 where the target is -100."""
        x = self.norm(self.stream(weights, path, batch, observe), weights[FINAL_NORM])
        logits = F.linear(x, weights[EMBEDDING]).float()
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100, reduction="none")

    def whole(self):
        return list(range(self.layers))

    # Floating-point operations a token.

    def layer_cost(self):
        width, inner, kv = self.width, self.config["intermediate_size"], self.kv_heads * self.head_width
        return 2 * (2 * width * width + 2 * width * kv + 3 * width * inner) + 4 * width * LENGTH / 2

    def adapter_width(self):
        """Inputs and outputs of all matrices that get adapters: times the rank their parameters."""
        inner, kv = self.config["intermediate_size"], self.kv_heads * self.head_width
        return self.layers * (2 * 2 * self.width + 2 * (self.width + kv) + 3 * (self.width + inner))

    def head_cost(self):
        return 2 * self.width * self.config["vocab_size"]

    def cost(self, path, trained, embedding):
        """Of a training step: `trained` are the layers whose weights get gradients, `embedding` says whether the head's do."""
        layers = [part for part in path if isinstance(part, int)]
        lowest = 0 if embedding else min((layers.index(layer) for layer in trained), default=len(layers))
        bridges = 2 * self.width**2 * (len(path) - len(layers))
        passes = len(layers) + (len(layers) - lowest) + len(trained)
        return passes * self.layer_cost() + 2 * bridges + (3 if embedding else 2) * self.head_cost()


class Texts:
    """Rows of packed documents of target and source, nine tokens to one."""

    def __init__(self, folder, tokenizer, languages, end):
        self.train, self.held_out = {}, {}
        for language in languages:
            def read(kind):
                lines = (folder / f"{language}.{kind}.jsonl").read_text(encoding="utf-8").splitlines()
                return [json.loads(line)["text"] for line in lines]
            train = list(dict.fromkeys(read("train")))
            self.train[language] = [numpy.array(row.ids + [end]) for row in tokenizer.encode_batch(train, add_special_tokens=False)]
            documents = read("heldout")
            ids = [row.ids for row in tokenizer.encode_batch(documents, add_special_tokens=False)]
            self.held_out[language] = [(row, len(text.encode())) for row, text in zip(ids, documents)]

    def rows(self, shares, seed):
        """Endless rows of LENGTH tokens, [4, LENGTH]: ids, positions, documents, targets."""
        generator = random.Random(seed)

        def documents(language):
            while True:
                order = list(range(len(self.train[language])))
                generator.shuffle(order)
                for index in order:
                    yield self.train[language][index]

        streams = {language: documents(language) for language in shares}
        seen = dict.fromkeys(shares, 0)
        parts, held, number = [], 0, 0
        while True:
            # Whose share is furthest behind.
            language = min(shares, key=lambda name: seen[name] / shares[name])
            ids = next(streams[language])
            seen[language] += len(ids)
            number += 1
            targets = numpy.append(ids[1:], -100)
            parts.append(numpy.stack([ids, numpy.arange(len(ids)), numpy.full(len(ids), number), targets]))
            held += len(ids)
            if held >= LENGTH:
                packed = numpy.concatenate(parts, axis=1)
                while packed.shape[1] >= LENGTH:
                    row, packed = packed[:, :LENGTH].copy(), packed[:, LENGTH:]
                    # A part of a document that goes on from the row before begins anew.
                    row[1, row[2] == row[2, 0]] -= row[1, 0]
                    yield row
                parts, held = [packed], packed.shape[1]

    def batch(self, rows, count, device):
        """ids, positions, documents and targets, each [count, LENGTH]."""
        return torch.from_numpy(numpy.stack([next(rows) for _ in range(count)], axis=1)).to(device)


class Lab:
    def __init__(self, options):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.backends.cuda.matmul.allow_tf32 = True
        self.model = Model(options.checkpoint, self.device)
        tokenizer = Tokenizer.from_file(str(options.checkpoint / "tokenizer.json"))
        end = self.model.config["eos_token_id"]
        self.texts = Texts(options.texts, tokenizer, [*options.languages, "en"], end)
        self.prefix = end
        self.bridges, self.bases = {}, {}

    def autocast(self):
        # Inside a graph the casts must be captured too, so none may be kept from before.
        return torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda", cache_enabled=False)

    def evaluate(self, weights, languages):
        """Bits per byte, with a 95 % interval over documents, in windows of 2048 tokens that do not overlap."""
        result = {}
        for language in languages:
            windows = []
            for index, (ids, _) in enumerate(self.texts.held_out[language]):
                for start in range(0, len(ids), 2047):
                    before = ids[start - 1] if start else self.prefix
                    windows.append((index, [before] + ids[start:start + 2047]))
            windows.sort(key=lambda window: len(window[1]))
            nats = [0.0] * len(self.texts.held_out[language])
            while windows:
                longest = len(windows[-1][1])
                taken = [windows.pop() for _ in range(min(len(windows), max(1, 16384 // longest)))]
                ids = torch.full((len(taken), longest), self.prefix)
                targets = torch.full((len(taken), longest), -100)
                for row, (_, window) in enumerate(taken):
                    ids[row, :len(window)] = torch.tensor(window)
                    targets[row, :len(window) - 1] = torch.tensor(window[1:])
                ids, targets = ids.to(self.device), targets.to(self.device)
                positions = torch.arange(longest, device=self.device).expand(len(taken), -1)
                with torch.no_grad(), self.autocast():
                    losses = self.model.losses(weights, self.model.whole(), (ids, positions, torch.zeros_like(ids)), targets)
                for (index, _), value in zip(taken, losses.view(len(taken), -1).double().sum(1).tolist()):
                    nats[index] += value
            sizes = [size * math.log(2) for _, size in self.texts.held_out[language]]
            total = sum(nats) / sum(sizes)
            # Of a ratio of sums, by its linearisation.
            residuals = [value - total * size for value, size in zip(nats, sizes)]
            error = math.sqrt(sum(value * value for value in residuals)) / sum(sizes)
            result[language] = [round(total, 5), round(1.96 * error, 5)]
        return result

    def base(self, language):
        if language not in self.bases:
            self.bases[language] = self.evaluate(self.model.weights, [language, "en"])
        return self.bases[language]

    def path(self, language, kept, weights=None, key=None):
        """The detached model of the layers `kept`: those and bridges fitted on half target and half source text."""
        key = (language, tuple(kept)) if weights is None else None
        if key not in self.bridges or key is None:
            weights = weights or self.model.weights
            states = {}
            def observe(index, x):
                states.setdefault(index, []).append(x.reshape(-1, self.model.width))
            rows = self.texts.rows({language: 0.5, "en": 0.5}, 7)
            for _ in range(16):
                batch = self.texts.batch(rows, 4, self.device)
                with torch.no_grad(), self.autocast():
                    self.model.stream(weights, self.model.whole(), batch[:3], observe)
            bounds = [-1, *kept, self.model.layers]
            path = []
            for before, behind in zip(bounds, bounds[1:]):
                if before >= 0:
                    path.append(before)
                if behind > before + 1:
                    path.append(self.fit(torch.cat(states[before + 1]), torch.cat(states[behind])))
            if key is None:
                return path
            self.bridges[key] = path
        return self.bridges[key]

    def fit(self, before, behind):
        x, y = before.double(), (behind - before).double()
        norms = y.norm(dim=1)
        kept = norms <= 10 * norms.median()
        x, y = x[kept], y[kept]
        mean_x, mean_y = x.mean(0), y.mean(0)
        x, y = x - mean_x, y - mean_y
        gram = x.T @ x
        gram += 1e-3 * gram.diagonal().mean() * torch.eye(len(gram), device=self.device, dtype=gram.dtype)
        weight = torch.linalg.solve(gram, x.T @ y).T
        return weight.float().contiguous(), (mean_y - weight @ mean_x).float()

    def train(self, weights, path, trained, embedding, rows, batch_size, tokens, rate, lora=None):
        """Trains copies of the named layers in place of those in `weights`; the seconds it took."""
        steps = max(1, tokens // (batch_size * LENGTH))
        names = [name for layer in trained for name in self.model.names(layer)]
        names += [EMBEDDING, FINAL_NORM] if embedding else []
        current = dict(weights)
        if lora:
            targets = [name for name in names if not name.endswith("norm.weight")]
            generator = torch.Generator().manual_seed(1)
            pairs = {}
            for name in targets:
                rows_, columns = weights[name].shape
                a = ((torch.rand(lora, columns, generator=generator) * 2 - 1) / math.sqrt(columns)).to(self.device).requires_grad_()
                pairs[name] = (a, torch.zeros(rows_, lora, device=self.device, requires_grad=True))
            parameters = [value for pair in pairs.values() for value in pair]
        else:
            for name in names:
                current[name] = weights[name].clone().requires_grad_()
            parameters = [current[name] for name in names]
        learning_rate = torch.zeros((), device=self.device)
        optimizer = torch.optim.AdamW(
            [{"params": [p for p in parameters if p.dim() > 1], "weight_decay": 0.1},
             {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0}],
            lr=learning_rate, betas=(0.9, 0.95), eps=1e-8, fused=self.device == "cuda", capturable=self.device == "cuda")
        batch = self.texts.batch(rows, batch_size, self.device)

        def step():
            with self.autocast():
                used = current
                if lora:
                    used = current | {name: weights[name] + (b @ a) * 2 for name, (a, b) in pairs.items()}
                losses = self.model.losses(used, path, batch[:3], batch[3])
                loss = losses.sum() / (batch[3] >= 0).sum()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
            return loss

        graph = None
        if self.device == "cuda":
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            # Two steps at a rate of 0 leave the weights as they are; the moments are emptied behind them.
            with torch.cuda.stream(side):
                for _ in range(2):
                    step()
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                step()
            for state in optimizer.state.values():
                for value in state.values():
                    value.zero_()
            torch.cuda.synchronize()
        start = time.perf_counter()
        warm_up = min(10, steps)
        for index in range(steps):
            if index:
                batch.copy_(self.texts.batch(rows, batch_size, "cpu"))
            share = (index - warm_up) / max(1, steps - warm_up)
            factor = (index + 1) / warm_up if index < warm_up else 0.1 + 0.9 * (1 + math.cos(math.pi * share)) / 2
            learning_rate.fill_(rate * factor)
            graph.replay() if graph else step()
        if self.device == "cuda":
            torch.cuda.synchronize()
        seconds = time.perf_counter() - start
        with torch.no_grad():
            if lora:
                for name, (a, b) in pairs.items():
                    current[name] = weights[name] + (b @ a) * 2
        return {name: value.detach() for name, value in current.items()}, seconds, steps * batch_size * LENGTH

    def run(self, spec, language, minutes):
        """One way from the base to a model: its scores after the detached training and at the end."""
        model, whole = self.model, self.model.whole()
        budget = minutes * 60 * RATE
        rows = self.texts.rows({language: 0.9, "en": 0.1}, 42)
        weights = dict(model.weights)
        result = {"spec": spec, "language": language, "minutes": minutes, "points": {"base": self.base(language)}, "stages": []}
        share = spec.get("detached_share", 0.5 if "layers" in spec else 0.0)
        rounds = spec.get("rounds", 1)
        for number in range(rounds):
            if share > 0:
                kept = sorted(spec["layers"] + spec.get("frozen", []))
                if spec.get("bridge", True):
                    path = self.path(language, kept, weights if number else None)
                else:
                    path = kept
                embedding = spec.get("embedding", False)
                tokens = int(budget * share / rounds / model.cost(path, spec["layers"], embedding))
                before = weights
                weights, seconds, tokens = self.train(
                    weights, path, spec["layers"], embedding, rows, spec.get("batch", 8), tokens, spec.get("detached_rate", 2e-4))
                blend = spec.get("blend", 1)
                if blend != 1:
                    weights = {name: before[name] + blend * (value - before[name]) for name, value in weights.items()}
                result["stages"].append({"stage": "detached", "tokens": tokens, "seconds": round(seconds, 2)})
                result["points"]["re-attached"] = self.evaluate(weights, [language, "en"])
            if share < 1:
                trained = spec.get("align_layers", whole)
                embedding = spec.get("align_embedding", "align_layers" not in spec)
                lora = spec.get("lora")
                if lora:
                    # Nothing but the adapters' own gradients is made beside the stream's, whose path reaches down to the lowest layer.
                    cost = model.cost(whole, [0], False) - model.layer_cost() + 6 * lora * model.adapter_width()
                    embedding = False
                else:
                    cost = model.cost(whole, trained, embedding)
                tokens = int(budget * (1 - share) / rounds / cost)
                weights, seconds, tokens = self.train(
                    weights, whole, trained, embedding, rows, spec.get("align_batch", 4), tokens, spec.get("rate", 1e-4), lora)
                result["stages"].append({"stage": "aligned", "tokens": tokens, "seconds": round(seconds, 2)})
        result["points"]["aligned"] = self.evaluate(weights, [language, "en"])
        return result


def run(options):
    plan = json.loads(options.plan.read_text())
    options.languages = sorted({language for entry in plan for language in entry["languages"]})
    results = json.loads(options.results.read_text()) if options.results.exists() else {"runs": []}
    lab = Lab(options)
    results["device"] = torch.cuda.get_device_name() if lab.device == "cuda" else "cpu"
    done = {key(entry) for entry in results["runs"]}
    start = time.perf_counter()
    for entry in plan:
        for minutes in entry["minutes"]:
            for given in entry["specs"]:
                for language in entry["languages"]:
                    spec = resolved(given, language, minutes, results["runs"])
                    if key({"spec": spec, "language": language, "minutes": minutes}) in done:
                        continue
                    if time.perf_counter() - start > options.seconds:
                        return
                    began = time.perf_counter()
                    found = lab.run(spec, language, minutes)
                    done.add(key(found))
                    results["runs"].append(found)
                    options.results.write_text(json.dumps(results) + "\n")
                    points = found["points"]
                    print(f"{time.perf_counter() - start:6.1f} {time.perf_counter() - began:5.1f} s", line(found), flush=True)


def resolved(spec, language, minutes, runs):
    """`spec` with what it takes over from runs before it.

    `"like": PREFIX` takes the whole of the best run's whose name begins so; `"best": {SETTING: PREFIX}` one setting. Best is lowest in the
    target at the end, of runs in this language where there are some, with the nearest budget.
    """
    def best(prefix):
        def distance(entry):
            return entry["language"] != language, abs(math.log(entry["minutes"] / minutes)), entry["points"]["aligned"][entry["language"]][0]
        return min((entry for entry in runs if entry["spec"]["name"].startswith(prefix)), key=distance)["spec"]

    if "like" in spec:
        return best(spec["like"]) | {"name": spec["name"]}
    return {name: value for name, value in spec.items() if name != "best"} | {
        setting: best(prefix)[setting] for setting, prefix in spec.get("best", {}).items()}


def key(entry):
    return json.dumps([entry["spec"], entry["language"], entry["minutes"]], sort_keys=True)


def line(entry):
    language = entry["language"]
    scores = " ".join(f"{point} {values[language][0]:.4f}/{values['en'][0]:.4f}" for point, values in entry["points"].items())
    stages = " ".join(f"{stage['tokens']:,} tokens {stage['seconds']} s" for stage in entry["stages"])
    return f"{language} {entry['minutes']:g} min {json.dumps(entry['spec'])}: {scores} ({stages})"


def table(options):
    results = json.loads(options.results.read_text())
    groups = dict.fromkeys((entry["language"], entry["minutes"]) for entry in results["runs"])
    for language, minutes in sorted(groups):
        runs = [entry for entry in results["runs"] if (entry["language"], entry["minutes"]) == (language, minutes)]
        print(f"| {language}, {minutes:g} minutes | re-attached | {language} | en | tokens |\n|---|---|---|---|---|")
        base = runs[0]["points"]["base"]
        print(f"| base | | {score(base[language])} | {score(base['en'])} | |")
        for entry in sorted(runs, key=lambda entry: entry["points"]["aligned"][language][0]):
            points = entry["points"]
            middle = f"{points['re-attached'][language][0]:.3f}, {points['re-attached']['en'][0]:.3f}" if "re-attached" in points else ""
            tokens = " + ".join(f"{stage['tokens']:,}" for stage in entry["stages"])
            print(f"| {entry['spec'].get('name') or json.dumps(entry['spec'])} | {middle} | {score(points['aligned'][language])} "
                  f"| {score(points['aligned']['en'])} | {tokens} |")
        print()


def score(value):
    return f"{value[0]:.3f} ± {value[1]:.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    running = commands.add_parser("run")
    for name in ("checkpoint", "texts", "results"):
        running.add_argument(name, type=pathlib.Path)
    running.add_argument("--plan", type=pathlib.Path, required=True)
    running.add_argument("--seconds", type=float, default=math.inf)
    running.set_defaults(action=run)
    drawing = commands.add_parser("table")
    drawing.add_argument("results", type=pathlib.Path)
    drawing.set_defaults(action=table)
    options = parser.parse_args()
    options.action(options)


if __name__ == "__main__":
    main()
