import Foundation

/// The learning rate over a run: a linear warm-up, then one of several shapes.
public struct LearningRateSchedule: Sendable, Hashable {
  /// What follows the warm-up.
  public enum Shape: String, Sendable, CaseIterable, Codable {
    /// Half a cosine down to the floor.
    case cosine
    /// A straight line down to the floor.
    case linear
    /// The peak throughout.
    case constant
    /// The peak, then over the last fifth of all steps down to the floor as 1 - √t (warm-up, stable, decay; arXiv
    /// 2405.18392).
    case wsd
  }

  /// The shape.
  public var shape: Shape
  /// The highest rate.
  public var peak: Double
  /// Steps of the warm-up.
  public var warmupSteps: Int
  /// Where the rate ends, as a share of the peak.
  public var floor: Double

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
    let (s, w) = (Double(step), Double(warmupSteps))
    if step <= warmupSteps { return peak * s / w }
    let progress = total > w ? min(1, (s - w) / (total - w)) : 1
    switch shape {
    case .cosine: return peak * (floor + (1 - floor) * (1 + cos(.pi * progress)) / 2)
    case .linear: return peak * (floor + (1 - floor) * (1 - progress))
    case .constant: return peak
    case .wsd:
      let decay = (total / 5).rounded(.up)
      let into = s - (total - decay)
      return into > 0 ? peak * (floor + (1 - floor) * (1 - min(1, into / decay).squareRoot())) : peak
    }
  }
}
