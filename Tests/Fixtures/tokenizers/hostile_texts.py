"""Texts on which tokenizers tend to differ, shared by the generators in this folder. Seeded, so always the same."""

import random

WRITTEN = [
    "",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t\n \r\n\r\n  \n",
    "Hello, world!",
    "  leading and trailing  ",
    "Don't you'll WE'RE he'S I'M they'VE she'D 'tis 'S 's 'ſ 'K",
    "The quick brown fox jumps over the lazy dog 3 times, 14 or 1592 times, 123456789 times.",
    "Grüße aus Köln: Fußgängerübergänge, Straßenbahnhaltestelle, 12.345,67 €.",
    "한국어 문장은 이렇게 생겼습니다. 띄어쓰기가 있고, 숫자 123도 있습니다.",
    "日本語の文章には空白がありません。カタカナとひらがな、漢字が混ざります。ーゝゞ",
    "中文句子没有空格，只有标点符号：“引号”、顿号、句号。𠀀𠀁 〇〡",
    "हिन्दी में लिखा हुआ वाक्य, जिसमें मात्राएँ और संयुक्त अक्षर हैं। १२३४५",
    "جملة مكتوبة بالعربية مع تشكيل: مُحَمَّدٌ ١٢٣٤ ـــ ‏‎",
    "Предложение на русском языке, с буквами ё и й: подъезд №5.",
    "ประโยคภาษาไทยไม่มีการเว้นวรรคระหว่างคำ ๑๒๓",
    "Ελληνικά γράμματα, με τόνους: ὕδωρ ᾳ ΐ. עברית עם נִקּוּד.",
    "👩‍👩‍👧‍👦 family, 👍🏽 skin, 🇩🇪🇰🇷 flags, ❤️ heart, 🏴󠁧󠁢󠁥󠁮󠁧󠁿 tags, 1️⃣ keycap",
    "e\u0301a\u0323\u0307 \u0307\u0323a  Zalgo: Z̷̧̛̲a̵l̶g̴o̸ \u0301at the start",
    "a\u0305\u0301 a\u0323\u0305\u0301 a\u0302\u0301 a\u0301\u0302 \u0915\u093c\u094d \u0928\u093c \u05d3\u05bc\u05b7 \u0627\u0653\u0655",
    "éü€é xé€ä 漢é字 é漢 ab漢字ab",
    "가각 \u1100\u1161\u11a8 \u1100\u1161 \u11a8 각\u11a8 \uac00\u11a7",
    "Å Å Å ﬁ ﬀ ﬃ ½ ² ³ ① Ⅷ ㎏ ㍿ ｶﾞ Ａｂｃ ſ ẛ̣ ΐ ŉ İ ı",
    "control \x00\x01\x02\x1b[0m\x7f\x80\x85\x9f del, NUL \x00\x00",
    "spaces: \u00a0\u1680\u2000\u2003\u2009\u200a\u202f\u205f\u3000 zero width: \u200b\u200c\u200d\u2060\ufeff",
    "line\u2028separator\u2029paragraph\x0bvertical\x0cform\x85next",
    "\ufeffbyte order mark first",
    "\ue000\uf8ff \U000f0000 \U0010fffd private, \ufffe\uffff \U0001fffe non-characters, \ufffd replacement",
    "\u0378\u0379 \U000323b0 \U000e0fff unassigned, \U00016d63 \u088f \U00010940 new",
    "a" * 300,
    " " * 130 + "x",
    "ab" * 200,
    "\n" * 70,
    "é" * 150,
    "가" * 100,
    "!?" * 60 + "…" * 20,
    "1" * 100 + "٣" * 30,
    "for (int i = 0; i < 10; ++i) {\n\tprintf(\"%d\\n\", i);\n}\n\n\n// done\r\n",
    "snake_case camelCase PascalCase HTTPServer kebab-case x86_64 3.14e-10 0xDEADBEEF",
    "https://example.org/a/b?c=d&e=f#g user@example.org C:\\dir\\file.txt",
    "<|endoftext|>",
    "a<|endoftext|>b <|endoftext|> c\n<|endoftext|>\n<|endoftext|><|endoftext|>",
    "<|endoftext <|endoftext||> <|im_start|>user\nHi<|im_end|>\n <s> </s><s>[INST]",
    "word single word singles ssingle single. _single single_ single9 ésingle singleé single\u200d single",
    "left <left>  \n <left> right <right>  \n right <right>\t <left> x<right><left>y  <left><right>  ",
    "normal NORMAL Normal ÉCLAIR éclair e\u0301clair Éclair",
    "Ġ Ċ Ã© ĠHello Ā Ń ł ▁ ▁▁ <0x41> <0xE2><0x82><0xAC>",
    "\\s+ .* [a-z] (group) {1,3} ^$ | ? a|b",
    "'", "''", "'s", " 's", "s's", "’s", "I’m", "\u2019\u2019",
    "_", "__init__", "-", "--", "the-final--countdown", "a-", "-a", "1-2", " - ", "-\n-",
    "x\r", "\rx", "x \r y", "\n\r", " \n", "\n ", " \n ", "  \n  \n  x", "x\n\n  y", "x  \n", "\t\tx", "x\t\t",
    "12", "123", "1234", "12345 678 9", "1a2b3c", "½⅓", "x²+y³", "１２３４", "①②③④",
]

ALPHABETS = [
    "ab'sStTdmlLvVrReE. \n",
    " \t\r\n\u00a0\u2003\u3000x",
    "aA1.!-_ \n'é",
    "0123456789٠١२३½²Ⅷ ,.",
    "äöüßÄÖÜéñç e\u0301\u0308\u0323",
    "가나다각\u1100\u1161\u11a8 한",
    "日本語カナかな漢字。、ー〇 a",
    "हिन्दीक्षात्र ।",
    "👍🏽\u200d👩❤\ufe0f🇩🇪",
    "<|endoftext>s/ ",
    "\x00\x01\x7f\x80\x9f\u200b\u2028\ufeff",
    "Ǆǅǆ ʰˑ ªº ſK İıẞ",
    "()[]{}<>=+*/\\|&^%$#@~`\"' a1",
]


def generated(seed=20261123):
    """Random texts: over each alphabet, over all of Unicode, and mixtures of the written ones."""
    chance = random.Random(seed)
    texts = ["".join(chance.choice(alphabet) for _ in range(chance.randrange(1, 60))) for alphabet in ALPHABETS for _ in range(3)]
    for _ in range(12):
        scalars = []
        while len(scalars) < 30:
            value = chance.randrange(0x110000) if chance.random() < 0.5 else chance.randrange(0x3000)
            if not 0xD800 <= value < 0xE000:
                scalars.append(chr(value))
        texts.append("".join(scalars))
    for _ in range(10):
        cuts = []
        for _ in range(6):
            text = chance.choice(WRITTEN)
            start = chance.randrange(len(text) + 1)
            cuts.append(text[start : start + chance.randrange(12)])
        texts.append("".join(cuts))
    return texts


TEXTS = WRITTEN + generated()
