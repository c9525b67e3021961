import LayerProbe
import TestSupport
import Testing

@Suite struct BootstrapTests {
  @Test func `studentised intervals equal those of numpy from the same draws`() throws {
    let expected = try ExpectedStatistics.load().bootstrap
    let found = Bootstrap(seed: 1).intervals(of: expected.data, DocumentDraws(counts: expected.counts))
    for (found, expected) in zip(found, expected.intervals) {
      #expect(isNear(found.lowerBound, expected[0]) && isNear(found.upperBound, expected[1]))
    }
  }

  @Test func `draws of means spread as those of SciPy's bootstrap`() throws {
    let expected = try ExpectedStatistics.load().meanDraws
    let draws = try DocumentDraws(documents: expected.data.count, draws: 40_000, seed: 2)
    let means = draws.means(of: expected.data.map { [$0] }).map { $0[0] }
    let mean = means.reduce(0, +) / 40_000
    let deviation = (means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 39_999).squareRoot()
    let (low, high) = Bootstrap(seed: 1).interval(ofDraws: means)
    #expect(isNear(deviation, expected.standardError, 0.01))
    // Of 40,000 and of 200,000 draws: the ends differ by some hundredths of a standard error.
    #expect(abs(low - expected.interval[0]) < 0.05 * expected.standardError)
    #expect(abs(high - expected.interval[1]) < 0.05 * expected.standardError)
  }

  @Test(arguments: [(documents: 16, skewed: false), (16, true), (40, true)])
  func `intervals hold the true mean about as often as they say`(documents: Int, skewed: Bool) throws {
    var numbers = SeededNumbers(seed: 31)
    let simulations = 400
    var held = 0
    for simulation in 0..<simulations {
      // Squares of normal numbers have the mean 1 and a skewness of 2.8.
      let values = (0..<documents).map { _ in
        let normal = Double(numbers.normal(1))
        return [skewed ? normal * normal : normal]
      }
      let interval = try Bootstrap(resamples: 500, seed: UInt64(simulation)).intervals(of: values)[0]
      held += interval.contains(skewed ? 1 : 0) ? 1 : 0
    }
    // 95 % of 400 are 380, with a standard error of 4.4.
    #expect((skewed ? 355 : 367)...393 ~= held, "\(held) of \(simulations)")
  }

  @Test func `an interval of equal documents has no width`() throws {
    let documents = Array(repeating: [0.25, 4], count: 7)
    #expect(try Bootstrap(resamples: 50, seed: 1).intervals(of: documents) == [0.25...0.25, 4...4])
    #expect(try Bootstrap(resamples: 50, seed: 1).topShares(of: documents, count: 1) == [0, 1])
  }

  @Test func `a score that one document alone departs from has a finite interval around its mean`() throws {
    let documents = (0..<50).map { [$0 == 5 ? 0.0 : 0.1] }
    let interval = try Bootstrap(seed: 1).intervals(of: documents)[0]
    #expect(isNear(interval.upperBound, 0.1))
    #expect((0.09...0.098).contains(interval.lowerBound))
  }

  @Test func `draws of documents that are all as the mean count as no deviation`() throws {
    let documents = Array(repeating: [0.0], count: 40) + [[-1], [1]]
    // One in seven draws has neither of the last two.
    let draws = try DocumentDraws(documents: documents.count, draws: 2000, seed: 1)
    let interval = Bootstrap(seed: 1).intervals(of: documents, draws)[0]
    let reversed = Bootstrap(seed: 1).intervals(of: documents, DocumentDraws(counts: draws.counts.reversed()))[0]
    #expect(interval == reversed)
    #expect(interval.lowerBound < 0 && interval.upperBound > 0)
  }

  @Test func `a wider confidence gives a wider interval`() throws {
    let documents = (0..<30).map { [Double($0 * $0 % 17)] }
    let narrow = try Bootstrap(confidence: 0.5, seed: 4).intervals(of: documents)[0]
    let wide = try Bootstrap(confidence: 0.99, seed: 4).intervals(of: documents)[0]
    #expect(wide.lowerBound < narrow.lowerBound && narrow.upperBound < wide.upperBound)
  }

  @Test func `a seed fixes every bit, another seed gives other draws`() throws {
    let documents = (0..<20).map { [Double($0 * 7 % 11), Double($0 * 5 % 13)] }
    let first = try Bootstrap(resamples: 300, seed: 5).intervals(of: documents)
    #expect(try Bootstrap(resamples: 300, seed: 5).intervals(of: documents) == first)
    #expect(try Bootstrap(resamples: 300, seed: 6).intervals(of: documents) != first)
  }

  @Test func `layers are drawn together, so the share of the top adds up to its size`() throws {
    let documents = (0..<12).map { index in (0..<5).map { Double(index * 31 % (7 + $0)) } }
    let shares = try Bootstrap(resamples: 200, seed: 7).topShares(of: documents, count: 2)
    #expect(abs(shares.reduce(0, +) - 2) < 1e-12)
  }

  @Test func `a layer that is highest in every document is always among the highest`() throws {
    var numbers = SeededNumbers(seed: 8)
    let documents = (0..<10).map { _ in (0..<4).map { $0 == 2 ? 50 : Double(numbers.normal(1)) } }
    #expect(try Bootstrap(seed: 9).topShares(of: documents, count: 1) == [0, 0, 1, 0])
  }

  @Test func `jackknife errors and intervals equal Tukey's formula and SciPy's Student interval`() throws {
    let expected = try ExpectedStatistics.load().jackknife
    let errors = Jackknife().standardErrors(zip(expected.leavingOut, expected.leavingOutMean).map { [$0, $1] })
    #expect(isNear(errors[0], expected.standardError))
    #expect(isNear(errors[1], expected.standardErrorOfMean))
    let interval = Jackknife().intervals(of: [expected.mean], leavingOut: expected.leavingOutMean.map { [$0] })[0]
    #expect(isNear(interval.lowerBound, expected.intervalOfMean[0]))
    #expect(isNear(interval.upperBound, expected.intervalOfMean[1]))
  }
}
