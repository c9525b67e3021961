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
  /// `[P, D]`, positions that are learned and added to the embedding.
  public let positionEmbedding: Parameter?
  /// Behind the embedding.
  public let embeddingNorm: Norm?
  /// From the bottom up.
  public let layers: [DecoderLayer]
  /// Before the head.
  public let finalNorm: Norm
  /// `[V, D]`; the embedding itself when tied.
  public let head: Parameter
  /// What is applied to the residual stream after a layer, by that layer's index, -1 being the embedding: what stands
  /// for removed layers.
  public private(set) var bridges: [Int: Bridge] = [:]

  /// Whether backward passes make the activations of each layer again instead of keeping them: the same bits for about a
  /// quarter more arithmetic, with the memory of one layer's activations and every layer's input.
  public var recomputesActivations = false

  let adapterScratch = AdapterScratch()
  private var currentWorkspace: Workspace?
  private let positionTables: PositionTables
  /// `[P, D]`, positions that are added to the embedding and not learned.
  let sinusoids: Tensor?

  /// Takes a checkpoint's weights, all frozen and left in the mapped files.
  /// - Throws: `DecoderError` when the configuration is not computed, or a tensor is missing, misshapen or of a type
  ///   without arithmetic; `CheckpointError` is not expected, the checkpoint is validated.
  public init(_ checkpoint: Checkpoint, device: any Device) throws(DecoderError) {
    let configuration = try DecoderConfiguration(checkpoint.config)
    let loader = ParameterLoader(checkpoint, configuration, device: device)
    let (names, prefix) = (configuration.names, loader.prefix)
    let (D, V) = (configuration.width, configuration.vocabularySize)
    embedding = try loader.parameter(prefix + names.embedding + ".weight", [V, D])
    embeddingNorm =
      configuration.traits.hasEmbeddingNorm ? try loader.norm(prefix + names.embeddingNorm, width: D) : nil
    switch configuration.traits.positions {
    case .learned(let offset):
      positionEmbedding = try loader.parameter(
        prefix + names.positions + ".weight", [configuration.maximumPositions + offset, D])
      sinusoids = nil
    case .sinusoidal(let offset):
      positionEmbedding = nil
      sinusoids = device.makeSinusoids(positions: configuration.maximumPositions + offset, width: D)
    case .rotary, .alibi:
      positionEmbedding = nil
      sinusoids = nil
    }
    var layers: [DecoderLayer] = []
    for index in 0..<configuration.layerCount { layers.append(try loader.layer(index)) }
    self.layers = layers
    finalNorm = try loader.norm(prefix + names.finalNorm, width: D)
    head = configuration.tiedHead ? embedding : try loader.parameter(names.head + ".weight", [V, D])
    positionTables = PositionTables(configuration, device: device)
    self.configuration = configuration
    self.device = device
  }

  /// Some layers of a model under its embedding, final norm and head: what `detach` makes of a checkpoint, in memory.
  ///
  /// Weights are shared: what is trained here is trained in the whole model too.
  /// - Parameter indices: the layers, ascending; each keeps the window and the rotation that it has in the whole model.
  public init(_ whole: Decoder, layers indices: [Int]) {
    precondition(
      !indices.isEmpty && zip(indices, indices.dropFirst()).allSatisfy(<)
        && indices.allSatisfy(whole.layers.indices.contains), "layers \(indices) of \(whole.layers.count)")
    configuration = whole.configuration
    device = whole.device
    embedding = whole.embedding
    positionEmbedding = whole.positionEmbedding
    embeddingNorm = whole.embeddingNorm
    layers = indices.map { whole.layers[$0] }
    finalNorm = whole.finalNorm
    head = whole.head
    sinusoids = whole.sinusoids
    positionTables = PositionTables(configuration, device: device)
  }

  /// Every weight once, in the order of computation.
  public var parameters: [Parameter] {
    [embedding] + (positionEmbedding.map { [$0] } ?? []) + (embeddingNorm?.parameters ?? [])
      + layers.flatMap(\.parameters) + finalNorm.parameters + (configuration.tiedHead ? [] : [head])
  }

  /// What is trained: weights, and the matrices of adapters.
  public var trainedParameters: [Parameter] {
    parameters.flatMap { parameter in
      (parameter.isTrained ? [parameter] : []) + (parameter.adapter.map { [$0.a, $0.b] } ?? [])
    }
  }

  /// Makes whole layers trainable and leaves everything else as it is.
  public func train(layers indices: some Sequence<Int>) {
    for index in indices { train(layers[index].parameters) }
  }

  /// Makes some weights of this decoder trainable and leaves everything else as it is.
  public func train(_ parameters: [Parameter]) {
    for parameter in parameters { parameter.startTraining(on: device) }
  }

  /// Makes every weight trainable.
  public func trainEverything() { train(parameters) }

  /// Puts bridges after the layers they name (-1: after the embedding), in place of those there were.
  /// - Throws: `DecoderError.badBridge` when one is not D wide or follows no layer.
  public func setBridges(_ bridges: [Int: Bridge]) throws(DecoderError) {
    for (layer, bridge) in bridges {
      guard bridge.bias.columns == configuration.width else {
        throw .badBridge("it is \(bridge.bias.columns) wide, the model \(configuration.width)")
      }
      guard layer >= -1 && layer < layers.count else {
        throw .badBridge("it follows layer \(layer), the model has \(layers.count) layers")
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

  /// What the passes over a batch share.
  func makeContext(_ batch: TokenBatch) -> LayerContext {
    var keyBias: Tensor?
    if case .alibi(let rule) = configuration.traits.positions {
      keyBias = positionTables.alibi(rule, positions: batch.spans.map(\.keys.count).max() ?? 0)
    }
    return LayerContext(
      device: device, configuration: configuration, workspace: workspace(tokens: batch.count), batch: batch,
      rotations: positionTables.rotations(batch), keyBias: keyBias)
  }
}
