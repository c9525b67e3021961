"""Event files as TensorFlow's own messages and frames give them.

tensorboard 2.21.0, protobuf 7.36.2, python 3.11. No randomness.

run.tfevents: what EventFileTests writes: version, a start at step 3, scalars of two steps, with non-ASCII tags, negative
and large steps, and numbers beyond f32.
crc32c.json: masked checks of some byte strings, from tensorboard's own implementation.

    pip install tensorboard==2.21.0 && python generate.py
"""

import json
import pathlib
import struct

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

here = pathlib.Path(__file__).parent


def frame(event):
    message = event.SerializeToString(deterministic=True)
    length = struct.pack("<Q", len(message))
    return length + struct.pack("<I", masked_crc32c(length)) + message + struct.pack("<I", masked_crc32c(message))


def scalars(time, step, values):
    event = Event(wall_time=time, step=step)
    for tag, value in values:
        event.summary.value.add(tag=tag, simple_value=value)
    return event


events = [
    Event(wall_time=1700000000.25, file_version="brain.Event:2"),
    Event(wall_time=1700000000.5, step=3, session_log=SessionLog(status=SessionLog.START)),
    scalars(1700000001.0, 3, [("train/loss", 2.5), ("train/learning_rate", 2e-4)]),
    scalars(1700000002.75, 1 << 40, [("bits_per_byte/한국어", 0.1), ("train/loss", -1e-30), ("train/gradient_norm", 3e38)]),
    scalars(1700000003.0, 0, [("train/loss", 0.0)]),
]
(here / "run.tfevents").write_bytes(b"".join(frame(event) for event in events))
samples = [b"", b"\x00", b"123456789", bytes(range(256)), b"\xff" * 33]
(here / "crc32c.json").write_text(
    json.dumps([{"bytes": list(sample), "masked": masked_crc32c(sample)} for sample in samples]) + "\n")
