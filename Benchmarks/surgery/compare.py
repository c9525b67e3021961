"""Time and memory of surgery on a large sharded checkpoint, beside cp and mergekit: rounds of A B A B, medians.

    swift build -c release --product elo-surgeon
    python Benchmarks/surgery/make_checkpoint.py BASE                    # 8.2 GB, needs numpy
    python Benchmarks/surgery/compare.py BASE SCRATCH [--rounds 3] [--mergekit MERGEKIT_YAML]

For detach, attach and restack each round measures, one behind the other: `cp -r` of what the operation writes, the same
followed by a flush to the disk, and the operation, which always flushes. What each reads is in the page cache. elo-surgeon hashes meanwhile what it must;
restack drops one layer in the middle, as does mergekit's passthrough when the path of its program is given
(mergekit 0.1.5 in a virtual environment of its own). SCRATCH is an empty directory on the same file system with twice the
checkpoint's bytes free. Before each measurement the old output is removed and the disk flushed. Peak memory is what the
kernel reports for the process; `start` is that of `elo-surgeon --version`.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / ".build" / "release" / "elo-surgeon"


def measure(command, output=None, flush=False, sources=()):
    """Wall seconds and peak resident bytes of a command, from a clean state: no output, nothing to flush, sources cached."""
    if output:
        shutil.rmtree(output, ignore_errors=True)
    os.sync()
    for path in (path for source in sources for path in source.rglob("*") if path.is_file()):
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 24):
                pass
    start = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed: {errors.decode()[-2000:]}")
    if flush:
        # The files themselves, as the operation does; another process's dirty pages are nobody's business here.
        for path in output.rglob("*"):
            if path.is_file():
                descriptor = os.open(path, os.O_RDONLY)
                os.fsync(descriptor)
                os.close(descriptor)
    return time.perf_counter() - start, usage.ru_maxrss * 1024


def written_bytes(directory):
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=pathlib.Path)
    parser.add_argument("scratch", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mergekit", help="path of mergekit-yaml")
    options = parser.parse_args()
    base, scratch = options.base.resolve(), options.scratch.resolve()
    scratch.mkdir(exist_ok=True)
    index = (base / "config.json").read_text()
    layers = int(index.split('"num_hidden_layers": ')[1].split(",")[0])
    middle = layers // 2
    kept = f"0..<{middle},{middle + 1}..<{layers}"
    detached, out, copy = scratch / "detached", scratch / "out", scratch / "copy"

    # The trained side: one tensor of the detached checkpoint differs, so that attach has something to write.
    measure([PROGRAM, "detach", base, "--layers", "first,last", "--output", detached], detached)
    shard = sorted(detached.glob("*.safetensors"))[0]
    with open(shard, "r+b") as file:
        file.seek(-2, os.SEEK_END)
        last = file.read(2)
        file.seek(-2, os.SEEK_END)
        file.write(bytes([last[0] ^ 1, last[1]]))

    operations = {
        "detach first,last": [PROGRAM, "detach", base, "--layers", "first,last", "--output", out],
        "attach": [PROGRAM, "attach", detached, "--to", base, "--output", out],
        "restack, a layer less": [PROGRAM, "restack", base, "--order", kept, "--output", out],
    }
    merge = scratch / "passthrough.yml"
    merge.write_text(
        "merge_method: passthrough\ndtype: bfloat16\nslices:\n"
        f"- sources:\n  - model: {base}\n    layer_range: [0, {middle}]\n"
        f"- sources:\n  - model: {base}\n    layer_range: [{middle + 1}, {layers}]\n"
    )
    start = statistics.median(measure([PROGRAM, "--version"])[1] for _ in range(3))
    rows = {}
    for name, command in operations.items():
        measure(command, out)
        model = scratch / "model"
        shutil.rmtree(model, ignore_errors=True)
        out.rename(model)
        size = written_bytes(model)
        contenders = {
            "cp -r": lambda: measure(["cp", "-r", model, copy], copy, sources=[model]),
            "cp -r, flushed": lambda: measure(["cp", "-r", model, copy], copy, flush=True, sources=[model]),
            "elo-surgeon": lambda: measure(command, out, sources=[base, detached]),
        }
        if options.mergekit and name.startswith("restack"):
            contenders["mergekit passthrough"] = lambda: measure(
                [options.mergekit, merge, out, "--lazy-unpickle", "--no-copy-tokenizer"], out, sources=[base])
        for _ in range(options.rounds):
            for contender, run in contenders.items():
                rows.setdefault((name, size, contender), []).append(run())
                print(name, contender, rows[name, size, contender][-1], file=sys.stderr, flush=True)
        for directory in (copy, out, model):
            shutil.rmtree(directory, ignore_errors=True)
    shutil.rmtree(detached)

    print(f"start: {start / 1e6:.0f} MB\n")
    print("| operation | | bytes written | seconds | of cp | of cp, flushed | peak memory |")
    print("|---|---|---|---|---|---|---|")
    for (name, size, contender), runs in rows.items():
        seconds = statistics.median(run[0] for run in runs)

        def ratio(other):
            # Of the same round: a machine that slows down does so for both.
            return statistics.median(a[0] / b[0] for a, b in zip(runs, rows[name, size, other]))

        peak = max(run[1] for run in runs)
        print(
            f"| {name} | {contender} | {size / 1e9:.2f} GB | {seconds:.2f} | {ratio('cp -r'):.2f} | "
            f"{ratio('cp -r, flushed'):.2f} | {peak / 1e6:.0f} MB |")


if __name__ == "__main__":
    main()
