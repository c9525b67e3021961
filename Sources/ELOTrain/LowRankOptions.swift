import Corpora
import Decoders

/// Training of low-rank changes instead of matrices (LoRA, arXiv 2106.09685).
public struct LowRankOptions: Sendable, Hashable {
  /// Rank r of each change.
  public var rank = 16
  /// A change is multiplied by this over the rank.
  public var alpha = 32.0
  /// Which matrices of the layers: ends of their modules' names such as `q_proj`; all when empty.
  public var targets: [String] = []

  /// All matrices of the layers, rank 16, alpha 32.
  public init() {}

  /// Puts an adapter on matrices of some layers: A uniform within ±1/√I as in PEFT, B zero.
  /// - Parameters:
  ///   - layers: indices of the layers.
  ///   - seed: fixes A.
  /// - Throws: `TrainingError.noSuchTarget` when a target is in none of the layers, `.partOfTensor`, `.rankTooLarge`.
  func adapt(_ decoder: Decoders.Decoder, layers: [Int], seed: UInt64) throws(TrainingError) {
    var generator = SplitMix64(seed: seed)
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
    for matrix in matrices where isTarget(matrix) {
      let (inputs, outputs) = decoder.adapterWidths(matrix)
      guard rank <= min(inputs, outputs) else {
        throw .rankTooLarge(rank, matrix: matrix.name, limit: min(inputs, outputs))
      }
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
