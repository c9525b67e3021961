import Corpora
import Decoders
import Foundation

/// Chooses the words of the vocabulary that a step scores when it does not score all.
///
/// A word is in a step's sample with the chance `min(1, c p)`: p the mean probability that the untrained model gives it on
/// the first rows of the run's texts, one hundredth of it spread evenly over all words, and c such that as many words as
/// asked for are expected. The targets of the step are always in. On German text words by their mean probability leave a
/// third of the error that as many by their frequency in the text leave.
public struct HeadSampling: Sendable {
  /// Tokens whose mean probabilities are taken.
  static let surveyedTokens = 4_096
  private static let evenShare = 0.01

  /// Each word's chance.
  public let chances: [Double]

  /// - Parameters:
  ///   - probabilities: each word's mean probability, at least two words.
  ///   - count: the words expected in a sample besides targets.
  public init(probabilities: [Float], count: Int) {
    let sum = probabilities.reduce(0) { $0 + Double($1) }
    let even = Self.evenShare / Double(probabilities.count)
    let scores = probabilities.map { (1 - Self.evenShare) * Double($0) / sum + even }
    // The most probable words become certain until what is left of `count` can be shared out among the others.
    let descending = scores.sorted(by: >)
    var (certain, rest) = (0, 1.0)
    while certain < count, descending[certain] * Double(count - certain) >= rest {
      rest -= descending[certain]
      certain += 1
    }
    let factor = certain < count ? Double(count - certain) / rest : 1 / descending[count - 1]
    chances = scores.map { min(1, factor * $0) }
  }

  /// Surveys the model as it is on the first rows of a mixture, which the caller keeps at its place.
  /// - Throws: `CorpusError`.
  init(_ decoder: Decoders.Decoder, _ mixture: Mixture, options: TrainingOptions, count: Int) throws {
    var mixture = mixture
    var sums = [Float](repeating: 0, count: decoder.configuration.vocabularySize)
    for _ in 0..<max(1, Self.surveyedTokens / options.sequenceLength) {
      let row = try mixture.nextBatch(rows: 1)
      let batch = TokenBatch(
        ids: row.ids, targets: row.targets, positions: row.positions, spans: row.spans, device: decoder.device)
      for (word, probability) in decoder.summedProbabilities(batch).enumerated() { sums[word] += probability }
    }
    self.init(probabilities: sums, count: count)
  }

  /// The words for a part of a step, the same whenever a seed is given.
  public func words(targets: [Int32], seed: UInt64) -> HeadWords {
    // Seeds of one generator's sequence for the next: neighbouring seeds would give the same draws, moved by one.
    var seeds = SplitMix64(seed: seed)
    var generator = SplitMix64(seed: seeds.next())
    var isTarget = [Bool](repeating: false, count: chances.count)
    for target in targets where target >= 0 { isTarget[Int(target)] = true }
    var ids: [Int32] = []
    var logWeights: [Float] = []
    var places = [Int32](repeating: -1, count: chances.count)
    for (word, chance) in chances.enumerated() {
      // A draw for every word, so that targets change nothing for the others.
      let draw = Double(generator.next() >> 11) * 0x1p-53
      guard isTarget[word] || draw < chance else { continue }
      places[word] = Int32(ids.count)
      ids.append(Int32(word))
      logWeights.append(isTarget[word] || chance == 1 ? 0 : Float(-log(chance)))
    }
    return HeadWords(ids: ids, logWeights: logWeights, targets: targets.map { $0 < 0 ? -1 : places[Int($0)] })
  }
}
