import Checkpoints
import ELOTrain
import Foundation

/// What to tell a user whose machine could take another method.
enum MethodAdvice {
  /// Bytes of a trained weight: itself, its gradient and two moments in f32.
  private static let bytesPerWeight = 16.0
  /// Room for activations, buffers of the data and everything else that runs.
  private static let share = 0.7

  /// A line for a run of ELO on a machine whose memory training the whole model fits, nil elsewhere.
  ///
  /// At equal time full training gained more wherever both were measured (README, docs/method.md): ELO's advantage is memory while
  /// the layers train, and speed per token, not what a minute teaches a model that fits.
  static func line(for method: Adaptation.Method, _ checkpoint: Checkpoint, memory: UInt64) -> String? {
    let weights = checkpoint.tensors.values.reduce(0.0) { $0 + Double($1.elementCount) }
    let needed = bytesPerWeight * weights
    guard method == .elo, needed < share * Double(memory) else { return nil }
    return String(
      format:
        "note: training the whole model takes about %.1f GB, and this machine has %.1f: at equal minutes --method full gained "
        + "more wherever both were measured", needed / 1e9, Double(memory) / 1e9)
  }
}
