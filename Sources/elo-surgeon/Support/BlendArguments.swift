import ArgumentParser
import ELOTrain

extension Adaptation.Blend: ExpressibleByArgument {
  /// Reads `auto` or a number from 0 to 1.
  public init?(argument: String) {
    if argument == "auto" {
      self = .automatic
    } else if let factor = Double(argument), 0...1 ~= factor {
      self = .factor(factor)
    } else {
      return nil
    }
  }
}

extension BlendSearch {
  /// How the factors scored, a line for each.
  static func table(_ points: [Point], best: Double) -> String {
    points.map { point in
      let scores = point.texts.map { "\($0.name) \(String(format: "%.4f", $0.bitsPerByte))" }
      return "blend \(String(format: "%.2f", point.factor)): \(scores.joined(separator: ", ")) bits/byte"
        + (point.factor == best ? " (taken)" : "")
    }.joined(separator: "\n")
  }
}
