import Checkpoints
import Foundation
import JSONText

/// Putting layers of one checkpoint in the place of layers of another of the same shape.
///
/// Files, config and everything else stay the receiver's.
public struct ReplacePlan: WritingPlan {
  /// A tensor of the receiver with the donor's.
  public struct Move: Sendable {
    /// The tensor that is replaced.
    public let base: StoredTensor
    /// The tensor that takes its place.
    public let donor: StoredTensor
  }

  /// The receiver.
  public let checkpoint: Checkpoint
  /// Where the layers come from.
  public let donor: Checkpoint
  /// The receiver's layers with the donor's layer for each.
  public let pairs: [(layer: Int, donorLayer: Int)]
  /// The tensors that change.
  public let moves: [Move]

  /// Plans a replacement.
  /// - Parameter donorLayers: the donor's layers, as many as `layers`; the same ones when not given.
  /// - Throws: `layerCountMismatch`, `missingTensor`, `unexpectedTensor`, `kindMismatch`, `configRefused` when a layer
  ///   has another kind of attention, experts or the like in the donor.
  public init(
    checkpoint: Checkpoint, layers: LayerSelection, donor: Checkpoint, donorLayers: LayerSelection? = nil
  ) throws(SurgeryError) {
    let layout = try DecoderLayout(checkpoint)
    let donorLayout = try DecoderLayout(donor)
    let receiving = try layers.set(layerCount: layout.layerCount)
    let giving = try (donorLayers ?? layers).set(layerCount: donorLayout.layerCount)
    guard receiving.count == giving.count else {
      throw .layerCountMismatch(expected: receiving.count, found: giving.count)
    }
    let attributes = layout.reader(of: checkpoint.config).perLayerAttributes(layout.family)
    let donorAttributes = Dictionary(
      uniqueKeysWithValues: donorLayout.reader(of: donor.config).perLayerAttributes(donorLayout.family)
        .map { ($0.key, $0.items) })
    var moves: [Move] = []
    for (layer, donorLayer) in zip(receiving, giving) {
      for (key, items) in attributes where donorAttributes[key].map({ $0[donorLayer] != items[layer] }) ?? false {
        throw .configRefused(
          key: key, .unreadable(spelling: "\(donorAttributes[key]![donorLayer]) in the donor's layer"))
      }
      var donated = donorLayout.tensors(ofLayer: donorLayer, in: donor)
      for (rest, base) in layout.tensors(ofLayer: layer, in: checkpoint) {
        guard let tensor = donated.removeValue(forKey: rest) else {
          throw .missingTensor(
            name: "\(donorLayout.layerPrefix)\(donorLayer).\(rest)",
            directory: donor.directory.path(percentEncoded: false), candidates: [])
        }
        guard tensor.kind == base.kind else {
          throw .kindMismatch(name: tensor.name, expected: base.kind, found: tensor.kind)
        }
        moves.append(Move(base: base, donor: tensor))
      }
      if let surplus = donated.values.first {
        throw .unexpectedTensor(name: surplus.name, directory: donor.directory.path(percentEncoded: false))
      }
    }
    self.checkpoint = checkpoint
    self.donor = donor
    self.moves = moves
    pairs = zip(receiving, giving).map { (layer: $0, donorLayer: $1) }
  }

  private func isCopied(_ sideFile: String) -> Bool {
    !SideFiles.isOtherWeights(sideFile) && !SideFiles.isOwn(sideFile)
  }

  /// The bytes that the new directory takes.
  public var diskNeeded: Int {
    checkpoint.shardBytes + checkpoint.byteCount(ofSideFiles: checkpoint.sideFiles.filter(isCopied))
  }

  /// Writes the receiver with the donor's layers.
  @discardableResult
  public func execute(to destination: URL, progress: (TransferProgress) throws -> Void) throws -> Bool {
    let contents = Dictionary(uniqueKeysWithValues: moves.map { ($0.base.name, TensorContent.mapped($0.donor)) })
    return try stage(destination) {
      try rewriteCheckpoint(
        source: checkpoint, replacing: contents, into: $0, including: isCopied, progress: progress)
    }
  }

  /// The plan as JSON, for `--dry-run`.
  public var json: JSONValue {
    [
      "operation": "replace", "checkpoint": .string(checkpoint.directory.path(percentEncoded: false)),
      "donor": .string(donor.directory.path(percentEncoded: false)),
      "layers": .array(pairs.map { ["layer": .integer($0.layer), "donor_layer": .integer($0.donorLayer)] }),
      "disk_needed": .integer(diskNeeded),
      "tensors": .array(moves.map { ["name": .string($0.base.name), "from": .string($0.donor.name)] }),
    ]
  }

  /// The plan in lines for people.
  public var lines: [String] {
    pairs.map { "layer \($0.layer) from the donor's layer \($0.donorLayer)" }
      + moves.map { "  \($0.donor.name) -> \($0.base.name)  \($0.base.kind)" } + [
        "\(moves.count) tensors, \(byteCountText(diskNeeded)) of disk needed"
      ]
  }
}

extension DecoderLayout {
  /// A layer's tensors by their names behind the layer's number.
  func tensors(ofLayer layer: Int, in checkpoint: Checkpoint) -> [String: StoredTensor] {
    var tensors: [String: StoredTensor] = [:]
    for (name, role) in roles {
      if case .layer(layer, let rest) = role { tensors[rest] = checkpoint.tensors[name] }
    }
    return tensors
  }
}
