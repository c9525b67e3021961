"""Multiple-choice scores beside lm-evaluation-harness on the same questions.

    swift build -c release --product elo-surgeon
    python Benchmarks/choices/compare.py CHECKPOINT TEXT.jsonl SCRATCH [--questions 60]

Makes questions out of TEXT (seed 1): the first half of a paragraph of a document, and as choices its second half and those of three others.
Runs `elo-surgeon evaluate --choices` and, on the same file, lm_eval 0.4.x as a task of the kind multiple_choice, in float32. Prints both and
ends with status 1 when a share differs.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / ".build" / "release" / "elo-surgeon"
NAMES = ("acc", "acc_norm", "acc_bytes")


def questions(path, count):
    generator = random.Random(1)
    halves = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            paragraphs = [p for p in json.loads(line)["text"].split("\n") if 12 <= len(p.split()) <= 40]
            if paragraphs:
                words = generator.choice(paragraphs).split()
                halves.append((" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])))
    generator.shuffle(halves)
    for index, (context, end) in enumerate(halves[:count]):
        others = generator.sample([other for place, (_, other) in enumerate(halves) if place != index and other != end], 3)
        answer = generator.randrange(4)
        yield {"context": context, "choices": others[:answer] + [end] + others[answer:], "answer": answer}


def harness(checkpoint, file, scratch):
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    task = {
        "task": "cloze", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(file)}}, "test_split": "test",
        "output_type": "multiple_choice", "doc_to_text": "{{context}}", "doc_to_choice": "choices", "doc_to_target": "answer",
        "metric_list": [{"metric": name} for name in NAMES]}
    result = simple_evaluate(
        model="hf", model_args={"pretrained": str(checkpoint), "dtype": "float32"}, tasks=[task], device="cpu", batch_size=8,
        bootstrap_iters=0, task_manager=TaskManager())
    scores = result["results"]["cloze"]
    return {name: scores[f"{name},none"] for name in NAMES}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("scratch", type=pathlib.Path)
    parser.add_argument("--questions", type=int, default=60)
    options = parser.parse_args()
    options.scratch.mkdir(parents=True, exist_ok=True)
    file = options.scratch / "cloze.jsonl"
    file.write_text("".join(json.dumps(q, ensure_ascii=False) + "\n" for q in questions(options.text, options.questions)), encoding="utf-8")
    command = [PROGRAM, "evaluate", options.checkpoint, "--choices", f"cloze={file}", "--format", "json"]
    own = json.loads(subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True).stdout)["choices"][0]
    theirs = harness(options.checkpoint, file, options.scratch)
    print(f"{own['questions']} questions")
    for name in NAMES:
        print(f"{name:10} elo-surgeon {own[name]['value']:.4f} ± {own[name]['stderr']:.4f}, lm_eval {theirs[name]:.4f}")
    sys.exit(any(abs(own[name]["value"] - theirs[name]) > 1e-9 for name in NAMES))


if __name__ == "__main__":
    main()
