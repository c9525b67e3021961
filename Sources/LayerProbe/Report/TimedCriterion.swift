import Synchronization

/// A criterion that also notes how fast this machine worked on it: what tells how long training will take.
public final class TimedCriterion: LayerCriterion {
  private let criterion: any LayerCriterion
  private let noted = Mutex<Double?>(nil)

  /// A stopwatch on a criterion.
  public init(_ criterion: any LayerCriterion) {
    self.criterion = criterion
  }

  /// Floating-point operations a second, products only; nil before it has measured.
  public var rate: Double? { noted.withLock { $0 } }

  /// The criterion's name.
  public var name: String { criterion.name }

  /// Whether the criterion reads the residual streams that are kept.
  public var readsResiduals: Bool { criterion.readsResiduals }

  /// The criterion's operations.
  public func flops(on input: ProbeInput) -> Double { criterion.flops(on: input) }

  /// Measures every layer, and the time that it takes.
  public func measure(
    _ input: ProbeInput, progress: (Double) throws(ProbeError) -> Void
  ) throws(ProbeError) -> [Score] {
    let start = ContinuousClock.now
    let scores = try criterion.measure(input, progress: progress)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let rate = criterion.flops(on: input) / max(seconds, 1e-9)
    noted.withLock { $0 = rate }
    return scores
  }
}
