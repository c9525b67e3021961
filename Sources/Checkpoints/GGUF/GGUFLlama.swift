import Foundation

/// The shape of a Llama model in a GGUF file, checked against the keys that change its arithmetic.
///
/// Keys: the GGUF specification's `llama.*`; names of the result: `LlamaConfig` of transformers.
struct GGUFLlama {
  let hiddenSize: Int
  let layerCount: Int
  let headCount: Int
  let keyValueHeadCount: Int
  let headSize: Int
  let intermediateSize: Int
  let vocabularySize: Int
  let maximumPositions: Int
  let ropeBase: Float
  let ropeScaling: RopeScaling?
  let normEpsilon: Float
  let isTied: Bool

  enum RopeScaling: Equatable {
    case linear(factor: Float)
    case llama3(factor: Float)
  }

  init(_ file: GGUFFile) throws(GGUFError) {
    let architecture = try file.required(file.text("general.architecture"), "general.architecture")
    guard architecture == "llama" else {
      throw .unsupportedArchitecture(file: file.name, name: architecture)
    }
    try Self.refuseOtherArithmetic(file)
    hiddenSize = try file.positiveCount("llama.embedding_length")
    layerCount = try file.positiveCount("llama.block_count")
    headCount = try file.positiveCount("llama.attention.head_count")
    keyValueHeadCount = try file.count("llama.attention.head_count_kv") ?? headCount
    guard keyValueHeadCount > 0, headCount.isMultiple(of: keyValueHeadCount) else {
      throw .unusableValue(
        file: file.name, key: "llama.attention.head_count_kv", found: "\(keyValueHeadCount)",
        expected: "a divisor of the \(headCount) heads")
    }
    headSize = try Self.headSize(file, hiddenSize: hiddenSize, headCount: headCount)
    intermediateSize = try file.positiveCount("llama.feed_forward_length")
    maximumPositions = try file.positiveCount("llama.context_length")
    ropeBase = try file.positiveNumber("llama.rope.freq_base") ?? 10000
    let epsilonKey = "llama.attention.layer_norm_rms_epsilon"
    normEpsilon = try file.required(file.positiveNumber(epsilonKey), epsilonKey)
    guard let embedding = file.tensors["token_embd.weight"] else {
      throw .missingTensor(file: file.name, tensor: "token_embd.weight")
    }
    guard embedding.shape.count == 2, embedding.shape[1] == hiddenSize else {
      throw .unexpectedShape(
        file: file.name, tensor: embedding.name, found: embedding.shape,
        expected: [embedding.shape[0], hiddenSize])
    }
    vocabularySize = embedding.shape[0]
    ropeScaling = try Self.ropeScaling(file, base: ropeBase, headSize: headSize)
    isTied = file.tensors["output.weight"].map { file.holdsSameBytes($0, embedding) } ?? true
  }

  /// Refuses keys of relatives that share the architecture's name but not its arithmetic.
  private static func refuseOtherArithmetic(_ file: GGUFFile) throws(GGUFError) {
    for suffix in [
      "expert_count", "attention.sliding_window", "attention.scale", "attention.clamp_kqv", "embedding_scale",
      "residual_scale", "logit_scale",
    ] {
      let key = "llama.\(suffix)"
      guard let value = file.metadata[key], value.int != 0, value != .float(0) else { continue }
      throw file.unusable(key, value, "a plain Llama model, without this key,")
    }
    if try file.flag("llama.attention.causal") == false {
      throw .unusableValue(file: file.name, key: "llama.attention.causal", found: "false", expected: "true")
    }
  }

  private static func headSize(_ file: GGUFFile, hiddenSize: Int, headCount: Int) throws(GGUFError) -> Int {
    let stated = try file.count("llama.attention.key_length")
    guard let headSize = stated ?? (hiddenSize.isMultiple(of: headCount) ? hiddenSize / headCount : nil),
      headSize > 0, headSize.isMultiple(of: 2)
    else {
      throw .unusableValue(
        file: file.name, key: "llama.attention.head_count", found: "\(headCount)",
        expected: "a divisor of the width \(hiddenSize) with even heads")
    }
    for key in ["llama.attention.value_length", "llama.rope.dimension_count"] {
      guard let size = try file.count(key), size != headSize else { continue }
      throw .unusableValue(file: file.name, key: key, found: "\(size)", expected: "the head size \(headSize)")
    }
    return headSize
  }

  // MARK: RoPE scaling

  private static func ropeScaling(
    _ file: GGUFFile, base: Float, headSize: Int
  ) throws(GGUFError) -> RopeScaling? {
    let typeKey = "llama.rope.scaling.type"
    let type = try file.text(typeKey) ?? "none"
    guard type == "none" || type == "linear" else {
      throw .unusableValue(file: file.name, key: typeKey, found: "\"\(type)\"", expected: "none or linear")
    }
    let factorKey = "llama.rope.scaling.factor"
    if type == "linear" { return .linear(factor: try file.required(file.positiveNumber(factorKey), factorKey)) }
    return try llama3Scaling(file, base: base, headSize: headSize)
  }

  /// Llama 3.1 and later: the file holds the divisor of each frequency instead of the rule they come from.
  ///
  /// The rule's other constants are the same in every such model; the factor is the largest divisor. A tensor that the
  /// rule does not reproduce is refused.
  private static func llama3Scaling(
    _ file: GGUFFile, base: Float, headSize: Int
  ) throws(GGUFError) -> RopeScaling? {
    guard let tensor = file.tensors["rope_freqs.weight"] else { return nil }
    guard tensor.shape == [headSize / 2] else {
      throw .unexpectedShape(
        file: file.name, tensor: tensor.name, found: tensor.shape, expected: [headSize / 2])
    }
    let divisors = try file.values(of: tensor.name)
    guard let factor = divisors.max(), factor > 1 else { return nil }
    for (i, divisor) in divisors.enumerated() {
      let wavelength = 2 * Double.pi * pow(Double(base), Double(2 * i) / Double(headSize))
      let expected = llama3Divisor(wavelength: wavelength, factor: Double(factor))
      guard abs(Double(divisor) - expected) <= 1e-4 * expected else {
        throw .malformed(
          file: file.name, item: "tensor \(tensor.name)",
          problem: "holds \(divisor) for frequency \(i), Llama 3's rule says \(expected)")
      }
    }
    return .llama3(factor: factor)
  }

  static let llama3OriginalPositions = 8192
  static let llama3LowFrequencyFactor = 1.0
  static let llama3HighFrequencyFactor = 4.0

  private static func llama3Divisor(wavelength: Double, factor: Double) -> Double {
    let turns = Double(llama3OriginalPositions) / wavelength
    if turns > llama3HighFrequencyFactor { return 1 }
    if turns < llama3LowFrequencyFactor { return factor }
    let smooth =
      (turns - llama3LowFrequencyFactor) / (llama3HighFrequencyFactor - llama3LowFrequencyFactor)
    return 1 / ((1 - smooth) / factor + smooth)
  }
}

extension GGUFFile {
  /// Whether two tensors are one: the same type, shape and bytes.
  fileprivate func holdsSameBytes(_ a: GGUFTensor, _ b: GGUFTensor) -> Bool {
    guard a.type == b.type, a.shape == b.shape else { return false }
    return mapping.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return true }
      return memcmp(base + a.byteRange.lowerBound, base + b.byteRange.lowerBound, a.byteRange.count) == 0
    }
  }
}
