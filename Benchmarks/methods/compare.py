"""What a method gains in equal time on the same machine: runs of `elo-surgeon adapt`, one behind the other, and their table.

    swift build -c release --product elo-surgeon
    python Benchmarks/methods/compare.py run CHECKPOINT TEXTS SCRATCH RESULTS.json [--languages de ko] [--minutes 5 15] [--methods ...]
    python Benchmarks/methods/compare.py table RESULTS.json

TEXTS holds LANGUAGE.train.jsonl and LANGUAGE.heldout.jsonl of each language and of English, as `scripts/demo LANGUAGE` makes them. The
minutes are those of everything but evaluations: what a method spends on detaching, fitting bridges, attaching and choosing a blend is
taken from its training, measured by a first run of a few seconds' training. RESULTS.json grows by a run at a time; runs that are in it
already are passed over, so the command can be stopped and given again. Nothing else should be running. Python's standard library only.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

PROGRAM = pathlib.Path(__file__).resolve().parent.parent.parent / ".build" / "release" / "elo-surgeon"
METHODS = {
    "full": ("full continual pretraining", ["--method", "full"]),
    "lora": ("LoRA, rank 16, all matrices", ["--method", "lora"]),
    "plain": ("ELO as published", ["--bridge", "none"]),
    "bridge": ("ELO with a bridge", []),
    "short": ("bridge, a fifth of the time before alignment", ["--align-share", "0.8"]),
    "blend": ("bridge, blended by held-out text", ["--blend", "auto"]),
    "scaffold": ("bridge and a scaffold of three layers", ["--keep-frozen", "7,14,22"]),
    "four": ("bridge, first two and last two layers", ["--layers", "first:2,last:2"]),
    "outer": ("bridge, then only the outer ten layers aligned", ["--align-train", "first:5,last:5"]),
}
# Stages that are not evaluations.
WORK = {"detach", "bridge", "pretrain", "attach", "blend", "align"}
TRAINING = {"pretrain", "align"}


def adapt(options, language, method, minutes, evaluation_tokens, output):
    """Runs one adaptation; its report and the peak memory of the process in bytes."""
    shutil.rmtree(output, ignore_errors=True)
    texts = options.texts
    command = [
        PROGRAM, "adapt", options.checkpoint, "--target", f"{language}={texts / language}.train.jsonl",
        "--source", f"en={texts}/en.train.jsonl", "--held-out", f"{language}={texts / language}.heldout.jsonl",
        "--held-out", f"en={texts}/en.heldout.jsonl", "--evaluation-tokens", str(evaluation_tokens),
        "--minutes", f"{minutes:.3f}", "--token-cache", options.scratch / "tokens", "--output", output, *METHODS[method][1]]
    print("+", *command, file=sys.stderr, flush=True)
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"adapt failed with status {os.waitstatus_to_exitcode(status)}")
    return json.loads((output / "report.json").read_text()), usage.ru_maxrss * 1024


def seconds(report, stages):
    return sum(stage["seconds"] for stage in report["stages"] if stage["stage"] in stages)


def run(options):
    options.scratch.mkdir(parents=True, exist_ok=True)
    results = json.loads(options.results.read_text()) if options.results.exists() else {"machine": machine(), "runs": []}
    done = {(run["language"], run["minutes"], run["method"]) for run in results["runs"]}
    overheads = {}
    for language in options.languages:
        for minutes in options.minutes:
            for method in options.methods:
                if (language, minutes, method) in done:
                    continue
                output = options.scratch / "adapted"
                if (language, method) not in overheads:
                    trial, _ = adapt(options, language, method, 0.1, 1024, output)
                    overheads[language, method] = seconds(trial, WORK - TRAINING) / 60
                training = minutes - overheads[language, method]
                if training <= 0:
                    sys.exit(f"{method} needs {overheads[language, method]:.1f} minutes beside its training, of {minutes}")
                report, peak = adapt(options, language, method, training, options.evaluation_tokens, output)
                results["runs"].append(summary(report, peak, language, minutes, method))
                options.results.write_text(json.dumps(results, indent=1) + "\n")
                shutil.rmtree(output)


def summary(report, peak, language, minutes, method):
    """What of a run is worth keeping: scores at the points, tokens, seconds by stage, memory."""
    points = {
        point["point"]: {text["name"]: [text["bits_per_byte"], text.get("bits_per_byte_interval")] for text in point["texts"]}
        for point in report["points"]}
    tokens = {
        stage: report[stage][-1]["tokens"] if report[stage] else 0 for stage in ("pretraining", "alignment")}
    return {
        "language": language, "minutes": minutes, "method": method, "points": points, "tokens": tokens,
        "seconds": {stage["stage"]: round(stage["seconds"], 1) for stage in report["stages"]}, "peak_bytes": peak,
        "documents": {text["name"]: text["documents"] for text in report["points"][0]["texts"]}}


def machine():
    with open("/proc/cpuinfo") as lines:
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{name}, {os.cpu_count()} cores"


def table(options):
    results = json.loads(options.results.read_text())
    print(results["machine"] + "\n")
    for language, minutes in dict.fromkeys((run["language"], run["minutes"]) for run in results["runs"]):
        runs = [run for run in results["runs"] if (run["language"], run["minutes"]) == (language, minutes)]
        print(f"| {language}, {minutes:g} minutes | {language} re-attached | {language} | en re-attached | en | tokens | peak GB |")
        print("|---|---|---|---|---|---|---|")
        base = runs[0]["points"]["base"]
        print(f"| base | | {score(base[language])} | | {score(base['en'])} | | |")
        for run in sorted(runs, key=lambda run: run["points"]["aligned"][language][0]):
            middle = run["points"].get("re-attached", {})
            cells = [
                METHODS[run["method"]][0],
                *(score(point.get(name)) for name in (language, "en") for point in (middle, run["points"]["aligned"])),
                " + ".join(f"{count:,}" for count in run["tokens"].values() if count), f"{run['peak_bytes'] / 1e9:.1f}"]
            print("| " + " | ".join(cells) + " |")
        print()


def score(value):
    if value is None:
        return ""
    bits, interval = value
    return f"{bits:.3f}" + (f" ± {(interval['high'] - interval['low']) / 2:.3f}" if interval else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    running = commands.add_parser("run")
    for name in ("checkpoint", "texts", "scratch", "results"):
        running.add_argument(name, type=pathlib.Path)
    running.add_argument("--languages", nargs="+", default=["de", "ko"])
    running.add_argument("--minutes", nargs="+", type=float, default=[5, 15])
    running.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    running.add_argument("--evaluation-tokens", type=int, default=12288)
    running.set_defaults(action=run)
    drawing = commands.add_parser("table")
    drawing.add_argument("results", type=pathlib.Path)
    drawing.set_defaults(action=table)
    options = parser.parse_args()
    options.action(options)


if __name__ == "__main__":
    main()
