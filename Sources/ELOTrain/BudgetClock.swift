/// How much of a budget is spent.
struct BudgetClock {
  private let options: TrainingOptions
  private var started = ContinuousClock.now
  private var pause = Duration.zero
  private let earlierSeconds: Double
  private let arithmetic: Arithmetic?
  private var stepsDone: Int
  private var recentSeconds: [Double] = []

  /// A clock of a run of which some steps were taken earlier, in another process.
  init(_ options: TrainingOptions, stepsDone: Int, earlierSeconds: Double, arithmetic: Arithmetic?) {
    self.options = options
    self.stepsDone = stepsDone
    self.earlierSeconds = earlierSeconds
    self.arithmetic = arithmetic
  }

  mutating func start() { started = ContinuousClock.now }

  mutating func finishStep(seconds: Double) {
    stepsDone += 1
    recentSeconds = recentSeconds.suffix(9) + [seconds]
  }

  /// Time that does not count.
  mutating func paused<Result>(_ body: () throws -> Result) rethrows -> Result {
    let begin = ContinuousClock.now
    defer { pause += ContinuousClock.now - begin }
    return try body()
  }

  /// Seconds that count, those of earlier processes included.
  var elapsed: Double { earlierSeconds + (ContinuousClock.now - started - pause).seconds }

  var fraction: Double {
    if let planned = options.plannedSteps { return Double(stepsDone) / Double(planned) }
    guard case .minutes(let minutes) = options.budget, stepsDone > 0 else { return 0 }
    return min(1, elapsed / (minutes * 60))
  }

  var isSpent: Bool { stepsDone > 0 && fraction >= 1 }

  /// Steps in all; of a budget in time, as many as the steps so far let expect.
  var totalSteps: Double {
    if let planned = options.plannedSteps { return Double(planned) }
    return fraction > 0 ? Double(stepsDone) / fraction : .infinity
  }

  func progress(_ record: StepRecord) -> TrainingProgress {
    let perStep = recentSeconds.isEmpty ? 0 : recentSeconds.reduce(0, +) / Double(recentSeconds.count)
    let left: Double =
      if let planned = options.plannedSteps {
        Double(planned - stepsDone) * perStep
      } else if case .minutes(let minutes) = options.budget {
        max(0, minutes * 60 - elapsed)
      } else {
        0
      }
    return TrainingProgress(
      record: record, fraction: fraction,
      tokensPerSecond: perStep > 0 ? Double(options.tokensPerStep) / perStep : 0, secondsLeft: left,
      arithmetic: arithmetic)
  }
}

extension Duration {
  /// Seconds, with fractions.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
