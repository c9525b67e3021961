/// Colours, marks and dashes that tell series apart.
///
/// Eight colours that differ in lightness as well as in hue, each with a contrast of at least 4.5 : 1 to its background
/// and to the text on it. Simulated red-green and blue-yellow blindness (Machado, Oliveira, Fernandes 2009) leaves any
/// two of the first four at least 26 apart, of the first six 14, of all eight 11 (CIE 1976 distance; 2 is just visible).
/// Beyond eight, and for readers who see no colour, dashes and marks differ too. The colours themselves are custom
/// properties of the style sheet: light, dark and print have their own.
enum Palette {
  static let hues = 8

  /// The class that colours series `i`.
  static func seriesClass(_ i: Int) -> String { "s\(i % hues)" }

  /// The dash pattern of series `i`; the first eight are solid.
  static func dash(_ i: Int) -> String? {
    let patterns: [String?] = [nil, "7 4", "2 3", "9 3 2 3"]
    return patterns[i / hues % patterns.count]
  }

  /// The outline of the mark of series `i` around a point: circle, square, triangle, diamond, cross-like star.
  static func mark(_ i: Int, x: Double, y: Double, radius r: Double) -> String {
    func polygon(_ points: [(Double, Double)]) -> String {
      "M" + points.map { "\(coordinate(x + $0.0)) \(coordinate(y + $0.1))" }.joined(separator: "L") + "Z"
    }
    switch i % 4 {
    case 0:
      let d = coordinate(2 * r)
      return "M\(coordinate(x - r)) \(coordinate(y))a\(coordinate(r)) \(coordinate(r)) 0 1 0 \(d) 0"
        + "a\(coordinate(r)) \(coordinate(r)) 0 1 0 -\(d) 0Z"
    case 1: return polygon([(-0.9 * r, -0.9 * r), (0.9 * r, -0.9 * r), (0.9 * r, 0.9 * r), (-0.9 * r, 0.9 * r)])
    case 2: return polygon([(0, -1.2 * r), (1.15 * r, 0.85 * r), (-1.15 * r, 0.85 * r)])
    default: return polygon([(0, -1.3 * r), (1.3 * r, 0), (0, 1.3 * r), (-1.3 * r, 0)])
    }
  }
}

/// Colours of a heat map, the same on a light and a dark page since they stand for numbers.
struct ColorRamp {
  private let stops: [(Double, Double, Double)]

  /// Dark blue over grey to yellow, lighter with every step: readable without any colour (after cividis).
  static let sequential = ColorRamp(stops: [
    (0, 34, 78), (67, 78, 108), (125, 124, 120), (188, 174, 108), (254, 232, 56),
  ])
  /// Blue over near-white to orange: the two sides differ for every kind of colour vision.
  static let diverging = ColorRamp(stops: [
    (20, 75, 140), (110, 160, 205), (244, 243, 240), (235, 160, 90), (160, 70, 5),
  ])

  /// The colour at 0...1 as `#rrggbb`, and whether black text reads better on it than white.
  func color(_ position: Double) -> (hex: String, takesBlackText: Bool) {
    let place = min(max(position, 0), 1) * Double(stops.count - 1)
    let i = min(Int(place), stops.count - 2)
    let t = place - Double(i)
    let (a, b) = (stops[i], stops[i + 1])
    let channels = [a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t, a.2 + (b.2 - a.2) * t].map { $0.rounded() }
    let hex = channels.map { channel in
      let digits = String(Int(channel), radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }
    // Relative luminance of WCAG 2 with its gamma taken as 2.2; 0.18 is where both contrasts are equal.
    let linear = channels.map { ($0 / 255) * ($0 / 255) }
    let luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return ("#" + hex.joined(), luminance > 0.2)
  }
}
