import Corpora
import Foundation
import Testing

import ELOTrain

@Suite struct DocumentIntervalTests {
  @Test func quantilesAreThoseOfTables() {
    for (degrees, quantile) in [(4.0, 2.7764), (5, 2.5706), (10, 2.2281), (30, 2.0423), (150, 1.9759)] {
      #expect(abs(DocumentInterval.studentsT(degrees: degrees) / quantile - 1) < 4e-4)
    }
  }

  @Test func ofEquallyLongDocumentsTheIntervalIsThatOfAMean() throws {
    // The jackknife of a mean has the closed form s / √n.
    let nlls = [3.0, 4, 7, 5, 9, 2]
    let score = score(nlls.map { ($0, 10) })
    let mean = nlls.reduce(0, +) / 6
    let deviation = (nlls.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 5).squareRoot()
    let reach = 2.5706 * deviation / 6.0.squareRoot() / (10 * log(2))
    let interval = try #require(score.interval)
    #expect(abs(interval.reach / reach - 1) < 4e-4)
    #expect(abs(interval.low + interval.high - 2 * score.bitsPerByte) < 1e-12)
  }

  @Test func fewDocumentsHaveNone() {
    #expect(score([(3, 10), (4, 10), (5, 10), (6, 10)]).interval == nil)
  }

  @Test func theIntervalHoldsTheTruthNineteenTimesInTwenty() {
    // Documents of 20 to 219 bytes and 0.5 to 1.5 nats a byte: the truth is 1 nat. 2,000 sets of 12 documents; the
    // share's own standard error is 0.5 %.
    var random = SplitMix64(seed: 5)
    let hits = (0..<2000).count { _ in
      let documents = (0..<12).map { _ in
        let bytes = 20 + Int(Double.random(in: 0..<1, using: &random) * 200)
        return ((0.5 + Double.random(in: 0..<1, using: &random)) * Double(bytes), bytes)
      }
      let interval = score(documents).interval!
      return interval.low < 1 / log(2) && 1 / log(2) < interval.high
    }
    #expect((0.925...0.965).contains(Double(hits) / 2000), "\(hits) of 2000")
  }

  @Test func pairsTakeOutWhatMakesDocumentsHard() throws {
    let before = (1...20).map { (Double($0 * $0), 10 * $0) }
    let first = score(before)
    // Every document 0.1 nats a byte easier: the difference is certain although the scores are not.
    let second = score(before.map { ($0.0 - 0.1 * Double($0.1), $0.1) })
    let change = try #require(first.change(to: second))
    #expect(abs(change.difference + 0.1 / log(2)) < 1e-12)
    #expect(try #require(change.interval).reach < 1e-9)
    #expect(try #require(first.interval).reach > 0.1)
    #expect(first.change(to: score(Array(before.dropLast()))) == nil)
  }

  private func score(_ documents: [(nll: Double, bytes: Int)]) -> TextScore {
    TextScore(
      name: "text", tokens: 100, perDocument: documents.map { TextScore.DocumentScore(nll: $0.nll, bytes: $0.bytes) })
  }
}
