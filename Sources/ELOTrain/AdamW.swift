import Decoders

/// AdamW (Loshchilov and Hutter, arXiv 1711.05101) over a decoder's trained weights, with clipping by the global norm.
///
/// Moments are f32. Decay is decoupled and applies to matrices only, not to norms and biases.
public final class AdamW {
  /// The settings that do not change from step to step.
  public struct Options: Sendable, Hashable {
    /// Decay rate of the first moment.
    public var beta1 = 0.9
    /// Decay rate of the second moment.
    public var beta2 = 0.95
    /// Added to the root of the second moment.
    public var epsilon = 1e-8
    /// Decoupled weight decay, multiplied by the learning rate.
    public var weightDecay = 0.1
    /// Gradients with a larger global norm are scaled down to it; infinite for no clipping.
    public var clip = 1.0

    /// The defaults of most language-model training: betas 0.9 and 0.95, decay 0.1, clip 1.
    public init() {}
  }

  /// One weight and its moments.
  private struct Slot {
    let parameter: Parameter
    let first: Tensor
    let second: Tensor
  }

  /// The settings.
  public let options: Options
  /// Steps taken.
  public internal(set) var stepCount = 0
  private let device: any Device
  private let slots: [Slot]

  /// An optimiser for the weights that are trained now, with moments at zero.
  public init(_ decoder: Decoder, options: Options = Options()) {
    self.options = options
    let device = decoder.device
    self.device = device
    slots = decoder.trainedParameters.map { parameter in
      func moment() -> Tensor { device.makeTensor(rows: parameter.value.rows, columns: parameter.value.columns) }
      return Slot(parameter: parameter, first: moment(), second: moment())
    }
  }

  /// Weights and moments, by names that tell them apart: what a run needs to go on.
  var state: [(name: String, tensor: Tensor)] {
    slots.flatMap { slot in
      let name = slot.parameter.name
      return [("weight.\(name)", slot.parameter.value), ("first.\(name)", slot.first), ("second.\(name)", slot.second)]
    }
  }

  /// The trained weights alone, named as in `state`.
  var weights: [(name: String, tensor: Tensor)] {
    slots.map { ("weight.\($0.parameter.name)", $0.parameter.value) }
  }

  /// The norm of all gradients together.
  public func gradientNorm() -> Double {
    slots.reduce(0) { $0 + device.sumOfSquares($1.parameter.gradient!) }.squareRoot()
  }

  /// One step with the gradients as they are; they are not changed.
  /// - Parameter gradientNorm: the global norm before clipping, from `gradientNorm()`.
  public func step(learningRate: Double, gradientNorm: Double) {
    stepCount += 1
    // As torch.nn.utils.clip_grad_norm_ has it.
    let scale = min(1, options.clip / (gradientNorm + 1e-6))
    for slot in slots {
      device.adamW(
        slot.parameter.value, gradient: slot.parameter.gradient!, m: slot.first, v: slot.second,
        step: AdamWStep(
          gradientScale: Float(scale), learningRate: Float(learningRate), betas: (options.beta1, options.beta2),
          epsilon: Float(options.epsilon),
          weightDecay: slot.parameter.isDecayed ? Float(options.weightDecay) : 0, stepNumber: stepCount))
    }
  }
}
