import Checkpoints
import Decoders
import ELOTrain
import LayerProbe

/// Short trials of several sets of layers within some minutes: ELO's own question (arXiv 2601.03648), asked by successive
/// halving.
///
/// The first round tries all sets, each further one the better half by the aligned model's loss on the target's held-out
/// documents; the first set, which the others are compared with, stays to the end. Rounds share what is left of the time
/// equally. How many steps fit follows from the speed so far, so the tokens depend on the machine; given their numbers, the
/// seed and the threads fix every bit.
public struct TrialSeries {
  private let trainer: Trainer
  private let options: TrialOptions

  /// What is being done and how much of the time has passed.
  public struct Progress: Sendable {
    /// Such as `round 1, layers 0, 29`.
    public let label: String
    /// The share of the minutes that has passed, 0 to 1.
    public let share: Double
  }

  /// Trials on a checkpoint.
  public init(_ checkpoint: Checkpoint, device: any Device, texts: TrialTexts, options: TrialOptions) {
    trainer = Trainer(checkpoint: checkpoint, device: device, texts: texts, options: options)
    self.options = options
  }

  /// Tries the sets; where time is short, the last ones are given up.
  /// - Parameters:
  ///   - candidates: from `TrialCandidates`, without rounds.
  ///   - progress: called between steps; returning false stops.
  /// - Throws: `TrialError.tooLittleTime`; `TrainingError`, `.interrupted` among them; `DecoderError`, `CorpusError`.
  public func run(
    _ candidates: [TrialResults.Candidate], progress: (Progress) -> Bool = { _ in true }
  ) throws -> TrialResults {
    precondition(!candidates.isEmpty && candidates.allSatisfy(\.rounds.isEmpty), "candidates that were tried before")
    let start = ContinuousClock.now
    func seconds() -> Double { (ContinuousClock.now - start) / .seconds(1) }
    let budget = options.minutes * 60
    func goesOn(_ label: String) -> Bool { progress(.init(label: label, share: min(1, seconds() / budget))) }

    let whole = try Decoder(trainer.checkpoint, device: trainer.device)
    let costs = TrialCosts(whole, heldOutTokens: trainer.texts.heldOutTokens, options: options)
    let base = try trainer.losses(of: whole)
    // Training reaches about as many operations a second as scoring, less what the optimiser takes.
    var rate = 0.8 * costs.forward * Double(trainer.texts.heldOutTokens) / seconds()
    let bridges = try trainer.bridges(candidates.map(\.layers), whole) { goesOn("bridges") }

    let limit = costs.affordable(candidates.map(\.layers), within: rate * (budget - seconds()))
    guard limit > 1 else {
      let least = candidates.prefix(2).reduce(0) { $0 + costs.trial($1.layers, steps: 1) } / rate
      throw TrialError.tooLittleTime(minutes: options.minutes, needed: (seconds() + least) / 60)
    }
    var (settings, tried) = (settings, Array(candidates.prefix(limit)))
    var running = Array(tried.indices)
    let rounds = min(options.rounds, Self.mostRounds(of: running.count))
    for round in 0..<rounds {
      let share = (budget - seconds()) / Double(rounds - round)
      let fitting = costs.steps(running.map { tried[$0].layers }, within: rate * share)
      // What the first round may not afford by its share, it may by the whole.
      guard fitting > 0 || round == 0 else { break }
      let steps = max(1, fitting)
      let began = seconds()
      var found: [TrialResults.Round] = []
      for place in running {
        let layers = tried[place].layers
        let label = "round \(round + 1), layers \(layers.map(String.init).joined(separator: ", "))"
        found.append(try trainer.round(layers, bridges: bridges[place], steps: steps) { goesOn(label) })
      }
      for (place, found) in zip(running, found) { tried[place].rounds.append(found) }
      rate = running.reduce(0) { $0 + costs.trial(tried[$1].layers, steps: steps) } / (seconds() - began)
      settings.note(steps: steps, options)
      running = Self.survivors(running, tried)
    }
    return TrialResults(settings: settings, base: base, candidates: tried, seconds: seconds())
  }

  /// Settings before any round.
  private var settings: TrialResults.Settings {
    .init(
      minutes: options.minutes, detachedTokens: [], alignmentTokens: [], learningRate: options.learningRate,
      alignmentLearningRate: options.alignmentLearningRate, sourceShare: options.sourceShare,
      detachedStepTokens: options.detachedRows * options.sequenceLength,
      alignmentStepTokens: options.alignmentRows * options.sequenceLength, bridgeTokens: options.bridgeTokens,
      seed: options.seed)
  }

  /// Rounds until two sets are left.
  package static func mostRounds(of sets: Int) -> Int {
    var (left, rounds) = (sets, 1)
    while left > 2 {
      left = (left + 1) / 2
      rounds += 1
    }
    return rounds
  }

  /// The better half by the last round, at least two; the first set stays.
  package static func survivors(_ running: [Int], _ candidates: [TrialResults.Candidate]) -> [Int] {
    func loss(_ place: Int) -> Double { candidates[place].rounds.last!.aligned.targetMean }
    let ranked = running.sorted { (loss($0), $0) < (loss($1), $1) }
    let best = ranked.prefix(max(2, (running.count + 1) / 2))
    return Set(best).union([running[0]]).sorted()
  }
}

extension TrialResults.Settings {
  fileprivate mutating func note(steps: Int, _ options: TrialOptions) {
    detachedTokens.append(steps * detachedStepTokens)
    alignmentTokens.append(options.alignmentSteps(detachedSteps: steps) * alignmentStepTokens)
  }
}
