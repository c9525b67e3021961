import Checkpoints
import Foundation

/// Cutting some layers out of a checkpoint into a smaller one that is itself valid.
///
/// Embedding, final norm, head and everything else that is in no layer come along, with all side files; the layers
/// get new numbers and config.json says of them what it said before. A plan is made from headers and config alone.
/// ```swift
/// let checkpoint = try Checkpoint(directory: URL(filePath: "Llama-3.1-8B"))
/// let plan = try DetachPlan(checkpoint: checkpoint, layers: .firstAndLast)
/// try plan.execute(to: URL(filePath: "first-and-last"))
/// ```
public struct DetachPlan: WritingPlan {
  /// A tensor that comes along.
  public struct Move: Sendable {
    /// The name in the new checkpoint.
    public let name: String
    /// The tensor in the base.
    public let source: StoredTensor
  }

  /// The base.
  public let checkpoint: Checkpoint
  /// The base's layers, found in its tensors.
  public let layout: DecoderLayout
  /// The base's layer that stands at each new index, ascending.
  public let layers: [Int]
  /// Those of `layers` that come along as a scaffold, not to be trained.
  public let frozenLayers: Set<Int>
  /// The tensors that come along, in the order of the base.
  public let moves: [Move]
  /// What changes in config.json.
  public let configEdits: [ConfigEdit]
  /// The side files that come along, config.json among them.
  public let sideFiles: [String]
  /// The side files that do not, because they hold the base's weights in another form.
  public let leftOut: [String]
  private let config: ConfigText
  private let hashesEverything: Bool

  /// Plans a detachment.
  /// - Parameters:
  ///   - layers: the layers to train.
  ///   - keepFrozen: layers that come along as they are, a scaffold between the trained ones; nil for none.
  ///   - hashesEverything: remembers the tensors left behind by all of their bytes, instead of a few blocks each.
  ///   - force: accepts config fields that look as if they followed the layers and that no rule knows.
  /// - Throws: `SurgeryError` with what is refused and why.
  public init(
    checkpoint: Checkpoint, layers selection: LayerSelection, keepFrozen: LayerSelection? = nil,
    hashesEverything: Bool = false, force: Bool = false
  ) throws {
    let layout = try DecoderLayout(checkpoint)
    let trained = try selection.set(layerCount: layout.layerCount)
    let frozen = try keepFrozen?.set(layerCount: layout.layerCount) ?? []
    if let keepFrozen, let both = frozen.first(where: trained.contains) {
      throw SurgeryError.selection(part: keepFrozen.description, .trainedAndFrozen(layer: both))
    }
    let layers = (trained + frozen).sorted()
    let slicer = try ConfigSlicer(checkpoint.config, layout: layout, order: layers, force: force)
    var moves: [Move] = []
    for (name, tensor) in checkpoint.tensors {
      switch layout.roles[name]! {
      case .layer(let index, _):
        guard let new = layers.firstIndex(of: index) else { continue }
        moves.append(Move(name: layout.renamed(name, toLayer: new), source: tensor))
      case .predictionModule: continue
      default:
        if DecoderNames.layerDimension.contains(where: name.contains) {
          throw SurgeryError.tensorRefused(name: name, .layerDimension)
        }
        moves.append(Move(name: name, source: tensor))
      }
    }
    self.checkpoint = checkpoint
    self.layout = layout
    self.layers = layers
    frozenLayers = Set(frozen)
    self.moves = moves
    self.hashesEverything = hashesEverything
    config = slicer.config
    configEdits = slicer.edits
    sideFiles = checkpoint.sideFiles.filter { !SideFiles.isOtherWeights($0) && !SideFiles.isOwn($0) }
    leftOut = checkpoint.sideFiles.filter { SideFiles.isOtherWeights($0) && !SideFiles.isOwn($0) }
  }

  /// The bytes of the tensors that come along.
  public var byteCount: Int { moves.reduce(0) { $0 + $1.source.byteCount } }

  /// The bytes that the new directory takes.
  public var diskNeeded: Int { byteCount + checkpoint.byteCount(ofSideFiles: sideFiles) }

  /// Writes the detached checkpoint with its surgery.json.
  @discardableResult
  public func execute(to destination: URL, progress: (TransferProgress) throws -> Void) throws -> Bool {
    let output = NewCheckpoint(
      tensors: moves.map { .init(name: $0.name, source: $0.source) }, config: config, source: checkpoint,
      sideFiles: sideFiles)
    return try stage(destination) { directory in
      let digests = try output.writeDigesting(into: directory, progress: progress)
      let manifest = Array((try manifest(digests).json.text + "\n").utf8)
      try writeFile(manifest, to: directory.appending(path: SurgeryManifest.fileName))
    }
  }

  private func manifest(_ digests: [String: String]) throws -> SurgeryManifest {
    let identity = SurgeryManifest.identity(of: checkpoint)
    let carried = Set(moves.map(\.source.name))
    return SurgeryManifest(
      configSHA256: identity.configSHA256, layerCount: layout.layerCount, shards: identity.shards, layers: layers,
      frozenLayers: frozenLayers,
      tensors: moves.map {
        SurgeryManifest.Tensor(
          name: $0.name, baseName: $0.source.name, dtype: $0.source.dtype.name, shape: $0.source.shape,
          sha256: digests[$0.name]!)
      },
      others: try checkpoint.tensors.values.filter { !carried.contains($0.name) }.map {
        ($0.name, hashesEverything ? try TensorDigest.full($0) : try TensorDigest.sampled($0))
      }, isFull: hashesEverything)
  }
}
