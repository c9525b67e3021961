"""Trains small tokenizers of the kinds without byte-level BPE and records what their own library makes of the texts.

For each kind it writes a folder with the tokenizer and expected.json (the ids of each text of texts.json, and what they
decode to): trained_unigram and trained_bytes by tokenizers; trained_spm_* by sentencepiece; ranks and tekken by
tiktoken, with merges learnt by tokenizers. Special tokens in the texts are recognised; sentencepiece gets the parts
between them, and null stands for the decoded text where there are some.

Made with tokenizers 0.23.3, sentencepiece 0.2.3, tiktoken 0.14.0 and Python 3.11.7. sentencepiece and
tiktoken give the same files each time; the Unigram that tokenizers trains differs a little from run to run, and
expected.json belongs to the run beside it.

    RAYON_NUM_THREADS=1 python generate_trained.py
"""

import base64
import io
import json
import pathlib
import re

import sentencepiece
import tiktoken
from generate_tokenizers import CORPUS
from hostile_texts import TEXTS
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).parent
LINES = [line for line in CORPUS if line]
TEXTS = TEXTS + ["<s>a</s> b", "ab<s> c<unk>d</s>", "x <sep> <sep><sep>y", "e\u0301 ﬁ\u0301 ﬃ", "\r\n\r\nx \u3000 y", "▁a▁▁b ▁"]
# Rules of a table of replacements: of one scalar, of several, to nothing, and one the beginning of another.
RULES = "FB01\t66 69\nFB03\t66 66 69\n65 301\tE9\n66 66\t46\n2026\t2E 2E 2E\nAD\t\nA0\t20\n9\t20\nD A\t20\nA\t20\n3000\t20\n"


def write(name, ids, decoded, tokenizer=None):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    if tokenizer:
        tokenizer.save(str(folder / "tokenizer.json"))
    rows = {"texts": TEXTS, "ids": ids, "decoded": decoded}
    (folder / "expected.json").write_text(json.dumps(rows, separators=(",", ":")) + "\n")


def hugging(name, tokenizer):
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]
    write(name, ids, [tokenizer.decode(row, skip_special_tokens=False) for row in ids], tokenizer)


def spm(name, **options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES * 4), model_writer=model, num_threads=1, minloglevel=2, hard_vocab_limit=False,
        **options,
    )
    record_spm(name, model.getvalue())


def record_spm(name, data):
    (HERE / name).mkdir(exist_ok=True)
    (HERE / name / "tokenizer.model").write_bytes(data)
    processor = sentencepiece.SentencePieceProcessor(model_proto=data)
    size = processor.vocab_size()
    specials = {processor.id_to_piece(i): i for i in range(size) if processor.is_control(i) or processor.is_unknown(i)}
    cut = re.compile("(" + "|".join(map(re.escape, sorted(specials, key=len, reverse=True))) + ")")
    ids, decoded = [], []
    for text in TEXTS:
        row = []
        for index, part in enumerate(cut.split(text)):
            row += [specials[part]] if index % 2 else processor.encode(part)
        ids.append(row)
        decoded.append(None if set(specials.values()) & set(row) else processor.decode(row))
    write(name, ids, decoded)


def record_long():
    """A text so long that sums of float32 decide between two ways to write a word; runs of equal words are counted."""
    path = HERE / "trained_spm_unigram/tokenizer.model"
    ids = sentencepiece.SentencePieceProcessor(model_file=str(path)).encode("sie " * 12000)
    assert len(ids) == 24000
    runs = []
    for word in zip(ids[::2], ids[1::2]):
        if runs and runs[-1]["word"] == word:
            runs[-1]["count"] += 1
        else:
            runs.append({"word": word, "count": 1})
    assert len(runs) > 1
    (path.parent / "long.json").write_text(json.dumps(runs, separators=(",", ":")) + "\n")


def with_unused(data):
    """Every ninth long piece marked unused, so that it is taken apart again."""
    proto = sentencepiece_model_pb2.ModelProto.FromString(data)
    pieces = [piece for piece in proto.pieces if piece.type == 1 and len(piece.piece) > 2]
    for piece in pieces[::9]:
        piece.type = 5
    return proto.SerializeToString()


def charsmap(**options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES), model_writer=model, vocab_size=300, num_threads=1, minloglevel=2,
        hard_vocab_limit=False, **options,
    )
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    return base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()


def unigram(rules):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=500, special_tokens=["<s>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(LINES, trainer)
    data = json.loads(tokenizer.to_str())
    # Scores rounded, so that the file is short and there are ties.
    data["model"]["vocab"] = [[token, round(score, 3)] for token, score in data["model"]["vocab"]]
    data["normalizer"] = {
        "type": "Sequence",
        "normalizers": [
            {"type": "Precompiled", "precompiled_charsmap": charsmap(normalization_rule_tsv=rules)},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
        ],
    }
    return data


def fallback_bpe():
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    trainer = trainers.BpeTrainer(
        vocab_size=700, limit_alphabet=100, show_progress=False,
        special_tokens=["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))],
    )
    tokenizer.train_from_iterator(LINES, trainer)
    data = json.loads(tokenizer.to_str())
    data["added_tokens"] = [token for token in data["added_tokens"] if token["id"] < 3]
    return data


def ranked():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(LINES, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    letters = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    others = [byte for byte in range(256) if byte not in letters]
    bytes_of = {chr(byte): byte for byte in letters} | {chr(256 + i): byte for i, byte in enumerate(others)}
    order = sorted(model["vocab"], key=model["vocab"].get)
    table = {bytes(bytes_of[letter] for letter in token): rank for rank, token in enumerate(order)}
    # A token that no merge makes: only a whole piece becomes it.
    table[" Straßenbahnhaltestelle".encode()] = len(table)
    return table


def ranks():
    pattern = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
        r"\s+(?!\S)|\s+"
    )
    table = ranked()
    (HERE / "ranks").mkdir(exist_ok=True)
    lines = "".join(f"{base64.b64encode(token).decode()} {rank}\n" for token, rank in table.items())
    (HERE / "ranks/tokenizer.model").write_text(lines)
    specials = {"<s>": len(table), "</s>": len(table) + 1, "<unk>": len(table) + 2}
    encoding = tiktoken.Encoding("ranks", pat_str=pattern, mergeable_ranks=table, special_tokens=specials)
    ids = [encoding.encode(text, allowed_special="all") for text in TEXTS]
    write("ranks", ids, [encoding.decode(row, errors="replace") for row in ids])
    vocab = [
        {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
        for token, rank in table.items()
    ]
    # A vocabulary that is cut short, and special tokens of which only three are named.
    size, offset = len(table) - 200, 6
    config = {"pattern": pattern, "num_vocab_tokens": len(table), "default_vocab_size": size + offset}
    config |= {"default_num_special_tokens": offset, "version": "v7"}
    named = [{"rank": i, "token_str": t, "is_control": True} for i, t in enumerate(["<unk>", "<s>", "</s>"])]
    data = {"config": config, "vocab": vocab, "special_tokens": named}
    (HERE / "tekken").mkdir(exist_ok=True)
    (HERE / "tekken/tekken.json").write_text(json.dumps(data, separators=(",", ":")) + "\n")
    short = {token: rank for token, rank in table.items() if rank < size}
    names = {"<unk>": size, "<s>": size + 1, "</s>": size + 2}
    encoding = tiktoken.Encoding("tekken", pat_str=pattern, mergeable_ranks=short, special_tokens=names)
    rows = [encoding.encode(text, allowed_special="all") for text in TEXTS]
    ids = [[id + offset if id < size else id - size for id in row] for row in rows]
    write("tekken", ids, [encoding.decode(row, errors="replace") for row in rows])


def main():
    rules = HERE / "rules.tsv"
    rules.write_text(RULES)
    data = unigram(str(rules))
    hugging("trained_unigram", Tokenizer.from_str(json.dumps(data)))
    hugging("trained_bytes", Tokenizer.from_str(json.dumps(fallback_bpe())))
    spm("trained_spm_unigram", model_type="unigram", vocab_size=500, normalization_rule_tsv=str(rules))
    spm(
        "trained_spm_unigram_bytes", model_type="unigram", vocab_size=700, byte_fallback=True, character_coverage=0.98,
        normalization_rule_name="identity", user_defined_symbols=["<sep>", "ab"], remove_extra_whitespaces=False,
    )
    spm(
        "trained_spm_bpe", model_type="bpe", vocab_size=700, byte_fallback=True, character_coverage=0.98,
        normalization_rule_name="identity", user_defined_symbols=["<sep>", "the"], remove_extra_whitespaces=False,
    )
    spm("trained_spm_bpe_unknown", model_type="bpe", vocab_size=500, normalization_rule_tsv=str(rules),
        character_coverage=0.98)
    record_spm("trained_spm_bpe_unused", with_unused((HERE / "trained_spm_bpe/tokenizer.model").read_bytes()))
    record_long()
    rules.unlink()
    ranks()


if __name__ == "__main__":
    main()
