import Decoders
import ELOTrain
import Foundation
import LayerProbe
import LayerTrials
import TestSupport
import Testing

@Suite struct TrialSeriesTests {
  private func candidates(_ sets: [[Int]]) -> [TrialResults.Candidate] {
    sets.enumerated().map { .init(origins: ["set \($0)"], layers: $1, parameters: 1) }
  }

  @Test func `rounds keep the better half and the first set, and tell their tokens`() throws {
    try TinyTrials.with { trials in
      let sets = [[0, 3], [0, 1], [2, 3], [1, 2], [0, 2]]
      let series = try TrialSeries(
        trials.checkpoint, device: trials.device, texts: trials.texts(), options: trials.options(minutes: 0.04))
      var labels: Set<String> = []
      let results = try series.run(candidates(sets)) { progress in
        labels.insert(progress.label)
        #expect((0...1).contains(progress.share))
        return true
      }
      #expect(results.candidates.map(\.layers) == sets)
      let rounds = results.settings.detachedTokens.count
      #expect(rounds >= 1 && results.settings.alignmentTokens.count == rounds)
      #expect(results.candidates.allSatisfy { !$0.rounds.isEmpty } && results.reference.rounds.count == rounds)
      let counts = (1...rounds).map { round in results.candidates.count { $0.rounds.count >= round } }
      #expect(counts[0] == 5 && zip(counts.dropFirst(), counts).allSatisfy { ($1 + 1) / 2...($1 + 1) / 2 + 1 ~= $0 })
      for (detached, aligned) in zip(results.settings.detachedTokens, results.settings.alignmentTokens) {
        #expect(detached % 128 == 0 && aligned % 64 == 0 && abs(Double(aligned) - Double(detached) / 8) <= 64)
      }
      // Those that went on were the better ones.
      for round in 1..<max(rounds, 1) {
        let (on, out) = (
          results.candidates.dropFirst().filter { $0.rounds.count > round },
          results.candidates.dropFirst().filter { $0.rounds.count == round }
        )
        let worstOn = on.map { $0.rounds[round - 1].aligned.targetMean }.max() ?? 0
        #expect(out.allSatisfy { $0.rounds[round - 1].aligned.targetMean >= worstOn })
      }
      #expect(labels.contains("round 1, layers 0, 3") && labels.contains("bridges"))
      #expect(results.base.target.count == 16 && results.base.source.count == 8)
      #expect(results.gain(of: results.reference, \.aligned) > 0, "a random model learns its few words at once")
    }
  }

  @Test func `survivors are the better half, at least two, and the first`() {
    func tried(_ losses: [Double]) -> [TrialResults.Candidate] {
      losses.map { loss in
        let losses = TrialResults.Losses(target: [loss], source: [0])
        return .init(
          origins: [], layers: [], parameters: 0, rounds: [.init(detached: losses, reattached: losses, aligned: losses)]
        )
      }
    }
    #expect(TrialSeries.survivors([0, 1, 2, 3, 4], tried([9, 1, 3, 2, 8])) == [0, 1, 2, 3])
    #expect(TrialSeries.survivors([0, 1, 2, 3], tried([1, 9, 3, 2])) == [0, 3])
    #expect(TrialSeries.survivors([0, 2, 3], tried([5, 0, 1, 2])) == [0, 2, 3])
    #expect([1, 2, 3, 4, 5, 10].map(TrialSeries.mostRounds) == [1, 1, 2, 2, 3, 4])
  }

  @Test func `time that allows no trial says how much would`() throws {
    try TinyTrials.with { trials in
      let series = try TrialSeries(
        trials.checkpoint, device: trials.device, texts: trials.texts(), options: trials.options(minutes: 1e-6))
      let error = try #require(throws: TrialError.self) { try series.run(candidates([[0, 3], [0, 1]])) }
      guard case .tooLittleTime(let minutes, let needed) = error else { return }
      #expect(minutes == 1e-6 && needed > minutes)
      #expect("\(TrialError.tooLittleTime(minutes: 2, needed: 6.31))".contains("give --trial-minutes 7 or more"))
    }
  }

  @Test func `an interruption ends all trials`() throws {
    try TinyTrials.with { trials in
      let series = try TrialSeries(
        trials.checkpoint, device: trials.device, texts: trials.texts(), options: trials.options(minutes: 1))
      #expect(throws: TrainingError.interrupted) { try series.run(candidates([[0, 3], [0, 1]])) { _ in false } }
    }
  }

  @Test func `steps are as many as fit, and sets are given up from the end where one is too many`() throws {
    try TinyTrials.with { trials in
      let decoder = try Decoder(trials.checkpoint, device: trials.device)
      let costs = TrialCosts(decoder, heldOutTokens: 100, options: trials.options(minutes: 1))
      let sets = [[0, 3], [0, 1], [2, 3]]
      for steps in [1, 2, 3, 17, 1000] {
        let needed = sets.reduce(0) { $0 + costs.trial($1, steps: steps) }
        #expect(costs.steps(sets, within: needed) == steps)
        #expect(costs.steps(sets, within: needed * 0.9999) == steps - 1)
      }
      let each = costs.trial([0, 3], steps: 1)
      #expect([0.5, 1.01, 2.5, 100].map { costs.affordable(sets, within: $0 * each) } == [0, 1, 2, 3])
    }
  }
}
