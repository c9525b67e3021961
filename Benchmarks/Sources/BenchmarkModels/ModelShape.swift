import ArgumentParser

/// The shape of a decoder whose speed is measured.
public enum ModelShape: String, CaseIterable, ExpressibleByArgument, Sendable {
  case smollm2 = "smollm2-135m"
  case llama1b = "llama-3.2-1b"

  /// Width D of the residual stream.
  public var width: Int { self == .smollm2 ? 576 : 2_048 }
  /// Width I inside the MLP.
  public var innerWidth: Int { self == .smollm2 ? 1_536 : 8_192 }
  /// Query heads.
  public var heads: Int { self == .smollm2 ? 9 : 32 }
  /// Key-value heads.
  public var keyHeads: Int { self == .smollm2 ? 3 : 8 }
  /// Layers of the whole model.
  public var layers: Int { self == .smollm2 ? 30 : 16 }
  /// Vocabulary V.
  public var vocabulary: Int { self == .smollm2 ? 49_152 : 128_256 }
  /// Width of a head, in both models.
  public var headWidth: Int { 64 }
}

/// What a step computes.
public enum StepCase: String, CaseIterable, ExpressibleByArgument, Sendable {
  /// First and last layer, both trained; embedding, norm and head frozen.
  case detached
  /// All layers and the tied embedding trained.
  case full
  /// All layers, loss only.
  case forward
}

extension ModelShape {
  /// Floating-point operations of one step's products: a multiplication and an addition count as two.
  ///
  /// Elementwise work is left out. Attention counts what lies on and below the diagonal; its backward pass has five
  /// products where the forward pass has two.
  public func flops(_ step: StepCase, layers: Int, rows: Int, sequenceLength: Int) -> Double {
    let tokens = Double(rows * sequenceLength)
    let (D, I, H, K) = (width, innerWidth, heads * headWidth, keyHeads * headWidth)
    let products = 2 * tokens * Double(layers * (2 * D * H + 2 * D * K + 3 * D * I))
    let attention = 2 * tokens * Double(layers * (sequenceLength + 1) * H)
    let head = 2 * tokens * Double(D * vocabulary)
    switch step {
    case .forward: return products + attention + head
    case .detached: return 3 * products + 3.5 * attention + 2 * head
    case .full: return 3 * products + 3.5 * attention + 3 * head
    }
  }
}
