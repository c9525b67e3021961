import Foundation

/// The learning rate over a run: a linear warm-up, then one of several shapes; perhaps several times, one behind the other.
public struct LearningRateSchedule: Sendable, Hashable {
  /// What follows the warm-up.
  public enum Shape: String, Sendable, CaseIterable, Codable {
    /// Half a cosine down to the floor.
    case cosine
    /// A straight line down to the floor.
    case linear
    /// The peak throughout.
    case constant
    /// The peak, then down to the floor as 1 - √t (warm-up, stable, decay; arXiv 2405.18392).
    case wsd
  }

  /// The shape.
  public var shape: Shape
  /// The highest rate.
  public var peak: Double
  /// Steps of the warm-up.
  public var warmupSteps: Int
  /// Where the warm-up begins, as a share of the peak: 0, or for a model whose training ended at a rate of its own
  /// (re-warming, arXiv 2403.08763) that rate's.
  public var start = 0.0
  /// Where the rate ends, as a share of the peak.
  public var floor: Double
  /// Of `wsd` the share of steps in which the rate falls.
  public var decayShare = 0.2
  /// How many times warm-up and shape follow one another, each over as many steps.
  public var cycles = 1

  /// A schedule; the floor is a tenth of the peak unless given.
  public init(shape: Shape = .cosine, peak: Double, warmupSteps: Int, floor: Double = 0.1) {
    self.shape = shape
    self.peak = peak
    self.warmupSteps = warmupSteps
    self.floor = floor
  }

  /// The rate of a step, the first being 1.
  /// - Parameter total: steps in all; an estimate, and then not whole, when the budget is time.
  public func rate(step: Int, total: Double) -> Double {
    let length = total / Double(cycles)
    let cyclesDone = min(Double(cycles - 1), max(0, (Double(step) / length).rounded(.up) - 1))
    // Before a budget in time is known in steps, `total` is infinite.
    return peak * share(at: cyclesDone > 0 ? Double(step) - cyclesDone * length : Double(step), of: length)
  }

  /// The rate's share of the peak at a step of one cycle, steps counting from 1.
  private func share(at s: Double, of length: Double) -> Double {
    let w = Double(warmupSteps)
    if s <= w { return start + (1 - start) * s / w }
    let progress = length > w ? min(1, (s - w) / (length - w)) : 1
    switch shape {
    case .cosine: return floor + (1 - floor) * (1 + cos(.pi * progress)) / 2
    case .linear: return floor + (1 - floor) * (1 - progress)
    case .constant: return 1
    case .wsd:
      let decay = (length * decayShare).rounded(.up)
      let into = s - (length - decay)
      return into > 0 ? floor + (1 - floor) * (1 - min(1, into / decay).squareRoot()) : 1
    }
  }
}
