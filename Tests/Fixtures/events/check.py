"""Reads the event files of a run back with TensorBoard and compares them with its metrics.jsonl, number by number.

tensorboard 2.21.0, python 3.11.

    python check.py FOLDER_OF_EVENTS METRICS.jsonl
"""

import json
import sys

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

folder, metrics = sys.argv[1:]
accumulator = EventAccumulator(folder, size_guidance={"scalars": 0})
accumulator.Reload()
found = {tag: {event.step: event.value for event in accumulator.Scalars(tag)} for tag in accumulator.Tags()["scalars"]}

expected = {}


def expect(tag, step, value):
    if value is not None:
        expected.setdefault(tag, {})[step] = np.float32(value)


tokens = 0
for line in open(metrics, encoding="utf-8"):
    record = json.loads(line)
    step = record["step"]
    for key in ("loss", "learning_rate", "gradient_norm", "flop_utilization"):
        expect(f"train/{key}", step, record.get(key))
    if record.get("seconds"):
        expect("train/tokens_per_second", step, (record["tokens"] - tokens) / record["seconds"])
    tokens = record["tokens"]
    for text in record.get("texts", []):
        expect(f"bits_per_byte/{text['name']}", step, text["bits_per_byte"])

assert found.keys() == expected.keys(), (sorted(found), sorted(expected))
count = 0
for tag, values in expected.items():
    assert found[tag].keys() == values.keys(), f"{tag}: steps {sorted(found[tag])} are not {sorted(values)}"
    for step, value in values.items():
        tolerance = 1e-6 * abs(value) if tag == "train/tokens_per_second" else 0
        assert abs(found[tag][step] - value) <= tolerance, f"{tag} of step {step}: {found[tag][step]} is not {value}"
        count += 1
print(f"{count} numbers of {len(expected)} tags are those of {metrics}")
