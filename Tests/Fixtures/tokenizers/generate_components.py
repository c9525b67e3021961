"""Records what single components of the library do: components.json and unicode_sets.json.

Made with tokenizers 0.23.3 and Python 3.11.7; no randomness beyond hostile_texts.py.

    python generate_components.py
"""

import json
import pathlib

from hostile_texts import TEXTS, WRITTEN
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

HERE = pathlib.Path(__file__).parent
SHORT = [text for text in WRITTEN if 0 < len(text) <= 70]

CL100K = r"(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
PATTERNS = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    CL100K,
    CL100K.replace("(?i:[sdmt]|ll|ve|re)", "'(?i:[sdmt]|ll|ve|re)"),
    r" ?[^(\s|[.,!?…。，、।۔،])]+",
    r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t)?|\p{N}{1,3}|\s+",
    r"\p{N}{1,3}+",
    r"\p{N}{2}",
    r"[0-9]{,2}x?",
    r"[0-9]{2,}",
    r"a{2,3}?b??",
    r"a+?",
    r"(?:ab)*",
    r"(?:ab)+?a",
    r"(?:ab){2,3}",
    r"(?:a|b|é){2,5}+",
    r"(?>a+)b|a",
    r"(?:a+b|a)++c?",
    r"a(?=b)",
    r"\w+(?=\s|$)",
    r"\w+(?! \w)",
    r"(?!a|the)\w+",
    r"(?=[A-Z])\p{L}{1,4}",
    r"^\w+|\w+$",
    r"\A\w+|\w+\z|\s\Z",
    r"^.",
    r".$",
    r"\b\w",
    r"\B.",
    r"\w+|\W+",
    r"[\w²]+|[^\w]",
    r"[\W]+",
    r"\d|\D",
    r"\h+|\H",
    r"[\w&&[^\d_]]+",
    r"[a-z&&[^aeiou]]+",
    r"[^a-z&&[b-y]]",
    r"[[:alpha:]]+|[[:^space:][:digit:]]",
    r"[[:word:]]+",
    r"[\]a-]+",
    r"[-a-c.]",
    r"[\x41-\x5a\u00e9\x{1F469}]+",
    r"\x20\x{20}",
    r"[\t\n\v\f\r\a\e]+",
    r"(?i)don't|fox",
    r"the (?i:QUICK) b",
    r"a(?i)b|c",
    r"(a(?i)b)c|D",
    r"(?i:[a-k])+",
    r"(?i:[^a-k ])+",
    r"(?i:a(?-i:b))+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)",
    r"\p{^L}+",
    r"\P{L}+",
    r"\p{Lowercase_Letter}\p{mark}*",
    r"\p{Alphabetic}+|\p{White_Space}+",
    r"x*",
    r"",
    r"|a",
    r"(?:)",
    r"a||b",
    r"\s+$",
    r"(\s)(\S)",
    r"\.|\-|\$|\/|\#|\ ",
    r"{|}|a{|a{x}|]",
    r"[\p{P}\p{S}]",
    r"é+",
]
BEHAVIORS = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]


def pieces(pre_tokenizer, texts):
    return {
        "component": json.loads(pre_tokenizer.__getstate__()),
        "outputs": [[piece for piece, _ in pre_tokenizer.pre_tokenize_str(text)] for text in texts],
    }


def splits():
    few = [text for text in SHORT if len(text) <= 12] + ["the-final--countdown-", "--a-b"]
    for pattern in PATTERNS:
        yield pieces(pre_tokenizers.Split(Regex(pattern), "isolated"), SHORT)
    for behavior in BEHAVIORS:
        for invert in (False, True):
            for pattern in ("-", "-*", "[-a]", " |-"):
                yield pieces(pre_tokenizers.Split(Regex(pattern), behavior, invert), few)
            yield pieces(pre_tokenizers.Split("-", behavior, invert), few)
            yield pieces(pre_tokenizers.Split("a.*", behavior, invert), few)
        yield pieces(pre_tokenizers.Punctuation(behavior), few)
    for pre_tokenizer in (
        pre_tokenizers.Punctuation("isolated"),
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.Digits(individual_digits=False),
        pre_tokenizers.Whitespace(),
        pre_tokenizers.WhitespaceSplit(),
        pre_tokenizers.Metaspace(),
        pre_tokenizers.Metaspace(prepend_scheme="first"),
        pre_tokenizers.Metaspace(prepend_scheme="never"),
        pre_tokenizers.Metaspace(replacement="_", split=False),
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="first")]),
        pre_tokenizers.Sequence([pre_tokenizers.ByteLevel(add_prefix_space=True), pre_tokenizers.WhitespaceSplit()]),
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("removed")]),
    ):
        yield pieces(pre_tokenizer, SHORT)


def normalized():
    forms = [normalizers.NFC(), normalizers.NFD(), normalizers.NFKC(), normalizers.NFKD()]
    others = [
        normalizers.Lowercase(),
        normalizers.StripAccents(),
        normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()]),
        normalizers.Strip(left=True, right=True),
        normalizers.Strip(left=True, right=False),
        normalizers.Strip(left=False, right=True),
        normalizers.Prepend("▁"),
        normalizers.Replace(" ", "▁"),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Replace(Regex("x*"), "-"),
        normalizers.Replace("a.", ""),
        normalizers.ByteLevel(),
    ]
    for normalizer, texts in [(form, TEXTS) for form in forms] + [(other, SHORT) for other in others]:
        yield {
            "component": json.loads(normalizer.__getstate__()),
            "outputs": [normalizer.normalize_str(text) for text in texts],
        }


def decoded():
    tokens = ["▁Hello", "▁", "<0xE2>", "<0x82>", "<0xAC>", "<0x41>", "world", "Ġa", "Ã", "©", "<s>", "xx", " x ", "é", "▁▁b", "0x41>", "<0xZZ>", "a.b.", "  "]
    lists = [tokens, tokens[::-1], tokens[2:5], tokens[2:4], tokens[3:7], ["▁"], ["Ã", "©", "Ã"], ["▁▁b", "▁▁b"], ["é", "Ġa"]]
    components = [
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
        {"type": "Replace", "pattern": {"Regex": "[a.]+"}, "content": "*"},
        {"type": "Strip", "content": "x", "start": 1, "stop": 0},
        {"type": "Strip", "content": " ", "start": 1, "stop": 1},
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": True},
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False},
        {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        None,
    ]
    document = json.loads(Tokenizer(models.BPE({token: id for id, token in enumerate(tokens)}, [])).to_str())
    for component in components:
        tokenizer = Tokenizer.from_str(json.dumps(document | {"decoder": component}))
        yield {
            "component": component,
            "outputs": [tokenizer.decode([tokens.index(token) for token in each]) for each in lists],
        }, tokens, lists


SCALARS = [value for value in range(0x110000) if not 0xD800 <= value < 0xE000]


def runs(values):
    result = []
    for value in values:
        if result and result[-1][1] in (value - 1, 0xD7FF if value == 0xE000 else None):
            result[-1][1] = value
        else:
            result.append([value, value])
    return result


def dropped(pre_tokenizer):
    """The scalars that a pre-tokenizer removes."""
    result = []
    for start in range(0, len(SCALARS), 0x4000):
        part = SCALARS[start : start + 0x4000]
        kept = set()
        for _, (first, end) in pre_tokenizer.pre_tokenize_str("".join(map(chr, part))):
            kept.update(range(first, end))
        result += [value for index, value in enumerate(part) if index not in kept]
    return runs(result)


def unicode_sets():
    categories = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cn".split()
    for name in categories + ["Alphabetic", "Han"]:
        yield name, dropped(pre_tokenizers.Split(Regex(r"\p{%s}" % name), "removed"))
    for pattern in (r"\s", r"\w", r"\W", r"[\w]", r"[\W]"):
        yield pattern, dropped(pre_tokenizers.Split(Regex(pattern), "removed"))
    yield "WhitespaceSplit", dropped(pre_tokenizers.WhitespaceSplit())
    yield "Punctuation", dropped(pre_tokenizers.Punctuation("removed"))
    digits, words = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Whitespace()
    yield "Digits", runs(value for value in SCALARS if len(digits.pre_tokenize_str("x" + chr(value) + "x")) == 3)
    yield "Whitespace", runs(value for value in SCALARS if len(words.pre_tokenize_str("x" + chr(value) + "x")) == 1)
    accents = normalizers.StripAccents()
    yield "StripAccents", runs(value for value in SCALARS if not accents.normalize_str(chr(value)))
    # A mark of class 1 goes before any of a higher class that the normalizer knows.
    nfd = normalizers.NFD()
    yield "class above 1", runs(
        value for value in SCALARS if nfd.normalize_str("a" + chr(value) + "\u0334") == "a\u0334" + nfd.normalize_str(chr(value))
        and chr(value) != "\u0334"
    )


def main():
    decoders = list(decoded())
    document = {
        "texts": TEXTS,
        "short_texts": SHORT,
        "pre_tokenizers": list(splits()),
        "normalizers": list(normalized()),
        "decoders": [entry for entry, _, _ in decoders],
        "tokens": decoders[0][1],
        "token_lists": decoders[0][2],
    }
    few = [text for text in SHORT if len(text) <= 12] + ["the-final--countdown-", "--a-b"]
    document["few_texts"] = few
    lines = [f'"{key}":{json.dumps(value, ensure_ascii=False, separators=(",", ":"))}' for key, value in document.items()]
    (HERE / "components.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    lines = [f"{json.dumps(name)}:{json.dumps(ranges, separators=(',', ':'))}" for name, ranges in unicode_sets()]
    (HERE / "unicode_sets.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
