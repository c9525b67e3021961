"""What a method gains in equal time on the same machine: runs of `elo-surgeon adapt`, one behind the other, and their table.

    swift build -c release --product elo-surgeon
    python Benchmarks/methods/compare.py calibrate CHECKPOINT TEXTS SCRATCH RESULTS.json
    python Benchmarks/methods/compare.py run CHECKPOINT TEXTS SCRATCH RESULTS.json [--languages de ko] [--minutes 5] [--methods ...]
    python Benchmarks/methods/compare.py table RESULTS.json

TEXTS holds LANGUAGE.train.jsonl and LANGUAGE.heldout.jsonl of each language and of English, as `scripts/demo LANGUAGE` makes them.
`calibrate` runs each method for half a minute, with nothing else on the machine, and keeps its tokens a second in each stage and the
seconds that it spends beside training: on detaching, fitting bridges and attaching, not on evaluations. `run` gives each method the
tokens that it trains in the minutes which those seconds leave it, so that what else the machine does then changes no score.
RESULTS.json grows by a run at a time; runs that are in it already are passed over, so the command can be stopped and given again.
Python's standard library only.
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
# Steps of the whole model are of one row, at the rate that was best for full training (accelerator.py).
WHOLE = ["--align-batch-size", "1", "--accumulate", "1", "--align-learning-rate", "1e-4"]
# Name, flags, share of the time before the alignment.
METHODS = {
    "full": ("full continual pretraining", ["--method", "full", *WHOLE], 0),
    "lora": (
        "LoRA, rank 64, all matrices",
        ["--method", "lora", "--lora-rank", "64", "--lora-alpha", "128", "--align-batch-size", "1", "--accumulate", "1",
         "--align-learning-rate", "1e-3"], 0),
    "lora16": (
        "LoRA, rank 16, all matrices",
        ["--method", "lora", "--lora-rank", "16", "--lora-alpha", "32", "--align-batch-size", "1", "--accumulate", "1",
         "--align-learning-rate", "2e-3"], 0),
    "plain": ("ELO as published", ["--method", "elo", "--bridge", "none", *WHOLE], 0.5),
    "bridge": ("ELO with a bridge", ["--method", "elo", *WHOLE], 0.5),
    "short": ("ELO, bridge, a fifth of the time before alignment", ["--method", "elo", *WHOLE], 0.2),
    "blend": ("ELO, bridge, blended by held-out text", ["--method", "elo", "--blend", "auto", *WHOLE], 0.5),
    "scaffold": ("ELO, bridges and a scaffold of three layers", ["--method", "elo", "--keep-frozen", "7,14,22", *WHOLE], 0.5),
    "half": (
        "ELO, bridge, fifteen layers, a fifth of the time before alignment",
        ["--method", "elo", "--layers", "first:8,last:7", *WHOLE], 0.2),
}
# Stages that are not evaluations.
WORK = {"detach", "bridge", "pretrain", "attach", "blend", "align"}
TRAINING = {"pretrain", "align"}


def adapt(options, language, method, budget, evaluation_tokens, output):
    """Runs one adaptation; its report and the peak memory of the process in bytes."""
    shutil.rmtree(output, ignore_errors=True)
    texts = options.texts
    command = [
        PROGRAM, "adapt", options.checkpoint, "--target", f"{language}={texts / language}.train.jsonl",
        "--source", f"en={texts}/en.train.jsonl", "--held-out", f"{language}={texts / language}.heldout.jsonl",
        "--held-out", f"en={texts}/en.heldout.jsonl", "--evaluation-tokens", evaluation_tokens,
        "--token-cache", options.scratch / "tokens", "--output", output, *METHODS[method][1], *budget]
    command = [str(part) for part in command]
    print("+", *command, file=sys.stderr, flush=True)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"adapt failed with status {os.waitstatus_to_exitcode(status)}")
    return json.loads((output / "report.json").read_text()), usage.ru_maxrss * 1024


def seconds(report, stages):
    return sum(stage["seconds"] for stage in report["stages"] if stage["stage"] in stages)


def load(options):
    options.scratch.mkdir(parents=True, exist_ok=True)
    return json.loads(options.results.read_text()) if options.results.exists() else {
        "machine": machine(), "rates": {}, "runs": []}


def save(options, results):
    options.results.write_text(json.dumps(results, indent=1) + "\n")


def calibrate(options):
    results = load(options)
    for method in options.methods:
        if method in results["rates"]:
            continue
        output = options.scratch / "calibrated"
        share = METHODS[method][2]
        # A half for each stage, so that both have a few steps.
        budget = ["--minutes", "0.5"] + (["--align-share", "0.5"] if share else [])
        report, peak = adapt(options, options.languages[0], method, budget, 1024, output)
        rates = {
            stage: sum(step["seconds"] for step in report[stage] if step.get("seconds")) / report[stage][-1]["tokens"]
            for stage in ("pretraining", "alignment") if report[stage]}
        results["rates"][method] = {
            "beside_seconds": round(seconds(report, WORK - TRAINING), 2), "peak_bytes": peak,
            "tokens_per_second": {stage: round(1 / rate, 1) for stage, rate in rates.items()}}
        save(options, results)
        shutil.rmtree(output)


def run(options):
    results = load(options)
    done = {(run["language"], run["minutes"], run["method"]) for run in results["runs"]}
    for minutes in options.minutes:
        for language in options.languages:
            for method in options.methods:
                if (language, minutes, method) in done:
                    continue
                output = options.scratch / f"adapted-{language}-{method}"
                report, peak = adapt(
                    options, language, method, budget(results["rates"], method, minutes), options.evaluation_tokens, output)
                # Another run of this command may have finished one meanwhile.
                results = load(options)
                results["runs"].append(summary(report, peak, language, minutes, method))
                save(options, results)
                shutil.rmtree(output)


def budget(rates, method, minutes):
    """The flags for what a method trains in some minutes."""
    if method not in rates:
        sys.exit(f"{method} is not calibrated: run `calibrate` first")
    rate = rates[method]["tokens_per_second"]
    if METHODS[method][2]:
        # The alignment is full training: one rate for both, from the longer of the two measurements.
        rate = rate | {"alignment": rates["full"]["tokens_per_second"]["alignment"]}
    training = minutes * 60 - rates[method]["beside_seconds"]
    if training <= 0:
        sys.exit(f"{method} needs {rates[method]['beside_seconds']} s beside its training, of {minutes} minutes")
    share = METHODS[method][2]
    flags = ["--align-tokens", int(training * (1 - share) * rate["alignment"])]
    return flags + (["--tokens", int(training * share * rate["pretraining"])] if share else [])


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
    for name, action in (("calibrate", calibrate), ("run", run)):
        command = commands.add_parser(name)
        for argument in ("checkpoint", "texts", "scratch", "results"):
            command.add_argument(argument, type=pathlib.Path)
        command.add_argument("--languages", nargs="+", default=["de", "ko"])
        command.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
        command.set_defaults(action=action)
        if action is run:
            command.add_argument("--minutes", nargs="+", type=float, default=[5])
            command.add_argument("--evaluation-tokens", type=int, default=12288)
    drawing = commands.add_parser("table")
    drawing.add_argument("results", type=pathlib.Path)
    drawing.set_defaults(action=table)
    options = parser.parse_args()
    options.action(options)


if __name__ == "__main__":
    main()
