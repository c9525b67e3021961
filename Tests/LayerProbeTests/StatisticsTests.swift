import LayerProbe
import TestSupport
import Testing

@Suite struct StatisticsTests {
  @Test func `rank correlations equal those of numpy, ties included`() throws {
    for reference in try Expected.load().rankCorrelation {
      let found = try #require(rankCorrelation(reference.first, reference.second))
      #expect(abs(found - reference.correlation) < 1e-12)
    }
  }

  @Test func `rank correlations equal those of SciPy, ties included`() throws {
    for reference in try ExpectedStatistics.load().spearman {
      #expect(isNear(try #require(rankCorrelation(reference.first, reference.second)), reference.correlation))
    }
  }

  @Test func `intervals of rank correlations follow Fieller's formula`() throws {
    for reference in try ExpectedStatistics.load().correlationInterval {
      let found = try #require(rankCorrelationInterval(reference.r, count: reference.n))
      #expect(isNear(found.lowerBound, reference.interval[0]) && isNear(found.upperBound, reference.interval[1]))
    }
    #expect(rankCorrelationInterval(0.5, count: 3) == nil)
    #expect(rankCorrelationInterval(1, count: 9)?.upperBound == 1)
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

  @Test func `Kendall's W and its p-value equal SciPy's Friedman test, ties included`() throws {
    for reference in try ExpectedStatistics.load().concordance {
      let found = try #require(Concordance(of: reference.scores))
      #expect(isNear(found.w, reference.w) && isNear(found.chiSquared, reference.chiSquared))
      #expect(isNear(found.pValue, reference.p))
    }
  }

  @Test func `criteria of one order have W = 1, and one criterion or equal scores have none`() throws {
    let found = try #require(Concordance(of: [[1, 2, 3, 9], [10, 20, 30, 31], [-4, -3, 0, 1]]))
    #expect(found.w == 1 && found.pValue < 0.05)
    #expect(Concordance(of: [[1, 2, 3]]) == nil)
    #expect(Concordance(of: [[1], [2]]) == nil)
    #expect(Concordance(of: [[5, 5], [3, 3]]) == nil)
  }

  @Test func `p-values of W are uniform for unrelated criteria`() throws {
    var numbers = SeededNumbers(seed: 21)
    let p = try (0..<600).map { _ in
      try #require(Concordance(of: (0..<5).map { _ in (0..<30).map { _ in Double(numbers.normal(1)) } })).pValue
    }
    for level in [0.05, 0.25, 0.5, 0.75] {
      let share = Double(p.count { $0 <= level }) / 600
      // The law is an approximation for few criteria; this is 2.6 standard errors and a hundredth.
      #expect(abs(share - level) < 2.6 * (level * (1 - level) / 600).squareRoot() + 0.01, "\(share) at \(level)")
    }
  }

  @Test func `equal values share the mean of their ranks`() {
    #expect(meanRanks([3, 1, 3, 0, 3]) == [4, 2, 4, 1, 4])
    #expect(meanRanks([]) == [])
  }

  @Test func `the Jaccard index counts what both sets have`() {
    #expect(jaccardIndex([1, 2], [2, 1]) == 1)
    #expect(jaccardIndex([1, 2], [2, 3]) == 1.0 / 3)
    #expect(jaccardIndex([1], [2]) == 0)
  }

  @Test func `halves of a text agree on what all documents say, and not on chance`() throws {
    var numbers = SeededNumbers(seed: 22)
    let clear = (0..<20).map { _ in (0..<12).map { Double($0 * 3) + Double(numbers.normal(1)) } }
    let chance = (0..<20).map { _ in (0..<12).map { _ in Double(numbers.normal(1)) } }
    let found = try #require(try TextSensitivity(of: clear, topCount: 3, seed: 1))
    #expect(found.documents == 10)
    #expect(found.jaccards == Array(repeating: 1, count: 20))
    #expect(try #require(found.meanCorrelation) > 0.99)
    let noise = try #require(try TextSensitivity(of: chance, topCount: 3, seed: 1))
    #expect(noise.meanJaccard < 0.4)
    #expect(abs(try #require(noise.meanCorrelation)) < 0.4)
    #expect(try TextSensitivity(of: chance, topCount: 3, seed: 1) == noise)
    #expect(try TextSensitivity(of: chance, topCount: 3, seed: 500) != noise)
    #expect(try TextSensitivity(of: Array(clear.prefix(3)), topCount: 3, seed: 1) == nil)
  }
}
