#!/usr/bin/env python3
"""Writes the text files that CorporaTests reads; run it in its own folder.

Python 3.11, zstd 1.5 (the command). No randomness; gzip's time stamp is 0.
"""

import gzip
import json
import pathlib
import shutil
import subprocess

here = pathlib.Path(__file__).resolve().parent
tree = here / "tree"
shutil.rmtree(tree, ignore_errors=True)
(tree / "sub").mkdir(parents=True)


def jsonl(*texts):
    return "".join(json.dumps({"id": i, "text": t}, ensure_ascii=i % 2 == 0) + "\n" for i, t in enumerate(texts)).encode()


def zstd(data, *options):
    return subprocess.run(["zstd", "-q", "-c", "-3", *options], input=data, capture_output=True, check=True).stdout


lines = jsonl("Grüße aus Köln", "", 'tab\there, "quotes" and a \\', "한국어 문장", "😀 outside the first plane")
# The last line has no line feed, one line is blank, one ends in CR LF.
(tree / "a.jsonl").write_bytes(lines.replace(b"\n", b"\n\n", 1).replace(b"\n", b"\r\n", 1).rstrip(b"\n"))
(tree / "b.txt").write_bytes("\ufeffA byte-order mark\r\nis text.\n".encode())
(tree / "empty.txt").write_bytes(b"")
(tree / "notes.md").write_bytes(b"not a text\n")
(tree / ".hidden.jsonl").write_bytes(jsonl("hidden"))

many = jsonl(*(f"document {i} " + "x" * (i * 7 % 50) for i in range(120)))
cut = len(many) // 3 + 5
members = [gzip.compress(part, mtime=0) for part in (many[:cut], b"", many[cut:])]
(tree / "sub" / "c.jsonl.gz").write_bytes(b"".join(members))
# The last frame has no checksum behind its data.
frames = [zstd(b"first frame\n" * 300), zstd(b""), zstd(b"second frame\n" * 200, "--no-check")]
# A skippable frame, as parallel compressors write, stands between two others.
skippable = bytes.fromhex("502a4d18") + (4).to_bytes(4, "little") + b"skip"
(tree / "sub" / "D.TXT.zst").write_bytes(frames[0] + skippable + frames[1] + frames[2])
