import BenchmarkModels

/// What of a detached step's shape is varied; all else stays that of SmolLM2 with two layers, 4 x 512 tokens.
enum GrowthAxis: String, CaseIterable, Codable {
  case layers
  case width
  case vocabulary
  case sequenceLength
  case threads

  /// The values that are measured.
  var places: [Int] {
    switch self {
    case .layers: [1, 2, 4, 8, 16, 30]
    case .width: [192, 384, 576, 960, 1_536, 2_304]
    case .vocabulary: [8_192, 16_384, 32_768, 49_152, 98_304, 131_072]
    case .sequenceLength: [128, 512, 1_024, 2_048, 4_096, 8_192]
    case .threads: [1, 2]
    }
  }

  /// The axis with its unit.
  var label: String {
    switch self {
    case .layers: "trained layers"
    case .width: "width of the residual stream"
    case .vocabulary: "vocabulary"
    case .sequenceLength: "tokens in a row, one row"
    case .threads: "threads"
    }
  }

  /// The step at one value.
  func stepShape(at value: Int) -> StepShape {
    var shape = StepShape()
    switch self {
    case .layers: shape.layers = value
    case .width: shape.width = value
    case .vocabulary: shape.vocabulary = value
    case .sequenceLength:
      shape.rows = 1
      shape.sequenceLength = value
    case .threads: shape.threads = value
    }
    return shape
  }
}

/// A detached step of SmolLM2's proportions.
struct StepShape: Codable {
  var layers = 2
  var width = 576
  var vocabulary = 49_152
  var rows = 4
  var sequenceLength = 512
  var threads = 2

  /// Tokens of a step.
  var tokens: Int { rows * sequenceLength }

  private var model: ModelShape {
    var model = ModelShape.ofWidth(width)
    model.vocabulary = vocabulary
    return model
  }

  /// Weights of one layer.
  private var layerWeights: Double {
    let model = model
    let (D, I, K) = (Double(model.width), Double(model.innerWidth), Double(model.keyHeads * model.headWidth))
    return 2 * D * D + 2 * D * K + 3 * D * I
  }

  /// Bytes that a step moves outside of products: elementwise work reads and writes about 14 rows of the width and
  /// 12 of the inner width a token and layer, forward and backward; clipping, AdamW and zeroing touch a weight's
  /// master, gradient and two moments 11 times.
  var bytesMoved: Double {
    let (D, I) = (Double(model.width), Double(model.innerWidth))
    return 4 * Double(layers) * (Double(tokens) * (14 * D + 12 * I) + 11 * layerWeights)
  }

  /// Bytes that a step needs: weights as stored, in bf16; master, gradient and two moments of each trained weight; what
  /// a layer keeps of each token for its backward pass, and the streams and gradients in work.
  var bytesHeld: Double {
    let model = model
    let (D, I, K) = (Double(model.width), Double(model.innerWidth), Double(model.keyHeads * model.headWidth))
    let stored = 2 * (Double(vocabulary) * D + Double(layers) * layerWeights)
    let activations = Double(layers) * (4 * D + 2 * K + 2 * I) + 6 * D + 2 * I + 2 * K
    return stored + 16 * Double(layers) * layerWeights + 4 * Double(tokens) * activations
  }

  /// The arguments of `step-benchmark`.
  func arguments(steps: Int) -> [String] {
    [
      "--case", "detached", "--steps", "\(steps)", "--layers", "\(layers)", "--width", "\(width)", "--vocabulary",
      "\(vocabulary)", "--rows", "\(rows)", "--sequence-length", "\(sequenceLength)", "--threads", "\(threads)",
    ]
  }
}

/// What one point came to.
struct MeasuredPoint: Codable {
  let axis: GrowthAxis
  let value: Int
  let shape: StepShape
  /// Median over rounds of the median step's.
  let tokensPerSecond: Double
  /// The greatest of all rounds, of the whole process.
  let peakBytes: Double
  /// Operations of a step's products.
  let flops: Double

  /// Seconds of a step.
  var seconds: Double { Double(shape.tokens) / tokensPerSecond }
}
