"""Speed of encoding beside Python tokenizers, on one thread or all cores: rounds of A B A B, medians.

    swift build -c release --package-path Benchmarks/tokenizers
    python compare.py CHECKPOINT NAME=FILE.jsonl ... [--rounds 7] [--all-cores]

CHECKPOINT is a directory with a tokenizer.json, a FILE has a document per line in the field `text`. Both sides get one
document at a time, with --all-cores all at once, and add no special tokens; the ids must be equal. The first round of each side, on a cold cache, is
shown by itself and counted in no median.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "true" if "--all-cores" in sys.argv else "false"

import tokenizers  # noqa: E402  (reads the variable when it is loaded)

HERE = pathlib.Path(__file__).parent


def fnv(ids):
    value = 2166136261
    for id in ids:
        value = (value ^ id) * 16777619 & 0xFFFFFFFF
    return value


def python_side(tokenizer, documents, all_cores):
    start = time.perf_counter()
    if all_cores:
        results = tokenizer.encode_batch(documents, add_special_tokens=False)
    else:
        results = [tokenizer.encode_batch([document], add_special_tokens=False)[0] for document in documents]
    seconds = time.perf_counter() - start
    return seconds, fnv(id for result in results for id in result.ids)


def swift_side(process):
    process.stdin.write("go\n")
    process.stdin.flush()
    seconds, _, value = process.stdout.readline().split()
    return float(seconds), int(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("texts", nargs="+", metavar="NAME=FILE.jsonl")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--all-cores", action="store_true")
    arguments = parser.parse_args()
    binary = HERE / ".build/release/tokenizer-benchmark"
    tokenizer = tokenizers.Tokenizer.from_file(str(arguments.checkpoint / "tokenizer.json"))
    print(f"tokenizers {tokenizers.__version__}, {arguments.rounds} rounds, MB of UTF-8 per second, "
          f"{'all cores' if arguments.all_cores else 'one thread'}")
    print(f"{'text':8} {'MB':>6} {'Python':>8} {'cold':>8} {'this':>8} {'cold':>8} {'ratio':>7}")
    for text in arguments.texts:
        name, path = text.split("=", 1)
        with open(path, encoding="utf-8") as file:
            documents = [json.loads(line)["text"].replace("\0", "") for line in file if line.strip()]
        size = sum(len(document.encode()) for document in documents) / 1e6
        with tempfile.NamedTemporaryFile() as joined:
            joined.write(b"\0".join(document.encode() for document in documents))
            joined.flush()
            process = subprocess.Popen(
                [binary, arguments.checkpoint, joined.name, *(["all-cores"] if arguments.all_cores else [])], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            python, swift = [], []
            for _ in range(arguments.rounds + 1):
                seconds, expected = python_side(tokenizer, documents, arguments.all_cores)
                python.append(size / seconds)
                seconds, found = swift_side(process)
                swift.append(size / seconds)
                assert expected == found, f"the ids of {name} differ"
            process.stdin.close()
            process.wait()
        a, b = statistics.median(python[1:]), statistics.median(swift[1:])
        print(f"{name:8} {size:6.2f} {a:8.2f} {python[0]:8.2f} {b:8.2f} {swift[0]:8.2f} {b / a:6.1f}x", flush=True)


if __name__ == "__main__":
    main()
