/// A run of consecutive scalars that share general category, age and the property Alphabetic.
struct UnicodeRun: Sendable {
  let range: ClosedRange<UInt32>
  /// The general category in the Unicode version that Swift knows.
  let category: Unicode.GeneralCategory
  /// The version of Unicode that brought the scalars, times 100; `Int.max` for unassigned ones.
  let age: Int
  /// Whether the scalars have the property Alphabetic.
  let isAlphabetic: Bool

  /// The category in an older version: younger scalars were unassigned, and U+0295 was lowercase up to Unicode 16.
  func category(inVersion version: Int) -> Unicode.GeneralCategory {
    if age > version { return .unassigned }
    return range == 0x295...0x295 && version <= 1600 ? .lowercaseLetter : category
  }

  /// Every scalar, from the tables of Swift's standard library; made once per process.
  static let all: [UnicodeRun] = {
    var runs: [UnicodeRun] = []
    var open: UnicodeRun?
    func close() {
      if let last = open { runs.append(last) }
      open = nil
    }
    func add(_ value: UInt32) {
      guard let properties = Unicode.Scalar(value)?.properties else { return close() }
      let category = properties.generalCategory
      let isAssigned = category != .unassigned
      let age = isAssigned ? properties.age.map { $0.major * 100 + $0.minor } ?? .max : .max
      let isAlphabetic = isAssigned && properties.isAlphabetic
      let start: UInt32
      if let open, open.category == category, open.age == age, open.isAlphabetic == isAlphabetic,
        value != 0x295, value != 0x296
      {
        start = open.range.lowerBound
      } else {
        close()
        start = value
      }
      open = UnicodeRun(range: start...value, category: category, age: age, isAlphabetic: isAlphabetic)
    }
    // Planes 4 to 13 and most of 14 hold nothing, 15 and 16 are private but for their last two places: going through
    // these 850,000 scalars would take four fifths of the time.
    for value in 0..<UInt32(0x40000) { add(value) }
    close()
    for value in UInt32(0xE0000)..<0xE1000 { add(value) }
    close()
    for (range, category, age): (ClosedRange<UInt32>, Unicode.GeneralCategory, Int) in [
      (0x40000...0xDFFFF, .unassigned, .max), (0xE1000...0xEFFFF, .unassigned, .max),
      (0xF0000...0xFFFFD, .privateUse, 200), (0xFFFFE...0xFFFFF, .unassigned, .max),
      (0x100000...0x10FFFD, .privateUse, 200), (0x10FFFE...0x10FFFF, .unassigned, .max),
    ] {
      runs.append(UnicodeRun(range: range, category: category, age: age, isAlphabetic: false))
    }
    return runs
  }()

  /// The general categories by their two-letter codes.
  static let categories: [String: Unicode.GeneralCategory] = [
    "Lu": .uppercaseLetter, "Ll": .lowercaseLetter, "Lt": .titlecaseLetter, "Lm": .modifierLetter,
    "Lo": .otherLetter, "Mn": .nonspacingMark, "Mc": .spacingMark, "Me": .enclosingMark, "Nd": .decimalNumber,
    "Nl": .letterNumber, "No": .otherNumber, "Pc": .connectorPunctuation, "Pd": .dashPunctuation,
    "Ps": .openPunctuation, "Pe": .closePunctuation, "Pi": .initialPunctuation, "Pf": .finalPunctuation,
    "Po": .otherPunctuation, "Sm": .mathSymbol, "Sc": .currencySymbol, "Sk": .modifierSymbol, "So": .otherSymbol,
    "Zs": .spaceSeparator, "Zl": .lineSeparator, "Zp": .paragraphSeparator, "Cc": .control, "Cf": .format,
    "Co": .privateUse, "Cn": .unassigned,
  ]
}
