"""Shows that training on a large corpus costs neither memory nor speed.

    python Benchmarks/training/streaming.py write DIR TEXT.jsonl [--gigabytes 5]
    python Benchmarks/training/streaming.py train DIR PROGRAM DETACHED TEXT.jsonl [--rounds 3] [--steps 12]
    python Benchmarks/training/streaming.py pass DIR PROGRAM CHECKPOINT

`write` makes a corpus of documents that consist of TEXT's lines in random order (seed 1), so that none comes twice, in DIR/corpus.
`train` runs `pretrain` in turns on TEXT with its tokens in a cache and on the large corpus as it lies there: median of the steps'
tokens per second without the first two, and resident memory, sampled ten times a second, at the end of each third of the run
(anonymous, and all: the checkpoint is mapped). `pass` runs `export-mix` through the whole corpus, with its memory at every tenth of the
way; it needs as much disk again. Needs nothing but Python. Remove DIR afterwards.
"""

import argparse
import json
import pathlib
import random
import shutil
import statistics
import subprocess
import time


def write_corpus(text, directory, gigabytes):
    generator = random.Random(1)
    with open(text, encoding="utf-8") as lines:
        pieces = [piece for line in lines for piece in json.loads(line)["text"].split("\n") if piece.strip()]
    directory.mkdir(parents=True)
    total, number = 0, 0
    while total < gigabytes * 1e9:
        with open(directory / f"part-{number:03}.jsonl", "w", encoding="utf-8") as file:
            written = 0
            while written < 5e8 and total + written < gigabytes * 1e9:
                document = "\n".join(generator.choices(pieces, k=generator.randrange(2, 60)))
                written += file.write(json.dumps({"text": document}, ensure_ascii=False) + "\n")
        total += (directory / f"part-{number:03}.jsonl").stat().st_size
        number += 1
    return total


def watched(command, log):
    """Runs a command; its resident memory over time in MB, anonymous and all."""
    samples = []
    with open(log, "w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        while process.poll() is None:
            try:
                status = dict(line.split(":", 1) for line in open(f"/proc/{process.pid}/status"))
                samples.append([int(status[key].split()[0]) / 1024 for key in ("RssAnon", "VmRSS")])
            except (KeyError, OSError):
                pass
            time.sleep(0.1)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{open(log).read()}")
    return samples


def places(samples, count):
    """The samples at the end of each part of the way, but for the very last, when the process is being taken down."""
    return [samples[max(0, len(samples) * (part + 1) // count - 3)] for part in range(count)]


def train(options, text, cache, name):
    output = options.scratch / "trained"
    command = [options.program, "pretrain", options.detached, "--text", text, "--steps", str(options.steps), "--batch-size", "4",
               "--accumulate", "1", "--output", str(output)] + (["--token-cache", str(cache)] if cache else [])
    samples = watched(command, options.scratch / "log")
    metrics = [json.loads(line) for line in open(output / "metrics.jsonl")]
    shutil.rmtree(output)
    rate = statistics.median(4 * 512 / step["seconds"] for step in metrics[2:])
    memory = ", ".join(f"{anonymous:.0f} ({everything:.0f})" for anonymous, everything in places(samples, 3))
    print(f"{name}: {rate:.1f} tokens/s, memory {memory} MB", flush=True)
    return rate


def compare(options):
    cache = options.scratch / "cache"
    small, large = f"text={options.text}", f"text={options.scratch / 'corpus'}"
    # Fills the cache.
    subprocess.run([options.program, "pretrain", options.detached, "--text", small, "--steps", "1", "--batch-size", "1",
                    "--accumulate", "1", "--token-cache", str(cache), "--output", str(options.scratch / "first")],
                   check=True, capture_output=True)
    shutil.rmtree(options.scratch / "first")
    rates = [(train(options, small, cache, "small, cached"), train(options, large, None, "large")) for _ in range(options.rounds)]
    shutil.rmtree(cache)
    print(f"large over small: {statistics.median(b / a for a, b in rates):.4f} (median of {len(rates)} rounds)")


def export(options, tokens):
    """Mixes the corpus alone; seconds, bytes written, memory over time."""
    mixed = options.scratch / "mixed.jsonl"
    start = time.time()
    samples = watched([options.program, "export-mix", options.detached, "--text", f"text={options.scratch / 'corpus'}",
                       "--tokens", str(tokens), "--output", str(mixed)], options.scratch / "log")
    written = mixed.stat().st_size
    mixed.unlink()
    return time.time() - start, written, samples


def pass_through(options):
    parts = list((options.scratch / "corpus").iterdir())
    documents = sum(1 for part in parts for _ in open(part, "rb"))
    # Lines are written with the text's name, 18 bytes each; a sample tells how many tokens a byte is.
    total = sum(part.stat().st_size for part in parts) + 18 * documents
    _, sampled, _ = export(options, 500_000)
    seconds, written, samples = export(options, int(0.99 * total * 500_000 / sampled))
    memory = ", ".join(f"{anonymous:.0f} ({everything:.0f})" for anonymous, everything in places(samples, 10))
    print(f"{written / total:.1%} of {documents} documents, {total / 1e9:.2f} GB, in {seconds:.0f} s: memory {memory} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("write", "train", "pass"):
        command = commands.add_parser(name)
        command.add_argument("scratch", type=pathlib.Path)
        if name != "write":
            command.add_argument("program")
            command.add_argument("detached")
        if name != "pass":
            command.add_argument("text", type=pathlib.Path)
        command.add_argument("--gigabytes", type=float, default=5)
        command.add_argument("--rounds", type=int, default=3)
        command.add_argument("--steps", type=int, default=12)
    options = parser.parse_args()
    if options.command == "write":
        print(f"{write_corpus(options.text, options.scratch / 'corpus', options.gigabytes) / 1e9:.2f} GB")
    elif options.command == "train":
        compare(options)
    else:
        pass_through(options)


if __name__ == "__main__":
    main()
