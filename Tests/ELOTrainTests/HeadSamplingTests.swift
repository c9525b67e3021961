import ELOTrain
import Foundation
import Testing

/// Which words a step scores when it does not score all.
@Suite struct HeadSamplingTests {
  /// Few words with nearly all of the probability, as in text.
  private static let probabilities = (0..<1000).map { Float(pow(Double($0 + 1), -1.5)) }

  @Test(arguments: [2, 50, 400, 999])
  func asManyWordsAsAskedForAreExpected(_ count: Int) {
    let sampling = HeadSampling(probabilities: Self.probabilities, count: count)
    #expect(abs(sampling.chances.reduce(0, +) - Double(count)) < 1e-9 * Double(count))
    #expect(sampling.chances.allSatisfy { $0 > 0 && $0 <= 1 })
    #expect(zip(sampling.chances, sampling.chances.dropFirst()).allSatisfy { $0 >= $1 })
  }

  /// The weighted sum over a sample is, on average, the sum over all words; the targets are always there, for themselves.
  @Test func sumsOverSamplesAreRightOnAverage() {
    let sampling = HeadSampling(probabilities: Self.probabilities, count: 60)
    let targets: [Int32] = [3, -1, 998, 3]
    // Not what the chances follow, so that their weights matter.
    let values = (0..<1000).map { 1 + sin(Double($0)) }
    let draws = 4000
    var sums: [Double] = []
    for draw in 0..<draws {
      let words = sampling.words(targets: targets, seed: UInt64(draw))
      #expect(words.targets[1] == -1)
      for (target, place) in zip(targets, words.targets) where target >= 0 {
        #expect(words.ids[Int(place)] == target && words.logWeights[Int(place)] == 0)
      }
      sums.append(zip(words.ids, words.logWeights).reduce(0) { $0 + exp(Double($1.1)) * values[Int($1.0)] })
    }
    let mean = sums.reduce(0, +) / Double(draws)
    let variance = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(draws - 1)
    #expect(abs(mean - values.reduce(0, +)) < 4 * (variance / Double(draws)).squareRoot())
    #expect(variance > 0)
    let again = sampling.words(targets: targets, seed: 5)
    #expect(again.ids == sampling.words(targets: targets, seed: 5).ids)
    #expect(again.ids != sampling.words(targets: targets, seed: 6).ids)
  }
}
