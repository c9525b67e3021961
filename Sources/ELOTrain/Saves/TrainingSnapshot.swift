import Checkpoints
import Decoders

/// A training run between two steps, as it can be saved.
///
/// It refers to the weights and moments of the run, so it must be used before the next step.
public struct TrainingSnapshot {
  /// Why a run pauses here.
  public enum Occasion: Sendable {
    /// A step is done.
    case step
    /// The evaluation after this step is the best so far.
    case bestEvaluation
    /// The run stops before its end because it was asked to.
    case interruption
  }

  /// How far the run is.
  public let progress: RunProgress
  /// Why it pauses.
  public let occasion: Occasion
  /// Whether the run ends here.
  public let isLast: Bool
  /// Weights and moments by name.
  let tensors: [(name: String, tensor: Tensor)]
  let device: any Device

  /// The bytes of weights and moments.
  var byteCount: Int { tensors.reduce(0) { $0 + $1.tensor.count * $1.tensor.elementType.byteWidth } }

  /// The tensors as a safetensors file takes them, a block of rows at a time.
  func contents() -> [(name: String, content: TensorContent)] {
    tensors.map { name, tensor in
      (name, device.content(of: tensor, shape: [tensor.rows, tensor.columns], as: tensor.savedType))
    }
  }
}

extension Tensor {
  /// How a weight in f32 or a moment stands in a save.
  var savedType: DType { elementType == .bf16 ? .bf16 : .f32 }
}
