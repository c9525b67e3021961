import Foundation

/// How values spread along an axis.
public enum ScaleKind: Sendable, Hashable {
  /// Equal differences are equally long.
  case linear
  /// Equal ratios are equally long; values of 0 and below are not shown.
  case logarithmic
}

/// Maps values to coordinates and chooses the values that are marked.
package struct Scale: Sendable {
  /// The values shown.
  package let domain: ClosedRange<Double>
  /// The coordinates of the domain's ends; the first may be the larger.
  package let start: Double
  package let end: Double
  package let kind: ScaleKind

  /// A scale over values, with room at both ends (a twentieth of their extent).
  ///
  /// Values that cannot be shown are passed over; with none left the domain is 0...1 or 1...10. Values that are all
  /// equal stand in the middle.
  package init(
    over values: some Sequence<Double>, from start: Double, to end: Double, kind: ScaleKind = .linear,
    including anchors: [Double] = [], padding: Double = 0.05
  ) {
    let shown = (Array(values) + anchors).filter { $0.isFinite && (kind == .linear || $0 > 0) }
    self.kind = kind
    self.start = start
    self.end = end
    guard let low = shown.min(), let high = shown.max() else {
      self.domain = kind == .linear ? 0...1 : 1...10
      return
    }
    switch kind {
    case .linear:
      let room = high > low ? (high - low) * padding : max(abs(high) * 0.1, 0.5)
      // An anchor is an end that is meant, such as the zero of a bar.
      self.domain = (anchors.contains(low) && high > low ? low : low - room)...(high + room)
    case .logarithmic:
      let room = high > low ? pow(high / low, padding) : 2
      self.domain = (low / room)...(high * room)
    }
  }

  /// The coordinate of a value, nil for one that cannot be shown.
  package func position(_ value: Double) -> Double? {
    guard value.isFinite, kind == .linear || value > 0 else { return nil }
    return start + (end - start) * (progress(value) - progress(domain.lowerBound))
      / (progress(domain.upperBound) - progress(domain.lowerBound))
  }

  private func progress(_ value: Double) -> Double { kind == .linear ? value : log10(value) }

  /// A marked value and how it is written.
  package struct Tick: Sendable, Hashable {
    package let value: Double
    package let label: String
  }

  /// At most `limit` values that are easy to read, in ascending order and within the domain.
  package func ticks(limit: Int) -> [Tick] {
    let values = kind == .linear ? linearTicks(limit: limit) : logarithmicTicks(limit: limit)
    // Along a logarithmic axis every label stands for itself: 500, 1k, 1M.
    let labels = kind == .linear ? tickLabels(values) : values.flatMap { tickLabels([$0]) }
    return zip(values, labels).map { Tick(value: $0, label: $1) }
  }

  private func linearTicks(limit: Int) -> [Double] {
    let extent = domain.upperBound - domain.lowerBound
    // The smallest of 1, 2, 5 times a power of ten that stays within the limit.
    var exponent = Int(log10(extent / Double(max(limit, 1))).rounded(.down))
    while true {
      for factor in [1.0, 2, 5] {
        // Dividing by a positive power of ten keeps 0.3 from becoming 0.30000000000000004.
        func multiple(_ i: Int) -> Double {
          exponent < 0
            ? Double(i) * factor / pow(10, Double(-exponent)) : Double(i) * factor * pow(10, Double(exponent))
        }
        let step = multiple(1)
        let first = Int((domain.lowerBound / step - 1e-9).rounded(.up))
        let last = Int((domain.upperBound / step + 1e-9).rounded(.down))
        if last - first + 1 <= limit { return first > last ? [] : (first...last).map(multiple) }
      }
      exponent += 1
    }
  }

  private func logarithmicTicks(limit: Int) -> [Double] {
    let decades = Int(log10(domain.lowerBound).rounded(.down))...Int(log10(domain.upperBound).rounded(.up))
    func values(_ factors: [Double], every stride: Int) -> [Double] {
      decades.filter { $0.isMultiple(of: stride) }
        .flatMap { decade in factors.map { $0 * pow(10, Double(decade)) } }
        .filter { domain.contains($0) }
    }
    for factors in [[1.0, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5]] {
      let candidates = values(factors, every: 1)
      if candidates.count <= limit { return candidates.count >= 2 ? candidates : linearTicks(limit: limit) }
    }
    var stride = 1
    while values([1], every: stride).count > limit { stride += 1 }
    let powers = values([1], every: stride)
    return powers.count >= 2 ? powers : linearTicks(limit: limit)
  }
}

/// How marked values are written: with `k`, `M`, `G`, `T` where they are large, and just the digits that tell them apart.
private func tickLabels(_ values: [Double]) -> [String] {
  let largest = values.map { abs($0) }.max() ?? 0
  let (unit, suffix): (Double, String) =
    switch largest {
    case 1e12...: (1e12, "T")
    case 1e9...: (1e9, "G")
    case 1e6...: (1e6, "M")
    case 1e4...: (1e3, "k")
    default: (1, "")
    }
  let scaled = values.map { $0 / unit }
  let decimals = (0...12).first { decimals in
    let factor = pow(10, Double(decimals))
    return scaled.allSatisfy { abs(($0 * factor).rounded() - $0 * factor) <= 1e-9 * abs($0 * factor) }
  }
  return scaled.map { value in
    if value == 0 { return "0" }
    let text =
      if let decimals, decimals <= 6 {
        decimalText(value, decimals: decimals)
      } else {
        String(format: "%g", value).replacing("-", with: "−")
      }
    return text + suffix
  }
}
