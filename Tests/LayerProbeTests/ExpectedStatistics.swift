import Foundation
import TestSupport

/// What SciPy and numpy computed, see Fixtures/probe-statistics/generate.py.
struct ExpectedStatistics: Decodable {
  let spearman: [Spearman]
  let concordance: [Concordance]
  let jackknife: Jackknife
  let bootstrap: Bootstrap
  let meanDraws: MeanDraws
  let signFlips: SignFlips
  let correlationInterval: [CorrelationInterval]

  struct Spearman: Decodable {
    let first: [Double]
    let second: [Double]
    let correlation: Double
  }

  struct Concordance: Decodable {
    let scores: [[Double]]
    let chiSquared: Double
    let p: Double
    let w: Double
  }

  struct Jackknife: Decodable {
    let estimate: Double
    let leavingOut: [Double]
    let standardError: Double
    let mean: Double
    let leavingOutMean: [Double]
    let standardErrorOfMean: Double
    let intervalOfMean: [Double]
  }

  struct Bootstrap: Decodable {
    let data: [[Double]]
    let counts: [[Double]]
    let intervals: [[Double]]
  }

  struct MeanDraws: Decodable {
    let data: [Double]
    let standardError: Double
    let interval: [Double]
  }

  struct SignFlips: Decodable {
    let differences: [[Double]]
    let p: [Double]
  }

  struct CorrelationInterval: Decodable {
    let r: Double
    let n: Int
    let interval: [Double]
  }

  static func load() throws -> ExpectedStatistics {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      ExpectedStatistics.self, from: Data(contentsOf: fixture("probe-statistics/expected.json")))
  }
}

/// Whether two numbers are the same up to rounding.
func isNear(_ found: Double, _ expected: Double, _ tolerance: Double = 1e-12) -> Bool {
  abs(found - expected) <= tolerance * max(1, abs(expected))
}
