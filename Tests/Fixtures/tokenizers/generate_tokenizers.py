"""Trains small tokenizers of the kinds that real models use and records what the library makes of hostile texts.

For each kind it writes KIND/tokenizer.json and KIND/expected.json (the ids of each text of texts.json, and texts of
random ids). Made with tokenizers 0.23.3 and Python 3.11.7; the random ids come from seed 7.

    python generate_tokenizers.py
"""

import json
import pathlib
import random

from hostile_texts import TEXTS
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
SIZE = 640

CORPUS = """
The editor opens a document when you click its name in the list of files. You can't close it while it's being saved.
Select the text that you want to change, then choose a style from the sidebar. They've added 12 new options in 2024.
Der Editor öffnet ein Dokument, wenn Sie seinen Namen in der Liste der Dateien anklicken. Größe und Ausrichtung lassen
sich für jede Seite einzeln ändern; die Einstellungen werden beim Schließen gespeichert. Prüfen Sie die Übersicht.
문서를 열려면 파일 목록에서 이름을 클릭하십시오. 선택한 텍스트의 글꼴과 크기를 변경할 수 있습니다. 저장하면 설정이 유지됩니다.
文書を開くには、ファイルの一覧で名前をクリックします。選択したテキストのフォントとサイズを変更することができます。
单击文件列表中的名称可以打开文档。您可以更改所选文本的字体和大小。关闭时将保存设置。
दस्तावेज़ खोलने के लिए फ़ाइलों की सूची में उसके नाम पर क्लिक करें। चुने हुए पाठ का आकार बदला जा सकता है।
Чтобы открыть документ, щёлкните его имя в списке файлов. Размер и начертание выделенного текста можно изменить.
لفتح مستند انقر فوق اسمه في قائمة الملفات. يمكنك تغيير حجم النص المحدد.
for (int i = 0; i < count; ++i) { total += values[i]; }    return total / count;
""".strip().splitlines() * 4

LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)
DEEPSEEK = [
    r"\p{N}{1,3}",
    "[一-龥\u3040-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
]


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


def byte_level(use_regex=True, add_prefix_space=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space, use_regex=use_regex)


def trained(pre_tokenizer, normalizer=None, specials=("<|endoftext|>",), **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE,
        special_tokens=list(specials),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def gpt2():
    return trained(byte_level())


def prefix_space():
    """Every piece begins with a space, and the merges are written as strings, as older files have them."""
    return trained(byte_level(add_prefix_space=True))


def llama3():
    tokenizer = trained(pre_tokenizers.Sequence([split(LLAMA3), byte_level(False)]), specials=["<|begin_of_text|>", "<|endoftext|>"])
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=True),
            processors.TemplateProcessing("<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", 0)]),
        ]
    )
    return tokenizer


def smollm():
    return trained(
        pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level()]),
        specials=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
    )


def qwen2():
    tokenizer = trained(pre_tokenizers.Sequence([split(QWEN2), byte_level(False)]), normalizers.NFC(), specials=[])
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens([AddedToken("[INST]", normalized=False), AddedToken("[INST", normalized=False)])
    return tokenizer


def o200k():
    return trained(pre_tokenizers.Sequence([split(O200K), byte_level(False)]))


def deepseek():
    return trained(pre_tokenizers.Sequence([split(pattern) for pattern in DEEPSEEK] + [byte_level(False)]))


def falcon():
    """ByteLevel is not the last pre-tokenizer, so the ones behind it see spelled bytes."""
    return trained(
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Punctuation("contiguous"),
                byte_level(),
                pre_tokenizers.Digits(individual_digits=False),
                split("[0-9][0-9][0-9]"),
            ]
        )
    )


def added_tokens():
    """Every option of added tokens, with a normalizer that some of them are seen through."""
    tokenizer = trained(byte_level(), normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()]))
    tokenizer.add_special_tokens([AddedToken("<s>", normalized=False), AddedToken("</s>", normalized=True, special=True)])
    tokenizer.add_tokens(
        [
            AddedToken("single", single_word=True, normalized=False),
            AddedToken("<left>", lstrip=True, normalized=False),
            AddedToken("<right>", rstrip=True, normalized=False),
            AddedToken("NORMAL", normalized=True),
            AddedToken("éclair", normalized=True, single_word=True),
            AddedToken("the", normalized=True, lstrip=True, rstrip=True),
            AddedToken("the quick", normalized=True),
            AddedToken("  ", normalized=False),
            AddedToken("가", normalized=True),
        ]
    )
    return tokenizer


def missing_bytes():
    """A vocabulary without most bytes and without an unknown token: what is not in it disappears."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = byte_level()
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=120, special_tokens=[], show_progress=False)
    tokenizer.train_from_iterator(["the cat sat on the mat", "Größe"], trainer)
    return tokenizer


def sentencepiece_like(pre_tokenizer, normalizer, decoder, byte_fallback, fuse_unk):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=byte_fallback, fuse_unk=fuse_unk))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoder
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)] if byte_fallback else []
    trainer = trainers.BpeTrainer(vocab_size=SIZE, special_tokens=["<unk>", "<s>", "</s>"] + bytes_, show_progress=False)
    corpus = CORPUS if pre_tokenizer is not None else [word for line in CORPUS for word in line.replace(" ", "\n▁").splitlines()]
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def llama2():
    """No pre-tokenizer at all: the whole text is one piece."""
    return sentencepiece_like(
        None,
        normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
        decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        ),
        byte_fallback=True,
        fuse_unk=True,
    )


def metaspace():
    return sentencepiece_like(
        pre_tokenizers.Metaspace(prepend_scheme="first"),
        normalizers.NFKC(),
        decoders.Metaspace(prepend_scheme="first"),
        byte_fallback=False,
        fuse_unk=False,
    )


def partial_fallback():
    """Bytes for some scalars, the unknown token for runs of others, in the library's order when both meet."""
    tokens = ["<unk>", *"abcdefghijklmnopqrstuvwxyz", "ab", "th", "the", "an"]
    tokens += ["<0xC3>", "<0xA9>", "<0xE2>", "<0x82>", "<0xAC>"]
    vocabulary = {token: id for id, token in enumerate(tokens)}
    merges = [("t", "h"), ("th", "e"), ("a", "b"), ("a", "n")]
    tokenizer = Tokenizer(
        models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


KINDS = [
    gpt2, prefix_space, llama3, smollm, qwen2, o200k, deepseek, falcon, added_tokens, missing_bytes, llama2, metaspace,
    partial_fallback,
]  # fmt: skip


def main():
    chance = random.Random(7)
    (HERE / "texts.json").write_text(json.dumps(TEXTS, ensure_ascii=False, indent=0) + "\n")
    for kind in KINDS:
        tokenizer = kind()
        document = json.loads(tokenizer.to_str())
        if kind is llama3:
            # A token that no merge makes, which only ignore_merges can find.
            document["model"]["ignore_merges"] = True
            document["model"]["vocab"]["ĠStraÃŁenbahnhaltestelle"] = len(document["model"]["vocab"])
        if kind is prefix_space:
            document["model"]["merges"] = [" ".join(pair) for pair in document["model"]["merges"]]
        folder = HERE / kind.__name__
        folder.mkdir(exist_ok=True)
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        (folder / "tokenizer.json").write_text(text + "\n")
        tokenizer = Tokenizer.from_str(text)
        ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]
        size = tokenizer.get_vocab_size()
        random_ids = [[chance.randrange(size + 3) for _ in range(chance.randrange(30))] for _ in range(20)]
        expected = {
            "vocabulary_size": size,
            "ids": ids,
            "decoded": [tokenizer.decode(each, skip_special_tokens=False) for each in ids],
            "random_ids": random_ids,
            "random_decoded": [tokenizer.decode(each, skip_special_tokens=False) for each in random_ids],
            "random_decoded_without_specials": [tokenizer.decode(each, skip_special_tokens=True) for each in random_ids],
        }
        lines = (f'"{key}":{json.dumps(value, ensure_ascii=False, separators=(",", ":"))}' for key, value in expected.items())
        (folder / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
