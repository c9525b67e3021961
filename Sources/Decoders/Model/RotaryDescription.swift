import Checkpoints
import Foundation
import JSONText

/// The frequencies of a rotary position embedding (RoFormer, arXiv 2104.09864) and how they are stretched.
public struct RotaryDescription: Sendable, Hashable {
  /// How frequencies are changed for contexts longer than the model was first trained on.
  public enum Scaling: Sendable, Hashable {
    /// Not at all.
    case none
    /// All divided by a factor (position interpolation, arXiv 2306.15595).
    case linear(factor: Double)
    /// The base grows with the text once that is longer than the model was trained for ("NTK-aware").
    case dynamic(factor: Double, trainedPositions: Int)
    /// Llama 3.1's: low frequencies divided by a factor, high ones kept, a ramp between.
    case llama3(factor: Double, lowFactor: Double, highFactor: Double, originalPositions: Double)
    /// YaRN (arXiv 2309.00071): the ramp lies between two numbers of turns within the original context.
    case yarn(factor: Double, fastTurns: Double, slowTurns: Double, originalPositions: Double, wholeChannels: Bool)
    /// LongRoPE (arXiv 2402.13753): a divisor for each frequency, other ones in texts longer than the original context.
    case longrope(short: [Double], long: [Double], originalPositions: Int)
  }

  /// The base of the frequencies, `rope_theta`.
  public let base: Double
  /// The stretching.
  public let scaling: Scaling
  /// How many of a head's channels are rotated; even.
  public let rotatedWidth: Int
  /// What cosines and sines are multiplied by.
  public let amplitude: Double

  /// Which frequencies a text of `length` tokens is read with: texts of the same regime share a table.
  func regime(length: Int) -> Int {
    switch scaling {
    case .none, .linear, .llama3, .yarn: 0
    case .dynamic(_, let trainedPositions): length > trainedPositions ? length : 0
    case .longrope(_, _, let originalPositions): length > originalPositions ? 1 : 0
    }
  }

  /// Angles per position of each pair of channels, in f32 as `transformers` holds them.
  func frequencies(regime: Int) -> [Float] {
    let pairs = rotatedWidth / 2
    func plain(_ pair: Int, base: Double) -> Double {
      1 / pow(base, Double(Float(2 * pair) / Float(rotatedWidth)))
    }
    return (0..<pairs).map { pair in
      let frequency = plain(pair, base: base)
      switch scaling {
      case .none: return Float(frequency)
      case .linear(let factor): return Float(frequency / factor)
      case .dynamic(let factor, let trainedPositions):
        guard regime > 0 else { return Float(frequency) }
        let stretch = factor * Double(regime) / Double(trainedPositions) - (factor - 1)
        return Float(plain(pair, base: base * pow(stretch, Double(rotatedWidth) / Double(rotatedWidth - 2))))
      case .llama3(let factor, let lowFactor, let highFactor, let originalPositions):
        let wavelength = 2 * Double.pi / frequency
        let ramp = (originalPositions / wavelength - lowFactor) / (highFactor - lowFactor)
        let kept = min(1, max(0, ramp))
        return Float((1 - kept) * frequency / factor + kept * frequency)
      case .yarn(let factor, let fastTurns, let slowTurns, let originalPositions, let wholeChannels):
        func channel(turns: Double) -> Double {
          Double(rotatedWidth) * log(originalPositions / (turns * 2 * .pi)) / (2 * log(base))
        }
        var (low, high) = (channel(turns: fastTurns), channel(turns: slowTurns))
        if wholeChannels { (low, high) = (low.rounded(.down), high.rounded(.up)) }
        (low, high) = (max(low, 0), min(high, Double(rotatedWidth - 1)))
        if low == high { high += 0.001 }
        let stretched = min(1, max(0, (Double(pair) - low) / (high - low)))
        return Float(frequency / factor * stretched + frequency * (1 - stretched))
      case .longrope(let short, let long, _):
        return Float(frequency / (regime == 1 ? long : short)[pair])
      }
    }
  }
}

extension RotaryDescription {
  /// Reads both spellings: `rope_theta` with `rope_scaling`, and `rope_parameters` of transformers 5, flat or by kind of
  /// attention.
  /// - Parameters:
  ///   - keys: the decoder's part of config.json.
  ///   - isWindowed: whether it is for layers within a window.
  ///   - rule: how layers within a window differ in the old spelling.
  ///   - headWidth: width d of a head.
  /// - Throws: `DecoderError` for a kind of scaling that is not computed, or a number that is missing.
  init(_ keys: ConfigKeys, isWindowed: Bool, rule: RotaryRule, headWidth: Int) throws(DecoderError) {
    let kind = isWindowed ? "sliding_attention" : "full_attention"
    let nested = keys["rope_parameters"]?[kind]
    var parameters = nested ?? keys["rope_scaling"] ?? keys["rope_parameters"]
    var base: Double?
    if nested == nil, case .byAttention(let windowedBase) = rule, isWindowed {
      parameters = nil
      base = if let windowedBase { try keys.number(windowedBase) } else { keys.fallback("rope_theta") }
    }
    base = base ?? parameters?["rope_theta"]?.double
    self.base = if let base { base } else { try keys.number("rope_theta", default: 10_000) }
    let portion =
      if let own = parameters?["partial_rotary_factor"]?.double { own } else {
        try keys.number("partial_rotary_factor", default: 1)
      }
    rotatedWidth = Int(Double(headWidth) * portion)
    guard rotatedWidth > 0, rotatedWidth <= headWidth, rotatedWidth % 2 == 0 else {
      throw .badValue(
        key: "head_dim", value: "\(headWidth) with a rotated part of \(portion)",
        expected: "an even number of rotated channels")
    }
    (scaling, amplitude) = try RopeParameters(keys: keys, node: parameters, rotatedWidth: rotatedWidth).scaling()
  }
}

/// The object that config.json describes the stretching of a rotation with.
private struct RopeParameters {
  let keys: ConfigKeys
  let node: JSONNode?
  let rotatedWidth: Int

  func scaling() throws(DecoderError) -> (RotaryDescription.Scaling, amplitude: Double) {
    switch (node?["rope_type"] ?? node?["type"])?.string ?? "default" {
    case "default", "mrope": return (.none, 1)
    case "linear": return (.linear(factor: try number("factor")), 1)
    case "dynamic":
      return (
        .dynamic(
          factor: try number("factor"), trainedPositions: try keys.positive("max_position_embeddings", default: 2048)),
        1
      )
    case "llama3":
      return (
        .llama3(
          factor: try number("factor"), lowFactor: try number("low_freq_factor"),
          highFactor: try number("high_freq_factor"), originalPositions: try originalPositions()), 1
      )
    case "yarn" where node?["long_factor"] == nil:
      let factor = try stretch()
      return (
        .yarn(
          factor: factor, fastTurns: try optional("beta_fast", absent: 32),
          slowTurns: try optional("beta_slow", absent: 1),
          originalPositions: try originalPositions(), wholeChannels: node?["truncate"]?.bool ?? true),
        try yarnAmplitude(factor)
      )
    case "longrope", "su", "yarn":
      let factor = try stretch()
      let original = try originalPositions()
      let amplitude =
        if let own = try optional("attention_factor") { own } else {
          factor <= 1 ? 1 : (1 + log(factor) / log(original)).squareRoot()
        }
      return (
        .longrope(
          short: try divisors("short_factor"), long: try divisors("long_factor"), originalPositions: Int(original)),
        amplitude
      )
    case let other:
      throw .badValue(
        key: "rope_type", value: "\"\(other)\"",
        expected: "\"default\", \"linear\", \"dynamic\", \"llama3\", \"yarn\" or \"longrope\"")
    }
  }

  private func optional(_ key: String) throws(DecoderError) -> Double? {
    guard let value = node?[key], !value.isNull else { return nil }
    guard let number = value.double, number > 0 else {
      throw .badValue(key: "rope_parameters.\(key)", value: keys.spelling(of: value), expected: "a number above 0")
    }
    return number
  }

  private func optional(_ key: String, absent: Double) throws(DecoderError) -> Double {
    if let value = try optional(key) { value } else { absent }
  }

  private func number(_ key: String) throws(DecoderError) -> Double {
    guard let value = try optional(key) else { throw .missingKey("rope_parameters.\(key)") }
    return value
  }

  private func divisors(_ key: String) throws(DecoderError) -> [Double] {
    guard let node = node?[key] else { throw .missingKey("rope_parameters.\(key)") }
    let values = (node.elements ?? []).compactMap(\.double).filter { $0 > 0 }
    guard values.count == rotatedWidth / 2, values.count == node.elements?.count else {
      throw .badValue(
        key: "rope_parameters.\(key)", value: keys.spelling(of: node), expected: "\(rotatedWidth / 2) numbers above 0")
    }
    return values
  }

  private func maximumPositions() throws(DecoderError) -> Double {
    Double(try keys.positive("max_position_embeddings", default: 2048))
  }

  private func originalPositions() throws(DecoderError) -> Double {
    if let outside = try keys.optionalNumber("original_max_position_embeddings") { return outside }
    return try optional("original_max_position_embeddings", absent: maximumPositions())
  }

  private func stretch() throws(DecoderError) -> Double {
    try optional("factor", absent: maximumPositions() / originalPositions())
  }

  private func yarnAmplitude(_ factor: Double) throws(DecoderError) -> Double {
    if let own = try optional("attention_factor") { return own }
    func amplitude(_ scale: Double) -> Double { factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1 }
    if let scale = try optional("mscale"), let allScale = try optional("mscale_all_dim") {
      return amplitude(scale) / amplitude(allScale)
    }
    return amplitude(1)
  }
}
