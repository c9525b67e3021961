import ArgumentParser

/// The shape of a decoder whose speed is measured: Llama's blocks, with heads of 64.
public struct ModelShape: Sendable {
  /// Width D of the residual stream.
  public var width: Int
  /// Width I inside the MLP.
  public var innerWidth: Int
  /// Query heads.
  public var heads: Int
  /// Key-value heads.
  public var keyHeads: Int
  /// Layers of the whole model.
  public var layers: Int
  /// Vocabulary V.
  public var vocabulary: Int
  /// Width of a head.
  public let headWidth = 64
  /// Rank of adapters where these are trained.
  public static let adapterRank = 64

  /// SmolLM2-135M.
  public static let smollm2 = ModelShape(
    width: 576, innerWidth: 1_536, heads: 9, keyHeads: 3, layers: 30, vocabulary: 49_152)
  /// Llama-3.2-1B.
  public static let llama1b = ModelShape(
    width: 2_048, innerWidth: 8_192, heads: 32, keyHeads: 8, layers: 16, vocabulary: 128_256)

  /// SmolLM2's proportions at another width, a multiple of 192.
  public static func ofWidth(_ width: Int) -> ModelShape {
    precondition(width > 0 && width % 192 == 0, "width \(width)")
    var shape = smollm2
    shape.width = width
    shape.innerWidth = width * 8 / 3
    shape.heads = width / 64
    shape.keyHeads = width / 192
    return shape
  }
}

/// A shape by its model's name.
public enum NamedShape: String, CaseIterable, ExpressibleByArgument, Sendable {
  case smollm2 = "smollm2-135m"
  case llama1b = "llama-3.2-1b"

  /// The shape.
  public var shape: ModelShape {
    switch self {
    case .smollm2: .smollm2
    case .llama1b: .llama1b
    }
  }
}

/// What a step computes.
public enum StepCase: String, CaseIterable, ExpressibleByArgument, Sendable {
  /// First and last layer, both trained; embedding, norm and head frozen.
  case detached
  /// All layers and the tied embedding trained.
  case full
  /// Low-rank adapters on all matrices of all layers trained, everything else frozen.
  case lora
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
    case .lora:
      let widths = 2 * (D + H) + 2 * (D + K) + 3 * (D + I)
      let adapters = 6 * tokens * Double(layers * Self.adapterRank * widths)
      return 2 * products + 3.5 * attention + 2 * head + adapters
    case .detached: return 3 * products + 3.5 * attention + 2 * head
    case .full: return 3 * products + 3.5 * attention + 3 * head
    }
  }
}
