"""One training step, or one forward pass, of SmolLM2-135M's or Llama-3.2-1B's shapes in PyTorch, in float32 on the CPU.

    python Benchmarks/torch_step.py --case detached|full|lora|forward [--model NAME] [--compile] [--steps N]

    detached   first and last layer trained, embedding, final norm and tied head frozen, the middle absent
    full       the whole model trained
    lora       adapters of rank 64 on all matrices of the layers trained, by PEFT
    forward    the whole model's loss without gradients, as an evaluation computes it

--rows x --sequence-length tokens a step in --accumulate parts, plain causal rows, random weights; a training step is forward, backward, clipping to norm 1 and AdamW.
Prints one JSON line: the median step of those after a warm-up, tokens per second, peak resident bytes of this process.
Run each case in a fresh process: the peak is the process's. Made with torch 2.15.0, transformers 5.24.0, peft 0.21.2.
"""

import argparse
import json
import re
import statistics
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM

SHAPES = {
    "smollm2-135m": dict(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3),
    "llama-3.2-1b": dict(
        vocab_size=128256, hidden_size=2048, intermediate_size=8192, num_hidden_layers=16, num_attention_heads=32,
        num_key_value_heads=8),
}


def make_model(shape, case):
    if case == "detached":
        shape = {**shape, "num_hidden_layers": 2}
    return LlamaForCausalLM(LlamaConfig(
        **shape, head_dim=64, max_position_embeddings=131072, rms_norm_eps=1e-5, tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 100000.0}, attn_implementation="sdpa"))


def peak_bytes():
    with open("/proc/self/status") as status:
        return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--case", choices=["detached", "full", "lora", "forward"], required=True)
    parser.add_argument("--model", choices=list(SHAPES), default="smollm2-135m")
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--sequence-length", type=int, default=512)
    parser.add_argument("--accumulate", type=int, default=1)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warmup", type=int, default=2)
    options = parser.parse_args()
    torch.manual_seed(0)
    shape = SHAPES[options.model]
    model = make_model(shape, options.case)
    trains = options.case != "forward"
    if options.case == "detached":
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith("model.layers."))
    if options.case == "lora":
        from peft import LoraConfig, get_peft_model

        model = get_peft_model(model, LoraConfig(r=64, lora_alpha=128, target_modules="all-linear"))
    ids = torch.randint(0, shape["vocab_size"], (options.rows, options.sequence_length + 1))
    parts = [(part[:, :-1].contiguous(), part[:, 1:].contiguous()) for part in ids.chunk(options.accumulate)]

    def loss(inputs, targets):
        logits = model(input_ids=inputs, use_cache=False).logits
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())

    compute = torch.compile(loss) if options.compile else loss
    if trains:
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        groups = [
            {"params": [p for p in trained if p.ndim >= 2], "weight_decay": 0.1},
            {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=1e-4, betas=(0.9, 0.95), fused=True)

    def step():
        if not trains:
            with torch.inference_mode():
                return sum(compute(*part).item() for part in parts) / len(parts)
        optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for part in parts:
            value = compute(*part) / len(parts)
            value.backward()
            total += value.item()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        return total

    seconds = []
    for index in range(options.warmup + options.steps):
        start = time.perf_counter()
        step()
        if index >= options.warmup:
            seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    print(json.dumps({
        "case": options.case,
        "implementation": "torch.compile" if options.compile else "torch",
        "threads": torch.get_num_threads(),
        "step_seconds": seconds,
        "step_seconds_median": median,
        "tokens_per_second": options.rows * options.sequence_length / median,
        "peak_bytes": peak_bytes(),
    }))


if __name__ == "__main__":
    main()
