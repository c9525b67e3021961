import Corpora
import Testing

@Suite struct SplitMix64Tests {
  @Test func `The sequence is that of the published generator`() {
    // The first outputs for the seed 1234567 of the reference implementation in C (prng.di.unimi.it/splitmix64.c).
    var generator = SplitMix64(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
      16_408_922_859_458_223_821,
    ]
    #expect(expected.map { _ in generator.next() } == expected)
  }

  @Test func `Bounded numbers are evenly spread`() {
    var generator = SplitMix64(seed: 42)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[generator.below(7)] += 1 }
    // Five standard deviations of a count.
    #expect(counts.allSatisfy { abs($0 - 10_000) < 465 }, "seed 42: \(counts)")
  }
}
