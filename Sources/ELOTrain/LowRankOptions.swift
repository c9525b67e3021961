import Corpora
import Decoders

/// Training of low-rank changes instead of matrices (LoRA, arXiv 2106.09685).
public struct LowRankOptions: Sendable, Hashable {
  /// Rank r of each change.
  public var rank = 64
  /// A change is multiplied by this over the rank.
  public var alpha = 128.0
  /// Which matrices of the layers: ends of their modules' names such as `q_proj`; all when empty.
  public var targets: [String] = []

  /// All matrices of the layers, rank 64, alpha 128: docs/method.md says what other ranks gave.
  public init() {}

  /// The matrices of some layers that get an adapter.
  /// - Parameter layers: indices of the layers.
  /// - Throws: `TrainingError.noSuchTarget` when a target is in none of the layers, `.partOfTensor`, `.rankTooLarge`.
  func matrices(of decoder: Decoders.Decoder, layers: [Int]) throws(TrainingError) -> [Parameter] {
    let matrices = layers.flatMap(decoder.adaptableMatrices)
    for target in targets {
      guard matrices.contains(where: { Self.matches(decoder.moduleName($0), target) }) else {
        throw .noSuchTarget(target, known: Self.ends(of: matrices, decoder))
      }
    }
    func isTarget(_ matrix: Parameter) -> Bool {
      targets.isEmpty || targets.contains { Self.matches(decoder.moduleName(matrix), $0) }
    }
    for group in layers.flatMap(decoder.jointlyAdapted) {
      guard let adapted = group.first(where: isTarget), let left = group.first(where: { !isTarget($0) }) else {
        continue
      }
      throw .partOfTensor(adapted: decoder.moduleName(adapted), left: decoder.moduleName(left))
    }
    let chosen = matrices.filter(isTarget)
    for matrix in chosen {
      let (inputs, outputs) = decoder.adapterWidths(matrix)
      guard rank <= min(inputs, outputs) else {
        throw .rankTooLarge(rank, matrix: matrix.name, limit: min(inputs, outputs))
      }
    }
    return chosen
  }

  /// Puts an adapter on each of some matrices: A uniform within ±1/√I as in PEFT, B zero.
  /// - Parameter seed: fixes A.
  func adapt(_ matrices: [Parameter], of decoder: Decoders.Decoder, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for matrix in matrices {
      let inputs = decoder.adapterWidths(matrix).inputs
      let bound = 1 / Float(inputs).squareRoot()
      let a = (0..<rank * inputs).map { _ in Float.random(in: -bound..<bound, using: &generator) }
      decoder.adapt(matrix, rank: rank, a: a, scale: Float(alpha / Double(rank)))
    }
  }

  /// As PEFT has it: the whole name, or its end behind a dot.
  static func matches(_ module: String, _ target: String) -> Bool {
    module == target || module.hasSuffix("." + target)
  }

  /// The last parts of matrices' names, each once.
  static func ends(of matrices: [Parameter], _ decoder: Decoders.Decoder) -> [String] {
    var ends: [String] = []
    for matrix in matrices {
      let end = String(decoder.moduleName(matrix).split(separator: ".").last!)
      if !ends.contains(end) { ends.append(end) }
    }
    return ends
  }
}
