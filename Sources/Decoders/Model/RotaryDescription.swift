import Checkpoints
import Foundation

/// The frequencies of a rotary position embedding (RoFormer, arXiv 2104.09864) and how they are stretched.
public struct RotaryDescription: Sendable, Hashable {
  /// How frequencies are changed for contexts longer than the model was first trained on.
  public enum Scaling: Sendable, Hashable {
    /// Not at all.
    case none
    /// All divided by a factor (position interpolation, arXiv 2306.15595).
    case linear(factor: Double)
    /// Llama 3.1's: low frequencies divided by a factor, high ones kept, a ramp between.
    case llama3(factor: Double, lowFactor: Double, highFactor: Double, originalPositions: Double)
  }

  /// The base of the frequencies, `rope_theta`.
  public let base: Double
  /// The stretching.
  public let scaling: Scaling

  /// Reads both spellings: `rope_theta` with `rope_scaling`, and `rope_parameters` of transformers 5.
  /// - Throws: `DecoderError` for a kind of scaling that is not computed, or a number that is missing.
  init(_ config: ConfigText) throws(DecoderError) {
    let parameters = config["rope_parameters"] ?? config["rope_scaling"]
    base = parameters?["rope_theta"]?.double ?? config["rope_theta"]?.double ?? 10_000
    func number(_ key: String) throws(DecoderError) -> Double {
      guard let value = parameters?[key]?.double, value > 0 else { throw .missingKey("rope_parameters.\(key)") }
      return value
    }
    switch (parameters?["rope_type"] ?? parameters?["type"])?.string ?? "default" {
    case "default": scaling = .none
    case "linear": scaling = .linear(factor: try number("factor"))
    case "llama3":
      scaling = .llama3(
        factor: try number("factor"), lowFactor: try number("low_freq_factor"),
        highFactor: try number("high_freq_factor"),
        originalPositions: try number("original_max_position_embeddings"))
    case let other:
      throw .badValue(key: "rope_type", value: "\"\(other)\"", expected: "\"default\", \"linear\" or \"llama3\"")
    }
  }

  /// Angles per position of each pair of a head's channels: `headWidth / 2` values, in f32 as `transformers` holds them.
  func frequencies(headWidth: Int) -> [Float] {
    (0..<headWidth / 2).map { pair in
      let plain = 1 / pow(base, Double(Float(2 * pair) / Float(headWidth)))
      switch scaling {
      case .none: return Float(plain)
      case .linear(let factor): return Float(plain / factor)
      case .llama3(let factor, let lowFactor, let highFactor, let originalPositions):
        let wavelength = 2 * Double.pi / plain
        let ramp = (originalPositions / wavelength - lowFactor) / (highFactor - lowFactor)
        let kept = min(1, max(0, ramp))
        return Float((1 - kept) * plain / factor + kept * plain)
      }
    }
  }
}

extension Device {
  /// Cosines and sines of all positions below `positions`.
  ///
  /// The angle is the f32 product of position and f32 frequency, as in `transformers`: models are trained with that
  /// rounding, and at position 10,000 it is already visible.
  func makeRotaryTable(_ rotary: RotaryDescription, headWidth: Int, positions: Int) -> RotaryTable {
    let frequencies = rotary.frequencies(headWidth: headWidth)
    let angles = (0..<positions).flatMap { position in frequencies.map { Double(Float(position) * $0) } }
    let cosines = makeTensor(rows: positions, columns: headWidth / 2)
    let sines = makeTensor(rows: positions, columns: headWidth / 2)
    upload(angles.map { Float(cos($0)) }, to: cosines)
    upload(angles.map { Float(sin($0)) }, to: sines)
    return RotaryTable(cosines: cosines, sines: sines, headWidth: headWidth)
  }
}
