"""Writes Sources/Tokenizers/Normalizers/DecompositionTable.swift.

The decompositions are asked of the library itself, scalar by scalar, so that they are those that tokenizer.json files
are normalized with. Made with tokenizers 0.23.3 and Python 3.11.7; no randomness.

    python generate_decompositions.py
"""

import pathlib

from tokenizers import normalizers

TARGET = pathlib.Path(__file__).parents[3] / "Sources/Tokenizers/Normalizers/DecompositionTable.swift"
COMPATIBLE, CANONICAL, COMPOSING = range(3)
SYLLABLES = range(0xAC00, 0xD7A4)


def digits(number):
    """Five bits a character, the lowest first; characters from 'P' on say that more follow."""
    text = ""
    while True:
        low, number = number & 31, number >> 5
        text += chr(0x30 + low + (32 if number else 0))
        if not number:
            return text


def main():
    nfc, nfd, nfkd = normalizers.NFC(), normalizers.NFD(), normalizers.NFKD()
    table, last, count = "", 0, 0
    for value in range(0x110000):
        if 0xD800 <= value < 0xE000 or value in SYLLABLES:
            continue
        scalar = chr(value)
        canonical, compatible = nfd.normalize_str(scalar), nfkd.normalize_str(scalar)
        if canonical != scalar:
            kind = COMPOSING if nfc.normalize_str(canonical) == scalar else CANONICAL
            parts = canonical
            assert compatible == nfkd.normalize_str(canonical)
        elif compatible != scalar:
            kind, parts = COMPATIBLE, compatible
        else:
            continue
        table += digits(value - last) + digits(len(parts) * 3 + kind) + "".join(digits(ord(part)) for part in parts)
        last, count = value, count + 1
    lines = [table[start : start + 114] for start in range(0, len(table), 114)]
    TARGET.write_text(
        """// Written by Tests/Fixtures/tokenizers/generate_decompositions.py from tokenizers 0.23.3.

/// The decompositions of all scalars but Hangul syllables, packed: %d entries.
///
/// A number is a run of characters of five bits each, the lowest first, from `0` on; the sixth bit says that more
/// follow. An entry is the distance from the entry before, three times the count of parts plus the kind, the parts.
enum DecompositionTable {
  enum Kind: UInt32 {
    /// For NFKC and NFKD only.
    case compatible
    /// For all forms.
    case canonical
    /// For all forms, and NFC and NFKC put it together again.
    case composing
  }

  /// Unpacks the entries, in ascending order.
  static func entries() -> [(scalar: Unicode.Scalar, kind: Kind, parts: [Unicode.Scalar])] {
    var characters = packed.utf8.lazy.filter { $0 >= 0x30 }.makeIterator()
    func number() -> UInt32? {
      var value: UInt32 = 0
      var shift: UInt32 = 0
      while let character = characters.next() {
        value |= UInt32((character - 0x30) & 31) << shift
        if character - 0x30 < 32 { return value }
        shift += 5
      }
      return nil
    }
    var entries: [(scalar: Unicode.Scalar, kind: Kind, parts: [Unicode.Scalar])] = []
    var last: UInt32 = 0
    while let distance = number(), let form = number() {
      last += distance
      let parts = (0..<form / 3).map { _ in Unicode.Scalar(number()!)! }
      entries.append((Unicode.Scalar(last)!, Kind(rawValue: form %% 3)!, parts))
    }
    return entries
  }

  private static let packed = #\"\"\"
    %s
    \"\"\"#
}
"""
        % (count, "\n    ".join(lines))
    )


if __name__ == "__main__":
    main()
