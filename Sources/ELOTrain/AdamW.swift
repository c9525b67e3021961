import Decoders

/// AdamW (Loshchilov and Hutter, arXiv 1711.05101) over a decoder's trained weights, with clipping by the global norm.
///
/// Decay is decoupled and applies to matrices only, not to norms and biases, unless it is set for them.
public final class AdamW {
  /// How moments are stored.
  public enum Moments: String, Sendable, CaseIterable, Codable {
    /// Single precision.
    case f32
    /// Rounded to bfloat16 after each step: half the memory.
    case bf16

    var elementType: ElementType { self == .f32 ? .f32 : .bf16 }
  }

  /// The settings that do not change from step to step.
  public struct Options: Sendable, Hashable {
    /// Decay rate of the first moment.
    public var beta1 = 0.9
    /// Decay rate of the second moment.
    public var beta2 = 0.95
    /// Added to the root of the second moment.
    public var epsilon = 1e-8
    /// Decoupled weight decay of matrices, multiplied by the learning rate.
    public var weightDecay = 0.1
    /// Decay of some weights instead: of their matrices, and of `norms` and `biases` where these are named.
    ///
    /// The last that names a weight counts.
    public var weightDecays: [WeightSetting] = []
    /// What the learning rate of some weights is multiplied by.
    ///
    /// The last that names a weight counts.
    public var rateFactors: [WeightSetting] = []
    /// Gradients with a larger global norm are scaled down to it; infinite for no clipping.
    public var clip = 1.0
    /// How moments are stored.
    public var moments = Moments.f32

    /// The defaults of most language-model training: betas 0.9 and 0.95, decay 0.1, clip 1.
    public init() {}
  }

  /// One weight, its moments, and what is its own of the settings.
  private struct Slot {
    let parameter: Parameter
    let first: Tensor
    let second: Tensor
    var rateFactor = 1.0
    var weightDecay: Double
  }

  /// The settings.
  public let options: Options
  /// Steps taken.
  public internal(set) var stepCount = 0
  private let device: any Device
  private let slots: [Slot]

  /// An optimiser for the weights that are trained now, with moments at zero.
  /// - Throws: `TrainingError.settingWithoutEffect` for a setting of weights none of which is trained, and what
  ///   `WeightSelection` throws.
  public init(_ decoder: Decoders.Decoder, options: Options = Options()) throws {
    self.options = options
    let device = decoder.device
    self.device = device
    var slots = decoder.trainedParameters.map { parameter in
      func moment() -> Tensor {
        device.makeTensor(
          rows: parameter.value.rows, columns: parameter.value.columns, elementType: options.moments.elementType)
      }
      return Slot(
        parameter: parameter, first: moment(), second: moment(),
        weightDecay: parameter.isDecayed ? options.weightDecay : 0)
    }
    for setting in options.rateFactors {
      try Self.apply(setting, to: &slots, of: decoder, decayed: false) { $0.rateFactor = setting.value }
    }
    for setting in options.weightDecays {
      try Self.apply(setting, to: &slots, of: decoder, decayed: true) { $0.weightDecay = setting.value }
    }
    self.slots = slots
  }

  private static func apply(
    _ setting: WeightSetting, to slots: inout [Slot], of decoder: Decoders.Decoder, decayed: Bool,
    _ change: (inout Slot) -> Void
  ) throws {
    let weights = try setting.weights.parameters(
      of: decoder, layers: Array(decoder.layers.indices), decayed: decayed)
    // What is set for a matrix is set for its adapter.
    let named = Set(
      weights.flatMap { [$0] + ($0.adapter.map { [$0.a, $0.b] } ?? []) }.map(ObjectIdentifier.init))
    let meant = slots.indices.filter { named.contains(ObjectIdentifier(slots[$0].parameter)) }
    guard !meant.isEmpty else { throw TrainingError.settingWithoutEffect("\(setting)") }
    for index in meant { change(&slots[index]) }
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
          gradientScale: Float(scale), learningRate: Float(learningRate * slot.rateFactor),
          betas: (options.beta1, options.beta2), epsilon: Float(options.epsilon), weightDecay: Float(slot.weightDecay),
          stepNumber: stepCount))
    }
  }
}
