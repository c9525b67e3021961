import Checkpoints

/// Finds a checkpoint's tensors by the names of a family, and checks shape and type.
struct ParameterLoader {
  let checkpoint: Checkpoint
  let device: any Device
  let configuration: DecoderConfiguration
  /// What stands before all names but the head's.
  let prefix: String
  /// Tensors that have been taken: projections may share one.
  private let taken = Taken()

  private final class Taken {
    var parameters: [String: Parameter] = [:]
  }

  init(_ checkpoint: Checkpoint, _ configuration: DecoderConfiguration, device: any Device) {
    self.checkpoint = checkpoint
    self.configuration = configuration
    self.device = device
    let names = configuration.names
    prefix =
      names.prefixes.first { checkpoint.tensors[$0 + names.embedding + ".weight"] != nil } ?? names.prefixes[0]
  }

  func parameter(_ name: String, _ shape: [Int], constantStart: Float? = nil) throws(DecoderError) -> Parameter {
    if let parameter = taken.parameters[name] { return parameter }
    guard let stored = checkpoint.tensors[name] else { throw .missingTensor(name) }
    guard stored.shape == shape else { throw .badShape(tensor: name, found: stored.shape, expected: shape) }
    let value: Tensor
    switch stored.dtype {
    case .f32, .f16, .bf16: value = device.wrap(stored)
    case .f8e4m3:
      guard case .float8(let block)? = configuration.quantization else { fallthrough }
      value = try widened(stored, block)
    default: throw .badElementType(tensor: name, found: stored.dtype.name)
    }
    let parameter = Parameter(name: name, shape: shape, value: value, constantStart: constantStart)
    taken.parameters[name] = parameter
    return parameter
  }

  /// A copy in f32 of a matrix in fp8, whose products with its scales no narrower type holds.
  private func widened(
    _ stored: StoredTensor, _ block: WeightQuantization.Block?
  ) throws(DecoderError) -> Tensor {
    let name = BlockScaledMatrix.scalesName(of: stored.name)
    guard let scales = checkpoint.tensors[name] else { throw .missingTensor(name) }
    let matrix: BlockScaledMatrix
    do { matrix = try BlockScaledMatrix(stored, scales: scales, block: block) } catch {
      switch error {
      case .notElements(let kind): throw .badElementType(tensor: stored.name, found: kind)
      case .notScales(let kind, let expected): throw .badScales(tensor: name, found: kind, expected: expected)
      }
    }
    let tensor = device.makeTensor(rows: stored.shape[0], columns: stored.shape[1])
    for rows in tensor.blocksOfRows { device.upload(matrix.widened(rows), to: tensor.rows(rows)) }
    return tensor
  }

  func norm(_ name: String, width: Int) throws(DecoderError) -> Norm {
    let kind = configuration.traits.norm
    return Norm(
      weights: [try parameter(name + ".weight", [width], constantStart: kind == .rmsPlusOne ? 0 : 1)],
      bias: kind == .layerWithBias ? try parameter(name + ".bias", [width], constantStart: 0) : nil, kind: kind,
      epsilon: Float(configuration.normEpsilon), rowWidth: width)
  }

  /// A norm on the heads of queries or keys.
  func headNorm(_ name: String, heads: Int) throws(DecoderError) -> Norm? {
    let d = configuration.headWidth
    let kind = configuration.traits.norm == .rmsPlusOne ? NormKind.rmsPlusOne : .rms
    func norm(_ weights: [Parameter], _ kind: NormKind, rowWidth: Int) -> Norm {
      Norm(weights: weights, bias: nil, kind: kind, epsilon: Float(configuration.normEpsilon), rowWidth: rowWidth)
    }
    func weight(_ name: String, _ shape: [Int]) throws(DecoderError) -> Parameter {
      try parameter(name + ".weight", shape, constantStart: kind == .rmsPlusOne ? 0 : 1)
    }
    switch configuration.traits.queryKeyNorm {
    case .none: return nil
    case .heads: return norm([try weight(name, [d])], kind, rowWidth: d)
    case .width: return norm([try weight(name, [heads * d])], kind, rowWidth: heads * d)
    case .weightPerHead: return norm([try weight(name, [heads, d])], .layer, rowWidth: d)
    case .tensorPerHead:
      var weights: [Parameter] = []
      for head in 0..<heads { weights.append(try weight(name.replacing("#h", with: String(head)), [d])) }
      return norm(weights, .layer, rowWidth: d)
    }
  }

  /// A projection to `outputs` channels: the `part`-th of `of` channels that the stored tensor makes, or all of them.
  func projection(
    _ name: String, outputs: Int, inputs: Int, bias: BiasPlace, from start: Int = 0, of stored: Int? = nil
  ) throws(DecoderError) -> Projection {
    let (stored, isTransposed) = (stored ?? outputs, configuration.traits.isTransposed)
    return Projection(
      weight: try parameter(name + ".weight", isTransposed ? [inputs, stored] : [stored, inputs]),
      bias: configuration.traits.biases.contains(bias)
        ? try parameter(name + ".bias", [stored], constantStart: 0) : nil,
      inputs: inputs, rows: isTransposed ? nil : start..<start + outputs)
  }
}

extension ParameterLoader {
  func layer(_ index: Int) throws(DecoderError) -> DecoderLayer {
    let (names, traits, D) = (configuration.names, configuration.traits, configuration.width)
    let layer = prefix + names.layer.replacing("#", with: String(index))
    let placement = traits.placement
    return DecoderLayer(
      index: index,
      attentionNorm: placement.hasAttentionNorm ? try norm(layer + names.attentionNorm, width: D) : nil,
      attentionInput: try attentionInput(layer),
      queryNorm: try headNorm(layer + names.queryNorm, heads: configuration.headCount),
      keyNorm: try headNorm(layer + names.keyNorm, heads: configuration.keyValueHeadCount),
      output: try projection(layer + names.output, outputs: D, inputs: configuration.queryWidth, bias: .output),
      attentionPostNorm: placement.hasPostNorms ? try norm(layer + names.attentionPostNorm, width: D) : nil,
      mlpNorm: placement.hasMLPNorm ? try norm(layer + names.mlpNorm, width: D) : nil,
      mlp: configuration.layers[index].hasExperts
        ? .experts(try experts(layer, configuration.experts!)) : .dense(try mlp(layer)),
      mlpPostNorm: placement.hasPostNorms ? try norm(layer + names.mlpPostNorm, width: D) : nil)
  }

  private func attentionInput(_ layer: String) throws(DecoderError) -> QueryKeyValue {
    let (names, D) = (configuration.names, configuration.width)
    let (queries, keys) = (configuration.queryWidth, configuration.keyWidth)
    let (all, fused) = (queries + 2 * keys, layer + names.queryKeyValue)
    switch configuration.traits.attentionInput {
    case .separate:
      return .separate(
        query: try projection(layer + names.query, outputs: queries, inputs: D, bias: .query),
        key: try projection(layer + names.key, outputs: keys, inputs: D, bias: .key),
        value: try projection(layer + names.value, outputs: keys, inputs: D, bias: .value))
    case .rows:
      return .separate(
        query: try projection(fused, outputs: queries, inputs: D, bias: .query, of: all),
        key: try projection(fused, outputs: keys, inputs: D, bias: .key, from: queries, of: all),
        value: try projection(fused, outputs: keys, inputs: D, bias: .value, from: queries + keys, of: all))
    case .columns, .groups:
      let heads = configuration.heads(layer: 0)
      return .fused(
        try projection(fused, outputs: all, inputs: D, bias: .query),
        order: configuration.traits.attentionInput == .columns ? .blocks(heads) : .groups(heads))
    }
  }

  private func experts(_ layer: String, _ shape: ExpertShape) throws(DecoderError) -> MixtureOfExperts {
    let isFused = checkpoint.tensors[layer + TensorNames.builtExpertInput] != nil
    let router = isFused ? TensorNames.builtRouter : configuration.names.router
    return MixtureOfExperts(
      router: try projection(layer + router, outputs: shape.count, inputs: configuration.width, bias: .mlpInput),
      experts: try isFused ? fusedExperts(layer, shape) : separateExperts(layer, shape),
      chosenCount: shape.chosenCount, normalizes: shape.normalizes)
  }

  private func separateExperts(_ layer: String, _ shape: ExpertShape) throws(DecoderError) -> [MLP] {
    let (names, D, I) = (configuration.names, configuration.width, shape.width)
    var experts: [MLP] = []
    for index in 0..<shape.count {
      let expert = layer + names.expert.replacing("#e", with: String(index))
      experts.append(
        MLP(
          gate: try projection(expert + names.expertGate, outputs: I, inputs: D, bias: .mlpInput),
          up: try projection(expert + names.expertUp, outputs: I, inputs: D, bias: .mlpInput),
          down: try projection(expert + names.expertDown, outputs: D, inputs: I, bias: .mlpOutput),
          activation: configuration.traits.activation))
    }
    return experts
  }

  private func fusedExperts(_ layer: String, _ shape: ExpertShape) throws(DecoderError) -> [MLP] {
    let (D, I) = (configuration.width, shape.width)
    let input = try parameter(layer + TensorNames.builtExpertInput, [shape.count, 2 * I, D])
    let output = try parameter(layer + TensorNames.builtExpertOutput, [shape.count, D, I])
    func part(_ weight: Parameter, inputs: Int, from start: Int, count: Int) -> Projection {
      Projection(weight: weight, bias: nil, inputs: inputs, rows: start..<start + count)
    }
    return (0..<shape.count).map { index in
      MLP(
        gate: part(input, inputs: D, from: 2 * index * I, count: I),
        up: part(input, inputs: D, from: (2 * index + 1) * I, count: I),
        down: part(output, inputs: I, from: index * D, count: D), activation: configuration.traits.activation)
    }
  }

  private func mlp(_ layer: String) throws(DecoderError) -> MLP {
    let (names, D, I) = (configuration.names, configuration.width, configuration.intermediateWidth)
    let gate: Projection?
    let up: Projection
    switch configuration.traits.mlp {
    case .gated:
      gate = try projection(layer + names.gate, outputs: I, inputs: D, bias: .mlpInput)
      up = try projection(layer + names.up, outputs: I, inputs: D, bias: .mlpInput)
    case .gatedRows:
      gate = try projection(layer + names.gateUp, outputs: I, inputs: D, bias: .mlpInput, of: 2 * I)
      up = try projection(layer + names.gateUp, outputs: I, inputs: D, bias: .mlpInput, from: I, of: 2 * I)
    case .plain:
      gate = nil
      up = try projection(layer + names.up, outputs: I, inputs: D, bias: .mlpInput)
    }
    return MLP(
      gate: gate, up: up, down: try projection(layer + names.down, outputs: D, inputs: I, bias: .mlpOutput),
      activation: configuration.traits.activation)
  }
}
