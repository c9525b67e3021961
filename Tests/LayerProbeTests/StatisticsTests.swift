import LayerProbe
import Testing

@Suite struct StatisticsTests {
  @Test func `rank correlations equal those of numpy, ties included`() throws {
    for reference in try Expected.load().rankCorrelation {
      let found = try #require(rankCorrelation(reference.first, reference.second))
      #expect(abs(found - reference.correlation) < 1e-12)
    }
  }

  @Test func `rank correlation sees order only`() throws {
    let rising = try #require(rankCorrelation([1, 2, 3, 4], [10, 100, 1000, 1e9]))
    let falling = try #require(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1]))
    #expect(abs(rising - 1) < 1e-12 && abs(falling + 1) < 1e-12)
  }

  @Test func `rank correlation is undefined for one layer and for equal scores`() {
    #expect(rankCorrelation([1], [2]) == nil)
    #expect(rankCorrelation([1, 2, 3], [5, 5, 5]) == nil)
  }

  @Test func `an interval of equal documents has no width`() throws {
    let result = try Bootstrap(resamples: 50, seed: 1).intervals(
      of: Array(repeating: [0.25, 4], count: 7), topCount: 1)
    #expect(result.intervals == [0.25...0.25, 4...4])
    #expect(result.topShares == [0, 1])
  }

  @Test func `intervals follow the normal law when documents are many`() throws {
    // 400 documents of scores 0 and 1 in equal parts: a standard error of 1/40, and 1.96 of them on either side.
    let documents = (0..<400).map { [Double($0 % 2)] }
    let interval = try Bootstrap(resamples: 4000, seed: 3).intervals(of: documents, topCount: 1).intervals[0]
    #expect(abs(interval.lowerBound - (0.5 - 1.96 / 40)) < 0.005)
    #expect(abs(interval.upperBound - (0.5 + 1.96 / 40)) < 0.005)
  }

  @Test func `a wider confidence gives a wider interval`() throws {
    let documents = (0..<30).map { [Double($0 * $0 % 17)] }
    let narrow = try Bootstrap(confidence: 0.5, seed: 4).intervals(of: documents, topCount: 1).intervals[0]
    let wide = try Bootstrap(confidence: 0.99, seed: 4).intervals(of: documents, topCount: 1).intervals[0]
    #expect(wide.lowerBound < narrow.lowerBound && narrow.upperBound < wide.upperBound)
  }

  @Test func `a seed fixes every bit, another seed gives other draws`() throws {
    let documents = (0..<20).map { [Double($0 * 7 % 11), Double($0 * 5 % 13)] }
    let first = try Bootstrap(resamples: 300, seed: 5).intervals(of: documents, topCount: 1)
    #expect(try Bootstrap(resamples: 300, seed: 5).intervals(of: documents, topCount: 1) == first)
    #expect(try Bootstrap(resamples: 300, seed: 6).intervals(of: documents, topCount: 1) != first)
  }

  @Test func `layers are drawn together, so the share of the top adds up to its size`() throws {
    let documents = (0..<12).map { index in (0..<5).map { Double(index * 31 % (7 + $0)) } }
    let shares = try Bootstrap(resamples: 200, seed: 7).intervals(of: documents, topCount: 2).topShares
    #expect(abs(shares.reduce(0, +) - 2) < 1e-12)
  }
}
