"""The whole probe beside PyTorch doing the same work: time, processor time, peak memory, and how far the scores differ.

    swift build -c release --product elo-surgeon
    python Benchmarks/probe/compare.py CHECKPOINT de=DE.jsonl en=EN.jsonl SCRATCH [--pairs 64] [--tokens 256] [--only elo-surgeon]

Needs what reference.py needs. Takes the first pairs of documents (by id) of which both have so many tokens, writes them to SCRATCH, probes
them with `elo-surgeon probe` and then with torch_probe.py, one behind the other, each with all cores. Peak memory is what the kernel reports for the
process; weights mapped from a file count in it. Scores are compared as reference.py does: greatest difference over the greatest value of the document.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import h5py
import numpy as np
from tokenizers import Tokenizer

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / ".build" / "release" / "elo-surgeon"
sys.path.append(str(ROOT / "Benchmarks"))
from reference_nll import prefix_token

KINDS = {"layer": "ablation", "attention": "ablation_attention", "mlp": "ablation_mlp", "variation": "ablation_variation"}


def measure(command):
    """Wall and processor seconds, peak resident bytes, and what went to standard error."""
    start = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed: {errors[-2000:]}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, errors


def pairs_of(texts, tokenizer, pairs, length):
    """Documents of both languages with `length` tokens and more, as lines and as their first tokens."""
    lines = []
    for path in texts.values():
        with open(path, encoding="utf-8") as file:
            documents = [json.loads(line) for line in file]
        lines.append({document["id"]: document for document in documents})
    kept, tokens = ([], []), ([], [])
    for identity in lines[0]:
        if identity not in lines[1] or len(kept[0]) == pairs:
            continue
        pair = [text[identity] for text in lines]
        ids = [tokenizer.encode(document["text"], add_special_tokens=False).ids for document in pair]
        if min(map(len, ids)) >= length:
            for place in range(2):
                kept[place].append(pair[place])
                tokens[place].append(ids[place][:length])
    if len(kept[0]) < pairs:
        sys.exit(f"only {len(kept[0])} pairs of {length} tokens")
    return kept, tokens


def differences(archive, names, result):
    print(f"\n{'score':36} {'greatest difference':>20}")
    for key in result.files:
        score, _, place = key.partition("|")
        if not place:
            continue
        group = archive["scores"][score][names[int(place)]]
        wanted = result[key]
        if score.startswith("cka"):
            found = group["estimate"][:]
            if score == "cka_states":
                found = found[np.triu_indices(len(found))]
            difference = np.abs(found - wanted[:, 0]).max()
        else:
            found = group["documents"][:].reshape(wanted.shape)
            scale = np.abs(wanted).reshape(len(wanted), -1).max(1)
            differences = np.abs(found - wanted).reshape(len(wanted), -1).max(1)
            # A document whose true values are all 0 counts by the difference itself.
            difference = (differences / np.where(scale == 0, 1, scale)).max()
        print(f"{score + ' ' + names[int(place)]:36} {difference:20.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("target", metavar="NAME=FILE.jsonl")
    parser.add_argument("source", metavar="NAME=FILE.jsonl")
    parser.add_argument("scratch", type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--only", choices=["elo-surgeon"])
    options = parser.parse_args()
    options.scratch.mkdir(parents=True, exist_ok=True)
    texts = dict(text.split("=", 1) for text in (options.target, options.source))
    tokenizer = Tokenizer.from_file(str(options.checkpoint / "tokenizer.json"))
    kept, tokens = pairs_of(texts, tokenizer, options.pairs, options.tokens)
    files = []
    for name, documents in zip(texts, kept):
        files.append(options.scratch / f"{name}.jsonl")
        files[-1].write_text("".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents))
    output = options.scratch / "report"
    shutil.rmtree(output, ignore_errors=True)
    names = list(texts)
    rows = {
        "elo-surgeon": measure([
            PROGRAM, "probe", options.checkpoint, "--target", f"{names[0]}={files[0]}", "--source", f"{names[1]}={files[1]}",
            "--documents", options.pairs, "--max-tokens", options.tokens, "--output", output])
    }
    archive = h5py.File(output / "report.h5")
    if options.only is None:
        counts = {
            kind: len(archive["scores"][name + "_nats_per_token"][names[0]]["documents"]) for kind, name in KINDS.items()}
        (options.scratch / "counts.json").write_text(json.dumps(counts))
        prefix = prefix_token(options.checkpoint, tokenizer)
        (options.scratch / "tokens.json").write_text(json.dumps({"prefix": prefix, "texts": tokens}))
        rows["PyTorch"] = measure([
            sys.executable, pathlib.Path(__file__).with_name("torch_probe.py"), options.checkpoint,
            options.scratch / "tokens.json", options.scratch / "counts.json", options.scratch / "torch.npz",
            "--threads", os.cpu_count()])
        print("ablated documents of each text:", counts)
    print(f"\n{'':12} {'minutes':>8} {'processor minutes':>18} {'peak GB':>8}")
    for name, (wall, processor, peak, _) in rows.items():
        print(f"{name:12} {wall / 60:8.2f} {processor / 60:18.2f} {peak / 1e9:8.2f}")
    for name, (_, _, _, errors) in rows.items():
        print(f"\n{name}:\n" + "\n".join(line for line in errors.splitlines() if "Loading weights" not in line))
    if options.only is None:
        differences(archive, names, np.load(options.scratch / "torch.npz"))


if __name__ == "__main__":
    main()
