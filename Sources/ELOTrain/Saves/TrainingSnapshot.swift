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
  /// Weights and moments by name, f32.
  let tensors: [(name: String, tensor: Tensor)]
  let device: any Device

  /// The bytes of weights and moments.
  var byteCount: Int { tensors.reduce(0) { $0 + $1.tensor.count * $1.tensor.elementType.byteWidth } }

  /// The tensors as a safetensors file takes them, a block of rows at a time.
  func contents() -> [(name: String, content: TensorContent)] {
    tensors.map { name, tensor in
      let device = device
      let content = TensorContent.bytes(.f32, shape: [tensor.rows, tensor.columns]) { sink in
        for rows in blocksOfRows(of: tensor) {
          try device.download(tensor.rows(rows)).withUnsafeBytes { try sink($0) }
        }
      }
      return (name, content)
    }
  }
}

/// The rows of a tensor in blocks of about a million elements, so that a copy on the host stays small.
func blocksOfRows(of tensor: Tensor) -> [Range<Int>] {
  let step = max(1, 1_048_576 / max(tensor.columns, 1))
  return stride(from: 0, to: tensor.rows, by: step).map { $0..<min(tensor.rows, $0 + step) }
}
