import Checkpoints

/// A decoder language model: weights, and what stands between its layers.
///
/// The forward and backward passes are in extensions. A decoder is used from one thread at a time; its device brings the
/// other threads.
public final class Decoder {
  /// Shapes and switches.
  public let configuration: DecoderConfiguration
  /// Where it computes.
  public let device: any Device
  /// `[V, D]`.
  public let embedding: Parameter
  /// From the bottom up.
  public let layers: [DecoderLayer]
  /// RMS norm before the head.
  public let finalNorm: Parameter
  /// `[V, D]`; the embedding itself when tied.
  public let head: Parameter
  /// What is applied to the residual stream after a layer, by that layer's index, -1 being the embedding: what stands
  /// for removed layers.
  public private(set) var bridges: [Int: Bridge] = [:]

  private var currentWorkspace: Workspace?
  private var rotaryTable: RotaryTable?

  /// Takes a checkpoint's weights, all frozen and left in the mapped files.
  /// - Throws: `DecoderError` when the configuration is not computed, or a tensor is missing, misshapen or of a type
  ///   without arithmetic; `CheckpointError` is not expected, the checkpoint is validated.
  public init(_ checkpoint: Checkpoint, device: any Device) throws(DecoderError) {
    let configuration = try DecoderConfiguration(checkpoint.config)
    let loader = ParameterLoader(checkpoint: checkpoint, device: device)
    let names = configuration.architecture
    let (D, V, I) = (configuration.width, configuration.vocabularySize, configuration.intermediateWidth)
    let (queryWidth, keyWidth) = (configuration.queryWidth, configuration.keyWidth)
    embedding = try loader.parameter(names.embedding, [V, D])
    finalNorm = try loader.parameter(names.finalNorm, [D])
    head = configuration.tiedHead ? embedding : try loader.parameter(names.head, [V, D])
    var layers: [DecoderLayer] = []
    for index in 0..<configuration.layerCount {
      func load(_ name: String, _ shape: [Int]) throws(DecoderError) -> Parameter {
        try loader.parameter(name.replacing("#", with: String(index)), shape)
      }
      layers.append(
        DecoderLayer(
          attentionNorm: try load(names.layer.attentionNorm, [D]), query: try load(names.layer.query, [queryWidth, D]),
          key: try load(names.layer.key, [keyWidth, D]), value: try load(names.layer.value, [keyWidth, D]),
          output: try load(names.layer.output, [D, queryWidth]), mlpNorm: try load(names.layer.mlpNorm, [D]),
          gate: try load(names.layer.gate, [I, D]), up: try load(names.layer.up, [I, D]),
          down: try load(names.layer.down, [D, I])))
    }
    self.layers = layers
    self.configuration = configuration
    self.device = device
  }

  /// Every weight once, in the order of computation.
  public var parameters: [Parameter] {
    [embedding] + layers.flatMap(\.parameters) + [finalNorm] + (configuration.tiedHead ? [] : [head])
  }

  /// The weights that are trained.
  public var trainedParameters: [Parameter] { parameters.filter(\.isTrained) }

  /// Makes whole layers trainable and leaves everything else as it is.
  public func train(layers indices: some Sequence<Int>) {
    for index in indices {
      for parameter in layers[index].parameters { parameter.startTraining(on: device) }
    }
  }

  /// Makes every weight trainable.
  public func trainEverything() {
    for parameter in parameters { parameter.startTraining(on: device) }
  }

  /// Puts bridges after the layers they name (-1: after the embedding), in place of those there were.
  /// - Throws: `DecoderError.badBridge` when one is not D wide or follows no layer.
  public func setBridges(_ bridges: [Int: Bridge]) throws(DecoderError) {
    for (layer, bridge) in bridges {
      guard bridge.bias.columns == configuration.width else {
        throw .badBridge("it is \(bridge.bias.columns) wide, the model \(configuration.width)")
      }
      guard layer >= -1 && layer < configuration.layerCount else {
        throw .badBridge("it follows layer \(layer), the model has \(configuration.layerCount) layers")
      }
    }
    self.bridges = bridges
  }

  /// Zeroes the gradients of the trained weights.
  public func zeroGradients() {
    for parameter in trainedParameters { device.zero(parameter.gradient!) }
  }

  /// Memory for a pass over `tokens` tokens: kept between passes, made anew when a batch is larger.
  func workspace(tokens: Int) -> Workspace {
    if let workspace = currentWorkspace, workspace.capacity >= tokens { return workspace }
    currentWorkspace = nil
    let workspace = Workspace(capacity: tokens, configuration, device: device)
    currentWorkspace = workspace
    return workspace
  }

  /// Angles for all positions below a limit.
  func rotaryTable(positions: Int) -> RotaryTable {
    if let table = rotaryTable, table.cosines.rows >= positions { return table }
    let table = device.makeRotaryTable(
      configuration.rotary, headWidth: configuration.headWidth, positions: max(512, positions))
    rotaryTable = table
    return table
  }
}

/// Finds tensors by name and checks shape and type.
private struct ParameterLoader {
  let checkpoint: Checkpoint
  let device: any Device

  func parameter(_ name: String, _ shape: [Int]) throws(DecoderError) -> Parameter {
    guard let stored = checkpoint.tensors[name] else { throw .missingTensor(name) }
    guard stored.shape == shape else { throw .badShape(tensor: name, found: stored.shape, expected: shape) }
    guard [.f32, .f16, .bf16].contains(stored.dtype) else {
      throw .badElementType(tensor: name, found: stored.dtype.name)
    }
    return Parameter(name: name, shape: shape, value: device.wrap(stored))
  }
}
