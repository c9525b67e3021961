"""Writes the golden fixtures of the training tests: ten AdamW steps, learning-rate schedules, a bridge.

    python Tests/Fixtures/training/generate.py

Made with torch 2.15.0, transformers 5.24.0, safetensors 0.8.0, numpy on one thread; every seed is fixed below.

steps-whole.safetensors        all parameters of ../decoders/tied-grouped-f32
steps-first-last.safetensors   layers 0 and 2 of ../decoders/tied-grouped-bf16 (f32 masters), everything else frozen
steps-groups.safetensors       norms, MLPs and embedding of ../decoders/tied-grouped-bf16: the embedding at a tenth of the rate
                               and without decay, norms at three times the rate and with decay
steps-bf16-moments.safetensors as steps-first-last with both moments stored in bfloat16 after each step (to nearest even),
                               which torch.optim.AdamW does not do: the update is written out below

    ids, positions, targets    I32 [10, R, T]   one packed batch per step, laid out as in ../decoders
    spans                      I32 [n, 2]       the same for every batch, in its flattened rows
    learning_rate              F64 [10]
    clip                       F64 [1]          in the first run every step is clipped, in the second some are
    loss                       F64 [10]         nats per predicted token, before the step
    gradient_norm              F64 [10]         of the trained parameters, before clipping
    weight.<parameter>         F32              trained parameters after ten steps
    f32.loss, f32.gradient_norm                 the same run in float32 (weights, gradients, moments)
    f32_error.<parameter>      F64 [2]          float32 against float64 weights, over eight runs whose documents are summed in
                                                another order: greatest absolute error, root mean square of its norm

The step: torch.optim.AdamW, betas 0.9 and 0.95, eps 1e-8, decoupled decay 0.1 on matrices and 0 on vectors, gradients
clipped to a global norm of `clip` (torch.nn.utils.clip_grad_norm_: scale clip / (norm + 1e-6) where that is below 1).
loss, gradient_norm and weight come from the float64 run; weights are rounded to float32 for storage.

schedules.json                 learning rate of step s = 1...N, peak P, warm-up of w steps, floor f (a share of P):
    of several cycles each has N / cycles steps, and s counts in it; N and d below are a cycle's
    warm-up      s <= w:  P (a + (1 - a) s / w), beginning at a share a
    cosine       s > w:   P (f + (1 - f) (1 + cos(pi (s - w) / (N - w))) / 2)
    linear       s > w:   P (f + (1 - f) (N - s) / (N - w))
    constant     s > w:   P
    wsd          the last ceil(N share) steps, d of them, fall as P (f + (1 - f) (1 - sqrt((s - (N - d)) / d))); P before
    Where transformers has the schedule it is compared with it.

bridge.safetensors             the map h + W h + b from states x to states y, float64
    x, y                       F32 [n, d]       states of n tokens; a few have a massive change
    kept                       I32 [n]          1 where |y - x| is at most 10 times its median over all tokens
    weight, bias               F64 [d, d], [d]  ridge regression of y - x on x over the kept tokens, both centred:
                                                W = (X'X + lambda I)^-1 X'D transposed, lambda = 1e-3 trace(X'X) / d,
                                                b = mean(y - x) - W mean(x)
    explained_variance         F64 [2]          1 - |residual|^2 / |centred|^2 over the kept tokens: of the change, of y
"""

import importlib.util
import json
import math
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
DECODERS = HERE.parent / "decoders"
spec = importlib.util.spec_from_file_location("decoders", DECODERS / "generate.py")
decoders = importlib.util.module_from_spec(spec)
spec.loader.exec_module(decoders)

STEPS, WARMUP, FLOOR = 10, 3, 0.1
# Runs in float32, whose error on one tensor is a matter of luck: a moment that falls on the other side of a rounding.
RUNS = 8


def learning_rate(kind, step, steps, peak, warmup, floor, start=0.0, share=0.2, cycles=1):
    if cycles > 1:
        cycle = min(cycles - 1, max(0, math.ceil(step * cycles / steps) - 1))
        return learning_rate(kind, step - cycle * steps / cycles, steps / cycles, peak, warmup, floor, start, share)
    if step <= warmup:
        return peak * (start + (1 - start) * step / warmup)
    if kind == "cosine":
        return peak * (floor + (1 - floor) * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2)
    if kind == "linear":
        return peak * (floor + (1 - floor) * (steps - step) / (steps - warmup))
    decay = math.ceil(steps * share)
    if kind == "constant" or step <= steps - decay:
        return peak
    return peak * (floor + (1 - floor) * (1 - math.sqrt((step - (steps - decay)) / decay)))


def mean_loss(model, batch):
    """The mean nll of a packed batch, document by document: in another order, where there is one, which rounds otherwise."""
    ids, targets = batch["packed.ids"].flatten(), batch["packed.targets"].flatten()
    total = 0
    spans = batch["packed.spans"].tolist()
    for start, end in (spans[place] for place in batch.get("order", range(len(spans)))):
        if (targets[start:end] >= 0).any():
            logits = model(input_ids=ids[start:end][None], use_cache=False).logits[0]
            total = total + torch.nn.functional.cross_entropy(logits, targets[start:end], ignore_index=-1, reduction="sum")
    return total / (targets >= 0).sum()


class RoundedMoments(torch.optim.Optimizer):
    """AdamW whose moments are rounded to bfloat16 when they are stored; the step takes them as computed."""

    def __init__(self, groups, betas, eps):
        super().__init__(groups, {"lr": 0.0, "betas": betas, "eps": eps, "weight_decay": 0.0})
        self.steps = 0

    @torch.no_grad()
    def step(self):
        self.steps += 1
        for group in self.param_groups:
            (beta1, beta2), rate = group["betas"], group["lr"]
            for p in group["params"]:
                state = self.state[p]
                first, second = (state.get(key, torch.zeros_like(p)) for key in ("first", "second"))
                first = beta1 * first + (1 - beta1) * p.grad
                second = beta2 * second + (1 - beta2) * p.grad * p.grad
                state["first"], state["second"] = (x.to(torch.bfloat16).to(p.dtype) for x in (first, second))
                p.mul_(1 - rate * group["weight_decay"])
                denominator = (second / (1 - beta2**self.steps)).sqrt() + group["eps"]
                p.sub_(rate / (1 - beta1**self.steps) * first / denominator)


def plain(name, parameter):
    """Decay and factor of the learning rate of a parameter."""
    return (0.1 if parameter.ndim >= 2 else 0.0), 1.0


def grouped(name, parameter):
    if "embed" in name:
        return 0.0, 0.1
    return 0.1, 3.0 if "norm" in name else 1.0


def train(model, batches, trained, peak, clip, groups=plain, make=torch.optim.AdamW):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(trained(name))
    parameters = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    kinds = {}
    for name, parameter in parameters.items():
        kinds.setdefault(groups(name, parameter), []).append(parameter)
    optimizer = make(
        [{"params": some, "weight_decay": decay, "factor": factor} for (decay, factor), some in kinds.items()],
        betas=(0.9, 0.95),
        eps=1e-8,
    )
    rates, losses, norms = [], [], []
    for step, batch in enumerate(batches, start=1):
        rates.append(learning_rate("cosine", step, STEPS, peak, WARMUP, FLOOR))
        for group in optimizer.param_groups:
            group["lr"] = rates[-1] * group["factor"]
        optimizer.zero_grad()
        loss = mean_loss(model, batch)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), clip).item())
        losses.append(loss.item())
        optimizer.step()
    weights = {name: parameter.detach() for name, parameter in parameters.items()}
    return rates, losses, norms, weights


def write_steps(name, checkpoint, trained, peak, clip, seed, **options):
    vocabulary = decoders.MODELS[checkpoint]["config"]["vocab_size"]
    generator = torch.Generator().manual_seed(seed)
    batches = [decoders.make_batches(vocabulary, generator) for _ in range(STEPS)]
    # Few distinct tokens, so that ten steps have something to learn.
    for batch in batches:
        batch["packed.ids"] = batch["packed.ids"] % 12
        targets = batch["packed.targets"]
        batch["packed.targets"] = torch.where(targets < 0, targets, targets % 12)
    run = lambda dtype: train(decoders.load(DECODERS / checkpoint, dtype), batches, trained, peak, clip, **options)
    with decoders.Widened():
        rates, losses, norms, weights = run(torch.float64)
    _, losses_f32, norms_f32, weights_f32 = run(torch.float32)
    runs = [weights_f32]
    for _ in range(RUNS - 1):
        for batch in batches:
            batch["order"] = torch.randperm(len(batch["packed.spans"]), generator=generator).tolist()
        runs.append(run(torch.float32)[3])
    result = {key: torch.stack([batch["packed." + key] for batch in batches]).to(torch.int32) for key in ("ids", "positions", "targets")}
    result["spans"] = batches[0]["packed.spans"].to(torch.int32)
    result["learning_rate"] = torch.tensor(rates, dtype=torch.float64)
    result["clip"] = torch.tensor([clip], dtype=torch.float64)
    result["loss"] = torch.tensor(losses, dtype=torch.float64)
    result["gradient_norm"] = torch.tensor(norms, dtype=torch.float64)
    result["f32.loss"] = torch.tensor(losses_f32, dtype=torch.float64)
    result["f32.gradient_norm"] = torch.tensor(norms_f32, dtype=torch.float64)
    for key, value in weights.items():
        assert value.dtype == torch.float64 and weights_f32[key].dtype == torch.float32
        errors = torch.stack([some[key].double() - value for some in runs])
        result["weight." + key] = value.float().contiguous()
        result["f32_error." + key] = torch.stack([errors.abs().max(), errors.norm() / math.sqrt(RUNS)])
    save_file(result, HERE / f"{name}.safetensors")
    apart = max(abs(a - b) / b for a, b in zip(losses_f32, losses))
    print(f"{name}: loss {losses[0]:.4f} to {losses[-1]:.4f}, norms {min(norms):.2f}...{max(norms):.2f}, f32 apart {apart:.1e}")


def write_schedules():
    cases = []
    for kind, steps, peak, warmup, floor, *more in [
        ("cosine", 10, 0.003, 3, 0.1),
        ("cosine", 25, 1e-4, 0, 0.1),
        ("cosine", 4, 1.0, 4, 0.1),
        ("linear", 12, 3e-4, 2, 0.0),
        ("linear", 7, 1.0, 1, 0.1),
        ("constant", 6, 2e-5, 2, 0.1),
        ("wsd", 23, 3e-4, 3, 0.1),
        ("wsd", 10, 1.0, 0, 0.0),
        ("cosine", 12, 1.0, 4, 0.1, 0.25),
        ("wsd", 20, 1e-3, 2, 0.05, 0.0, 0.45),
        ("cosine", 24, 1.0, 3, 0.1, 0.0, 0.2, 3),
        ("linear", 17, 1.0, 2, 0.0, 0.5, 0.2, 2),
    ]:
        start, share, cycles = (more + [0.0, 0.2, 1][len(more) :])[:3]
        rates = [learning_rate(kind, step, steps, peak, warmup, floor, start, share, cycles) for step in range(1, steps + 1)]
        compare_with_transformers(kind, steps, peak, warmup, floor, start, share, cycles, rates)
        cases.append(
            {"kind": kind, "steps": steps, "peak": peak, "warmup": warmup, "floor": floor, "start": start}
            | {"decay_share": share, "cycles": cycles, "learning_rates": rates}
        )
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    (HERE / "schedules.json").write_text("[\n" + lines + "\n]\n")


def compare_with_transformers(kind, steps, peak, warmup, floor, start, share, cycles, rates):
    from transformers import optimization

    if start > 0 or cycles > 1 or (kind == "linear" and floor > 0):
        return
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    decay = math.ceil(steps * share)
    schedule = {
        "cosine": lambda: optimization.get_cosine_with_min_lr_schedule_with_warmup(
            optimizer, warmup, steps, min_lr_rate=floor
        ),
        "linear": lambda: optimization.get_linear_schedule_with_warmup(optimizer, warmup, steps),
        "constant": lambda: optimization.get_constant_schedule_with_warmup(optimizer, warmup),
        "wsd": lambda: optimization.get_wsd_schedule(
            optimizer, warmup, decay, steps, min_lr_ratio=floor, decay_type="1-sqrt"
        ),
    }[kind]()
    # Theirs counts steps from 0, so that the rate of the first is 0.
    theirs = []
    for _ in range(steps):
        optimizer.step()
        schedule.step()
        theirs.append(schedule.get_last_lr()[0])
    # Its wsd warms up from the floor.
    first = warmup if kind == "wsd" else 0
    assert np.allclose(rates[first:], theirs[first:], rtol=1e-9, atol=1e-12 * peak), (kind, steps, rates, theirs)


def write_bridge():
    rng = np.random.default_rng(7)
    n, d, massive = 240, 16, 5
    # States of unequal variance with a mean, as a residual stream has; the change is mostly linear.
    x = (rng.normal(size=(n, d)) @ np.diag(np.geomspace(3, 0.05, d)) @ rng.normal(size=(d, d)) / 4 + rng.normal(size=d)).astype(np.float32)
    change = x @ rng.normal(size=(d, d)) * 0.4 + rng.normal(size=d) + 0.3 * rng.normal(size=(n, d))
    change[rng.choice(n, massive, replace=False)] *= 100
    y = (x + change).astype(np.float32)
    difference = y.astype(np.float64) - x.astype(np.float64)
    norms = np.linalg.norm(difference, axis=1)
    kept = norms <= 10 * np.median(norms)
    assert kept.sum() == n - massive
    kept_x, kept_d, kept_y = x[kept].astype(np.float64), difference[kept], y[kept].astype(np.float64)
    centred_x, centred_d = kept_x - kept_x.mean(0), kept_d - kept_d.mean(0)
    gram = centred_x.T @ centred_x
    penalty = 1e-3 * np.trace(gram) / d
    weight = np.linalg.solve(gram + penalty * np.eye(d), centred_x.T @ centred_d).T
    bias = kept_d.mean(0) - weight @ kept_x.mean(0)
    residual = kept_d - kept_x @ weight.T - bias
    explained = [1 - (residual**2).sum() / (centred_d**2).sum(), 1 - (residual**2).sum() / ((kept_y - kept_y.mean(0)) ** 2).sum()]
    arrays = {"x": x, "y": y, "kept": kept.astype(np.int32), "weight": weight, "bias": bias, "explained_variance": np.array(explained)}
    save_file({key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in arrays.items()}, HERE / "bridge.safetensors")
    print(f"bridge: condition {np.linalg.cond(gram):.0f}, explained {explained[0]:.4f}, {explained[1]:.4f}")


def main():
    torch.set_num_threads(1)
    write_steps("steps-whole", "tied-grouped-f32", lambda name: True, peak=0.01, clip=1.0, seed=11)
    first_last = ("model.layers.0.", "model.layers.2.")
    write_steps("steps-first-last", "tied-grouped-bf16", lambda name: name.startswith(first_last), peak=0.01, clip=3.5, seed=12)
    write_steps(
        "steps-groups", "tied-grouped-bf16", lambda name: any(part in name for part in ("norm", "mlp", "embed")), peak=0.003,
        clip=1.0, seed=13, groups=grouped,
    )
    write_steps(
        "steps-bf16-moments", "tied-grouped-bf16", lambda name: name.startswith(first_last), peak=0.01, clip=3.5, seed=12,
        make=RoundedMoments,
    )
    write_schedules()
    write_bridge()


if __name__ == "__main__":
    main()
