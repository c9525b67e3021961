"""What a probe finds where there is nothing to find: a model of the same shape with random weights, and a language against itself.

    swift build -c release --product elo-surgeon
    python Benchmarks/probe/controls.py CHECKPOINT de=DE.jsonl en=EN.jsonl SCRATCH [--documents 32] [--tokens 128] [--cuts 400] [--trained]

Writes a checkpoint of CHECKPOINT's config.json with weights as transformers starts them (seed 1) to SCRATCH/random, or takes CHECKPOINT itself
with --trained, and probes it twice: target against source, and the source under two names. Printed is

- for each ranking score and language in how many of so many random cuts of its documents in halves the sign-flip test, written here once
  more in numpy, calls one or more layers different at level 0.05, and the 99 % interval of that share;
- how many layers and states of the language against itself are called different: none may be;
- how many of them the probe calls different between the two languages. With random weights these are the work of the architecture and of the
  text (how often tokens repeat), not of training.

Exit status 1 when a share's interval lies above the level, or a language differs from itself. Needs what reference.py needs.
"""

import argparse
import csv
import pathlib
import shutil
import subprocess
import sys

import h5py
import numpy as np
import scipy.stats
import torch
from transformers import AutoConfig, AutoModelForCausalLM

PROGRAM = pathlib.Path(__file__).resolve().parent.parent.parent / ".build" / "release" / "elo-surgeon"
LEVEL, FLIPS = 0.05, 999


def random_checkpoint(checkpoint, directory):
    torch.manual_seed(1)
    AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(checkpoint)).save_pretrained(directory)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(checkpoint / name, directory)


def adjusted(differences, rng):
    """p-values of [pairs, layers] by sign flips and the greatest statistic of any layer."""
    scale = np.sqrt((differences**2).sum(0))
    statistic = lambda sums: np.divide(np.abs(sums), scale, out=np.zeros_like(sums), where=scale > 0)
    signs = rng.choice([-1.0, 1.0], (FLIPS, len(differences)))
    greatest = statistic(signs @ differences).max(1)
    observed = statistic(differences.sum(0)) * (1 - 1e-12)
    return (1 + (greatest[:, None] >= observed).sum(0)) / (1 + FLIPS)


def alarms(values, cuts, rng):
    """In how many cuts of the documents' [documents, layers] a layer is called different."""
    half = len(values) // 2
    orders = (rng.permutation(len(values)) for _ in range(cuts))
    return sum(adjusted(values[order[:half]] - values[order[half:2 * half]], rng).min() <= LEVEL for order in orders)


def probe(checkpoint, texts, options, output):
    shutil.rmtree(output, ignore_errors=True)
    subprocess.run(
        [PROGRAM, "probe", checkpoint, "--target", texts[0], "--source", texts[1], "--documents", str(options.documents),
         "--max-tokens", str(options.tokens), "--output", output], check=True, stdout=subprocess.DEVNULL)
    return output


def called_different(report):
    """By score: layers or states called different in the score itself, in the shares of a document's scores, and all of them."""
    found = {}
    with open(report / "contrasts.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            called = np.array([float(row["p"]) <= LEVEL, float(row["share_p"]) <= LEVEL, 1], dtype=int)
            found[row["score"]] = found.get(row["score"], 0) + called
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("target", metavar="NAME=FILE.jsonl")
    parser.add_argument("source", metavar="NAME=FILE.jsonl")
    parser.add_argument("scratch", type=pathlib.Path)
    parser.add_argument("--documents", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--cuts", type=int, default=400)
    parser.add_argument("--trained", action="store_true")
    options = parser.parse_args()
    checkpoint = options.checkpoint if options.trained else options.scratch / "random"
    if not options.trained:
        random_checkpoint(options.checkpoint, checkpoint)
    rng = np.random.default_rng(1)
    failed = False

    report = probe(checkpoint, (options.target, options.source), options, options.scratch / "languages")
    print(f"{'halves of one language':28} {'text':8} {'documents':>9} {'alarms':>12} {'99 % interval':>16}")
    with h5py.File(report / "report.h5") as archive:
        for name, score in archive["scores"].items():
            if not score.attrs["ranks"] or score.attrs["subject"] != b"text":
                continue
            for text, group in score.items():
                values = group["documents"][:]
                count = alarms(values, options.cuts, rng)
                low, high = scipy.stats.binomtest(int(count), options.cuts).proportion_ci(0.99)
                failed |= low > LEVEL
                print(f"{name:28} {text:8} {len(values):9} {count:5} / {options.cuts} {low:9.3f} {high:6.3f}")

    path = options.source.partition("=")[2]
    itself = called_different(probe(checkpoint, (f"one={path}", f"other={path}"), options, options.scratch / "itself"))
    different, shares, tested = np.sum(list(itself.values()), axis=0)
    failed |= different + shares > 0
    print(f"\na language against itself: {different} of {tested} places called different, {shares} in their shares")

    print("\ntarget against source: places called different, in their shares, of all")
    for score, (different, shares, tested) in called_different(report).items():
        print(f"{score:36} {different:4} {shares:4} {tested:5}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
