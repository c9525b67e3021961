"""Writes headers.bin: mutated safetensors files with the verdict of the reference reader.

    python generate_headers.py [count] [output]

Made with safetensors 0.8.0, seed 2026, 1500 files. A record is one byte (1: the reference accepts), the length as 4
bytes little-endian, and the file. A greater count, written elsewhere, serves for a longer comparison: the test reads
the file named by ELO_FUZZ_HEADERS when there is one.
"""

import json
import pathlib
import random
import struct
import sys

import safetensors

DTYPES = ["BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ",
          "F8_E5M2FNUZ", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64"]
BITS = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32,
        "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}
NUMBERS = ["0", "1", "2", "4", "-1", "-0", "1.0", "1e0", "18446744073709551615", "18446744073709551616",
           "9223372036854775807", "9223372036854775808", "1e999", "null", "\"4\"", "[]", "true", "00", "+1", "0x1"]
PIECES = ['"a":1,', ',', '{', '}', '[', ']', '"', '\\', '\\u0000', '\\ud800', '\\ud83d\\ude00', '\x00', '\x01', ' ', '\n',
          '\t', 'null', '"dtype":"F32",', '"shape":[],', '"data_offsets":[0,0],', '"x":{"y":[1,{}]},', '\ufeff', 'é']


def sound(random):
    """A sound file of a few tensors."""
    entries, offset = [], 0
    for index in range(random.randint(0, 4)):
        dtype = random.choice(DTYPES)
        shape = [random.choice([0, 1, 2, 3, 4, 8]) for _ in range(random.randint(0, 3))]
        count = 1
        for dimension in shape:
            count *= dimension
        if count * BITS.get(dtype, 8) % 8:
            shape.append(8)
            count *= 8
        size = count * BITS.get(dtype, 8) // 8
        entries.append((f"t{index}", {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + size]}))
        offset += size
    random.shuffle(entries)
    if random.random() < 0.5:
        entries.insert(0, ("__metadata__", random.choice([{"format": "pt"}, None, {}, {"a": "b", "c": "d"}])))
    text = json.dumps(dict(entries), separators=random.choice([(",", ":"), (", ", ": ")]))
    return text, offset


def mutate(random, text):
    """One change of a header's text."""
    kind = random.randint(0, 8)
    at = random.randint(0, len(text))
    if kind == 0:
        return text[:at] + random.choice(PIECES) + text[at:]
    if kind == 1:
        return text[:at] + text[at + random.randint(1, 4):]
    if kind == 2:
        return text[:at] + chr(random.randint(0, 127)) + text[at + 1:]
    if kind in (3, 4):  # another number
        places = [i for i, c in enumerate(text) if c.isdigit()]
        if not places:
            return text
        at = random.choice(places)
        end = at
        while end < len(text) and text[end].isdigit():
            end += 1
        return text[:at] + random.choice(NUMBERS) + text[end:]
    if kind == 5:
        return text.replace(random.choice(DTYPES), random.choice(DTYPES + ["f32", "F128", ""]), 1)
    if kind == 6:
        return random.choice([" ", "\n", "\t", "\r", "\x00", ""]) + text + random.choice([" ", "\n", "\x00", "", "{}"])
    if kind == 7 and '"t0"' in text:
        return text.replace('"t1"', '"t0"', 1)
    part = text[at:at + random.randint(1, 40)]
    return text[:at] + part + text[at:]


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1500
    path = sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).with_name("headers.bin")
    generator = random.Random(2026)
    accepted = 0
    with open(path, "wb") as output:
        for _ in range(count):
            text, size = sound(generator)
            for _ in range(generator.choice([0, 1, 1, 1, 2, 3])):
                text = mutate(generator, text)
            header = text.encode("utf-8", "surrogatepass")
            length = len(header)
            if generator.random() < 0.05:
                length = generator.choice([length - 1, length + 1, 0, 2**63, 100_000_001, 2**64 - 1]) % 2**64
            size = max(0, size + generator.choice([0] * 12 + [-1, 1, 4]))
            data = struct.pack("<Q", length) + header + bytes(size)
            if generator.random() < 0.02:
                data = data[:generator.randint(0, len(data))]
            try:
                safetensors.deserialize(data)
                verdict = 1
            except Exception:
                verdict = 0
            accepted += verdict
            output.write(struct.pack("<BI", verdict, len(data)) + data)
    print(f"{accepted} of {count} accepted")


if __name__ == "__main__":
    main()
