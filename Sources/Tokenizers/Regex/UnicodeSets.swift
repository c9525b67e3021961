/// Sets of scalars by Unicode property, as the parts of Hugging Face `tokenizers` 0.23 see them.
///
/// That library mixes versions of Unicode: its regexes (Oniguruma 6.9.10) and the `\w` of its added tokens know
/// Unicode 16, Rust's `char` methods Unicode 17, its punctuation Unicode 8 and its combining marks Unicode 9. Swift
/// 6.3 knows Unicode 17 and the age of every scalar, so an older version is today's categories without younger
/// scalars, but for the few whose category changed, which are named here. The tests compare each set with one
/// recorded from the library.
package enum UnicodeSets {
  /// The version that Oniguruma 6.9.10 and the Rust crate `regex` 1.13 know, as `UnicodeRun.age`.
  static let regexVersion = 1600

  /// The property White_Space, the same in every version in use.
  package static let whiteSpace = ScalarSet([
    0x9...0xD, 0x20...0x20, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
    0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
  ])

  /// Rust's `char::is_numeric`: the categories Nd, Nl and No of Unicode 17.
  package static let numeric = categories(["Nd", "Nl", "No"], version: 1700)

  /// What the pre-tokenizer Punctuation splits on: ASCII punctuation and symbols, and category P of Unicode 8, in
  /// which U+166D and U+111C9 were still punctuation.
  package static let punctuation = major("P", version: 800).union(
    ScalarSet([0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E, 0x166D...0x166D, 0x111C9...0x111C9]))

  /// What the normalizer StripAccents drops: category M of Unicode 9, in which U+1CF2 and U+1CF3 were still marks and
  /// U+111C9 was none yet.
  package static let combiningMarks = major("M", version: 900).union(ScalarSet([0x1CF2...0x1CF3]))
    .subtracting(ScalarSet("\u{111C9}"))

  /// The property Alphabetic.
  static let alphabetic = ScalarSet(
    UnicodeRun.all.filter { $0.isAlphabetic && $0.age <= regexVersion }.map(\.range))

  /// `\w` inside a class of Oniguruma: alphabetic, marks, decimal digits, connector punctuation.
  package static let word = alphabetic.union(major("M", version: regexVersion))
    .union(categories(["Nd", "Pc"], version: regexVersion))

  /// `\w` outside a class of Oniguruma, also for `\b`: there Latin-1's `²³¹¼½¾` count too.
  package static let wordOutsideClass = word.union(ScalarSet(scalarsOf: "²³¹¼½¾"))

  /// `\w` of the Rust crate `regex`, which has the joiners as well.
  package static let regexCrateWord = word.union(ScalarSet([0x200C...0x200D]))

  /// The script Han of Unicode 16, from its `Scripts.txt`.
  static let han = ScalarSet([
    0x2E80...0x2E99, 0x2E9B...0x2EF3, 0x2F00...0x2FD5, 0x3005...0x3005, 0x3007...0x3007, 0x3021...0x3029,
    0x3038...0x303B, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFA6D, 0xFA70...0xFAD9, 0x16FE2...0x16FE3,
    0x16FF0...0x16FF1, 0x20000...0x2A6DF, 0x2A700...0x2B739, 0x2B740...0x2B81D, 0x2B820...0x2CEA1,
    0x2CEB0...0x2EBE0, 0x2EBF0...0x2EE5D, 0x2F800...0x2FA1D, 0x30000...0x3134A, 0x31350...0x323AF,
  ])

  /// The scalars of `\p{NAME}` in Oniguruma, nil for a name outside the subset.
  ///
  /// Known are the general categories (`Lu`, `Uppercase_Letter`), their groups (`L`, `Letter`), `Alphabetic`,
  /// `White_Space`, `Any` and the script `Han`, in any case, with or without spaces, `-` and `_`.
  package static func named(_ name: String) -> ScalarSet? {
    let key = String(name.lowercased().filter { !" -_".contains($0) })
    switch key {
    case "any": return .all
    case "alphabetic", "alpha": return alphabetic
    case "whitespace", "space": return whiteSpace
    case "han": return han
    default: break
    }
    let code = (longNames[key] ?? key).lowercased()
    if code.count == 1 {
      let letter = Character(code.uppercased())
      guard UnicodeRun.categories.keys.contains(where: { $0.first == letter }) else { return nil }
      return major(letter, version: regexVersion)
    }
    guard let category = UnicodeRun.categories.keys.first(where: { $0.lowercased() == code }) else { return nil }
    return categories([category], version: regexVersion)
  }

  private static let longNames = [
    "letter": "L", "uppercaseletter": "Lu", "lowercaseletter": "Ll", "titlecaseletter": "Lt", "modifierletter": "Lm",
    "otherletter": "Lo", "mark": "M", "nonspacingmark": "Mn", "spacingmark": "Mc", "enclosingmark": "Me",
    "number": "N", "decimalnumber": "Nd", "letternumber": "Nl", "othernumber": "No", "punctuation": "P",
    "connectorpunctuation": "Pc", "dashpunctuation": "Pd", "openpunctuation": "Ps", "closepunctuation": "Pe",
    "initialpunctuation": "Pi", "finalpunctuation": "Pf", "otherpunctuation": "Po", "symbol": "S",
    "mathsymbol": "Sm", "currencysymbol": "Sc", "modifiersymbol": "Sk", "othersymbol": "So", "separator": "Z",
    "spaceseparator": "Zs", "lineseparator": "Zl", "paragraphseparator": "Zp", "other": "C", "control": "Cc",
    "format": "Cf", "privateuse": "Co", "unassigned": "Cn",
  ]

  private static func major(_ letter: Character, version: Int) -> ScalarSet {
    categories(UnicodeRun.categories.keys.filter { $0.first == letter }, version: version)
  }

  /// The union of general categories as they stood in an older `version` of Unicode.
  private static func categories(_ codes: [String], version: Int) -> ScalarSet {
    let wanted = Set(codes.map { UnicodeRun.categories[$0]! })
    return ScalarSet(UnicodeRun.all.filter { wanted.contains($0.category(inVersion: version)) }.map(\.range))
  }
}
