import Foundation

/// Rotation for the tokens of a batch: a table, and each token's row in it.
struct Rotation {
  let table: RotaryTable
  /// One row of N.
  let positions: Tensor
}

/// Everything that tells a decoder's tokens where they are, kept between passes: tables grow with the longest text.
///
/// Used by one decoder, from one thread at a time.
final class PositionTables {
  private let configuration: DecoderConfiguration
  private let device: any Device
  private var rotary: [RotaryKey: RotaryTable] = [:]
  private var keyBias: Tensor?

  private struct RotaryKey: Hashable {
    let description: Int
    /// The regimes whose positions the table holds one after another.
    let regimes: [Int]
  }

  init(_ configuration: DecoderConfiguration, device: any Device) {
    self.configuration = configuration
    self.device = device
  }

  /// A rotation for each of the configuration's descriptions.
  func rotations(_ batch: TokenBatch) -> [Rotation] {
    configuration.rotaries.indices.map { rotation(configuration.rotaries[$0], index: $0, batch) }
  }

  private func rotation(_ description: RotaryDescription, index: Int, _ batch: TokenBatch) -> Rotation {
    let regimeOfSpan = batch.spans.map { description.regime(length: batch.length(of: $0)) }
    let regimes = Array(Set(regimeOfSpan)).sorted()
    let table = table(RotaryKey(description: index, regimes: regimes), description, batch.largestPosition + 1)
    guard regimes.count > 1 else { return Rotation(table: table, positions: batch.positions) }
    let positionsOfRegime = table.cosines.rows / regimes.count
    var rows = batch.positionValues
    for (span, regime) in zip(batch.spans, regimeOfSpan) {
      let start = Int32(regimes.firstIndex(of: regime)! * positionsOfRegime)
      for token in span.queries { rows[token] += start }
    }
    return Rotation(table: table, positions: device.makeIndices(rows))
  }

  private func table(_ key: RotaryKey, _ description: RotaryDescription, _ positions: Int) -> RotaryTable {
    if let table = rotary[key], table.cosines.rows >= positions * max(1, key.regimes.count) { return table }
    // A regime of its own for each length would leave a table behind for each.
    if rotary.count > 8 { rotary = [:] }
    let table = device.makeRotaryTable(
      description, headWidth: configuration.headWidth, pairing: configuration.rotaryPairing,
      regimes: key.regimes.isEmpty ? [0] : key.regimes, positions: max(512, positions))
    rotary[key] = table
    return table
  }

  /// `[H, P]` for P positions or more: ALiBi's bias of each head for the key at each position, in the order of HF's
  /// models, whose slopes fall by powers of two and, for head counts that are none, of their roots.
  func alibi(_ rule: AlibiRule, positions: Int) -> Tensor {
    if let keyBias, keyBias.columns >= positions { return keyBias }
    let heads = configuration.headCount
    let columns = max(512, positions)
    let biases = Self.alibiSlopes(heads: heads).flatMap { slope in
      (0..<columns).map { position -> Float in
        switch rule {
        case .afterScale: return slope * Float(position)
        case .beforeScaleRounded:
          let product = (slope.roundedToBFloat16 * Float(position).roundedToBFloat16).roundedToBFloat16
          return product / Float(configuration.headWidth).squareRoot()
        }
      }
    }
    let tensor = device.makeTensor(rows: heads, columns: columns)
    device.upload(biases, to: tensor)
    keyBias = tensor
    return tensor
  }

  static func alibiSlopes(heads: Int) -> [Float] {
    let power = 1 << (Int.bitWidth - 1 - heads.leadingZeroBitCount)
    func slopes(_ count: Int) -> [Float] {
      let base = pow(2, -8 / Double(count))
      return (1...count).map { Float(pow(base, Double($0))) }
    }
    let between = slopes(2 * power).enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    return slopes(power) + between.prefix(heads - power)
  }
}

extension Device {
  /// Cosines and sines of all positions below `positions`, regime after regime.
  ///
  /// The angle is the f32 product of position and f32 frequency, as in `transformers`: models are trained with that
  /// rounding, and at position 10,000 it is already visible.
  func makeRotaryTable(
    _ rotary: RotaryDescription, headWidth: Int, pairing: RotaryPairing, regimes: [Int], positions: Int
  ) -> RotaryTable {
    let angles = regimes.flatMap { regime in
      let frequencies = rotary.frequencies(regime: regime)
      return (0..<positions).flatMap { position in frequencies.map { Double(Float(position) * $0) } }
    }
    let cosines = makeTensor(rows: regimes.count * positions, columns: rotary.rotatedWidth / 2)
    let sines = makeTensor(rows: regimes.count * positions, columns: rotary.rotatedWidth / 2)
    upload(angles.map { Float(cos($0) * rotary.amplitude) }, to: cosines)
    upload(angles.map { Float(sin($0) * rotary.amplitude) }, to: sines)
    return RotaryTable(cosines: cosines, sines: sines, headWidth: headWidth, pairing: pairing)
  }

  /// `[positions, D]`: sines, then cosines, of positions over wavelengths from 2π to 10,000·2π, as in fairseq's models
  /// (after arXiv 1706.03762, whose order is another).
  func makeSinusoids(positions: Int, width: Int) -> Tensor {
    let half = width / 2
    let step = log(10_000.0) / Double(half - 1)
    let table = makeTensor(rows: positions, columns: width)
    let values = (0..<positions).flatMap { position -> [Float] in
      let angles = (0..<half).map { Double(Float(position) * Float(exp(-Double($0) * step))) }
      return angles.map { Float(sin($0)) } + angles.map { Float(cos($0)) } + (width % 2 == 1 ? [0] : [])
    }
    upload(values, to: table)
    return table
  }
}

extension Float {
  /// The nearest number with the upper 16 bits only, ties to even.
  fileprivate var roundedToBFloat16: Float {
    let bits = bitPattern
    return Float(bitPattern: (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff_0000)
  }
}
