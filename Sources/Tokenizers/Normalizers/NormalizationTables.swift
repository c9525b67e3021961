/// Decompositions, combining classes and compositions as the Rust crate `unicode-normalization-alignments` 0.1.12 has
/// them, which `tokenizers` normalizes with: those of Unicode 9.
///
/// Swift's standard library keeps its own to itself, and Foundation's know a younger Unicode.
struct NormalizationTables: Sendable {
  static let shared = NormalizationTables()

  /// The version of Unicode, as `UnicodeRun.age`.
  static let version = 900

  /// Full canonical and full compatibility decompositions; what is in neither stands for itself.
  private var canonical: [Unicode.Scalar: [Unicode.Scalar]] = [:]
  private var compatible: [Unicode.Scalar: [Unicode.Scalar]] = [:]
  /// The composition of two scalars, for pairs that have one.
  private var compositions: [UInt64: Unicode.Scalar] = [:]
  /// The canonical combining class of the scalars that have one.
  private var combiningClasses: [Unicode.Scalar: UInt8] = [:]

  // Hangul syllables are composed by arithmetic (The Unicode Standard, section 3.12).
  private static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3
  private static let leads: Range<UInt32> = 0x1100..<0x1113
  private static let vowels: Range<UInt32> = 0x1161..<0x1176
  private static let trails: Range<UInt32> = 0x11A8..<0x11C3

  private init() {
    var composing: [(scalar: Unicode.Scalar, parts: [Unicode.Scalar])] = []
    for entry in DecompositionTable.entries() {
      switch entry.kind {
      case .compatible: compatible[entry.scalar] = entry.parts
      case .canonical: canonical[entry.scalar] = entry.parts
      case .composing:
        canonical[entry.scalar] = entry.parts
        composing.append((entry.scalar, entry.parts))
      }
    }
    // A scalar whose parts number three or more is the composition of the scalar for all parts but the last with it.
    let scalarOfParts = Dictionary(composing.map { ($0.parts, $0.scalar) }, uniquingKeysWith: { first, _ in first })
    for (scalar, parts) in composing {
      guard let first = parts.count == 2 ? parts[0] : scalarOfParts[parts.dropLast()] else { continue }
      compositions[Self.key(first, parts[parts.count - 1])] = scalar
    }
    for run in UnicodeRun.all where run.age <= Self.version {
      for value in run.range where run.category == .nonspacingMark || run.category == .spacingMark {
        guard let scalar = Unicode.Scalar(value) else { continue }
        let class_ = scalar.properties.canonicalCombiningClass.rawValue
        if class_ > 0 { combiningClasses[scalar] = class_ }
      }
    }
  }

  private static func key(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
    UInt64(first.value) << 32 | UInt64(second.value)
  }

  /// A bit per scalar: set where normalizing may change the scalar or what stands before it.
  func activeScalars(composed: Bool, compatible isCompatible: Bool) -> [UInt64] {
    var bits = [UInt64](repeating: 0, count: 0x30000 / 64)
    func set(_ scalar: Unicode.Scalar) { bits[Int(scalar.value >> 6)] |= 1 << UInt64(scalar.value & 63) }
    for scalar in combiningClasses.keys { set(scalar) }
    let canBeComposed = Set(compositions.values)
    for scalar in canonical.keys where !composed || !canBeComposed.contains(scalar) { set(scalar) }
    if isCompatible {
      for scalar in compatible.keys { set(scalar) }
      // A canonical decomposition may hold a scalar that decomposes further.
      for (scalar, parts) in canonical where parts.contains(where: { compatible[$0] != nil }) { set(scalar) }
    }
    if composed {
      for pair in compositions.keys { set(Unicode.Scalar(UInt32(truncatingIfNeeded: pair))!) }
      for value in [Self.vowels, Self.trails].joined() { set(Unicode.Scalar(value)!) }
    } else {
      for value in Self.syllables { set(Unicode.Scalar(value)!) }
    }
    return bits
  }

  /// Appends the full decomposition of a scalar.
  func decompose(_ scalar: Unicode.Scalar, compatible isCompatible: Bool, into output: inout [Unicode.Scalar]) {
    if Self.syllables.contains(scalar.value) {
      let index = scalar.value - Self.syllables.lowerBound
      output.append(Unicode.Scalar(Self.leads.lowerBound + index / 588)!)
      output.append(Unicode.Scalar(Self.vowels.lowerBound + index % 588 / 28)!)
      if index % 28 > 0 { output.append(Unicode.Scalar(Self.trails.lowerBound - 1 + index % 28)!) }
      return
    }
    for part in canonical[scalar] ?? [scalar] {
      if isCompatible, let parts = compatible[part] { output.append(contentsOf: parts) } else { output.append(part) }
    }
  }

  private func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
    scalar.value < 0x300 ? 0 : combiningClasses[scalar] ?? 0
  }

  /// Sorts every run of combining marks by class, equals in the order they came in.
  func order(_ scalars: inout [Unicode.Scalar]) {
    var start = 0
    while start < scalars.count {
      var end = start
      while end < scalars.count, combiningClass(scalars[end]) > 0 { end += 1 }
      if end - start > 1 {
        let run = scalars[start..<end].map { (scalar: $0, class: combiningClass($0)) }.enumerated()
        let sorted = run.sorted { ($0.element.class, $0.offset) < ($1.element.class, $1.offset) }
        scalars.replaceSubrange(start..<end, with: sorted.map(\.element.scalar))
      }
      start = max(end, start) + 1
    }
  }

  /// Composes what can be, each mark with the starter before it unless a mark of its class or above stands between.
  func compose(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var output: [Unicode.Scalar] = []
    var starter: Int?
    var lastClass: UInt8 = 0
    for scalar in scalars {
      let class_ = combiningClass(scalar)
      if let place = starter {
        let isBlocked = place + 1 < output.count && (lastClass == 0 || lastClass >= class_)
        if !isBlocked, let composed = composition(output[place], scalar) {
          output[place] = composed
          continue
        }
      }
      output.append(scalar)
      lastClass = class_
      if class_ == 0 { starter = output.count - 1 }
    }
    return output
  }

  private func composition(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    if Self.leads.contains(first.value), Self.vowels.contains(second.value) {
      let index = (first.value - Self.leads.lowerBound) * 588 + (second.value - Self.vowels.lowerBound) * 28
      return Unicode.Scalar(Self.syllables.lowerBound + index)
    }
    if Self.syllables.contains(first.value), (first.value - Self.syllables.lowerBound) % 28 == 0,
      Self.trails.contains(second.value)
    {
      return Unicode.Scalar(first.value + second.value - Self.trails.lowerBound + 1)
    }
    return compositions[Self.key(first, second)]
  }
}
