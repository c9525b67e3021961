import Checkpoints
import Foundation
import JSONText

/// Building a checkpoint from the layers of another in any order: dropped, repeated, reordered.
///
/// With `makesCopiesIdentities`, every repetition of a layer after its first occurrence gets output projections of
/// zeros, so that it adds nothing to the residual stream until it is trained: block expansion as in LLaMA Pro
/// (arXiv 2401.02415). Depth up-scaling as in SOLAR (arXiv 2312.15166) of 32 layers is the order `0..<24,8..<32`.
public struct RestackPlan: WritingPlan {
  /// A tensor of the new checkpoint.
  public struct Move: Sendable {
    /// The name in the new checkpoint.
    public let name: String
    /// The tensor in the old one.
    public let source: StoredTensor
    /// Whether zeros are written instead of its bytes.
    public let isZeroed: Bool
  }

  /// The source.
  public let checkpoint: Checkpoint
  /// The source's layer that stands at each new index.
  public let order: [Int]
  /// The tensors of the new checkpoint.
  public let moves: [Move]
  /// What changes in config.json.
  public let configEdits: [ConfigEdit]
  private let config: ConfigText

  /// Plans a new order.
  /// - Parameters:
  ///   - order: the source's layers in their new order, repeats allowed.
  ///   - makesCopiesIdentities: writes zeros for the output projections of repeated layers.
  ///   - force: accepts config fields that look as if they followed the layers and that no rule knows.
  /// - Throws: `SurgeryError` with what is refused and why.
  public init(
    checkpoint: Checkpoint, order selection: LayerSelection, makesCopiesIdentities: Bool = false, force: Bool = false
  ) throws {
    let layout = try DecoderLayout(checkpoint)
    let order = try selection.sequence(layerCount: layout.layerCount)
    let slicer = try ConfigSlicer(checkpoint.config, layout: layout, order: order, force: force)
    var moves: [Move] = []
    for (name, tensor) in checkpoint.tensors {
      switch layout.roles[name]! {
      case .layer(let index, let rest):
        let isOutput = layout.family?.isOutputProjection(rest) ?? false
        for (occurrence, new) in order.indices.filter({ order[$0] == index }).enumerated() {
          let isZeroed = makesCopiesIdentities && occurrence > 0 && isOutput
          if isZeroed, ScalarFormat(tensor.dtype) == nil {
            throw SurgeryError.notNumeric(name: name, dtype: tensor.dtype.name)
          }
          moves.append(Move(name: layout.renamed(name, toLayer: new), source: tensor, isZeroed: isZeroed))
        }
      case .predictionModule: continue
      default:
        if DecoderNames.layerDimension.contains(where: name.contains) {
          throw SurgeryError.tensorRefused(name: name, .layerDimension)
        }
        moves.append(Move(name: name, source: tensor, isZeroed: false))
      }
    }
    if makesCopiesIdentities, Set(order).count < order.count {
      // Both the attention and the feed-forward part must fall silent, or the copy is no identity.
      let silenced = Set(moves.filter(\.isZeroed).compactMap { DecoderLayout.numbered($0.name)?.index })
      let copies = order.indices.filter { order[..<$0].contains(order[$0]) }
      if let index = copies.first(where: { !silenced.contains($0) }) {
        throw SurgeryError.tensorRefused(name: "\(layout.layerPrefix)\(order[index])", .noOutputProjection)
      }
    }
    self.checkpoint = checkpoint
    self.order = order
    self.moves = moves
    config = slicer.config
    configEdits = slicer.edits
  }

  /// The bytes of the new tensors.
  public var byteCount: Int { moves.reduce(0) { $0 + $1.source.byteCount } }

  private var sideFiles: [String] {
    checkpoint.sideFiles.filter { !SideFiles.isOtherWeights($0) && !SideFiles.isOwn($0) }
  }

  /// The bytes that the new directory takes.
  public var diskNeeded: Int { byteCount + checkpoint.byteCount(ofSideFiles: sideFiles) }

  /// Writes the new checkpoint.
  @discardableResult
  public func execute(to destination: URL, progress: (TransferProgress) throws -> Void) throws -> Bool {
    let output = NewCheckpoint(
      tensors: moves.map { .init(name: $0.name, source: $0.source, filling: $0.isZeroed ? .zeros : .copied) },
      config: config, source: checkpoint, sideFiles: sideFiles)
    return try stage(destination) { try output.write(into: $0, progress: progress) }
  }

  /// The plan as JSON, for `--dry-run`.
  public var json: JSONValue {
    [
      "operation": "restack", "checkpoint": .string(checkpoint.directory.path(percentEncoded: false)),
      "order": .integers(order), "bytes": .integer(byteCount), "disk_needed": .integer(diskNeeded),
      "tensors": .array(
        moves.map { ["name": .string($0.name), "from": .string($0.source.name), "zeroed": .bool($0.isZeroed)] }),
      "config": .array(configEdits.map(\.json)),
    ]
  }

  /// The plan in lines for people.
  public var lines: [String] {
    ["layers \(order.map(String.init).joined(separator: ", "))"]
      + moves.map { "  \($0.source.name) -> \($0.name)  \($0.isZeroed ? "zeros" : $0.source.kind)" }
      + configEdits.map(\.line) + [
        "\(moves.count) tensors, \(byteCountText(byteCount)), \(byteCountText(diskNeeded)) of disk needed"
      ]
  }
}

extension Family {
  /// Whether a tensor of a layer, named without the layer's number, belongs to an output projection.
  func isOutputProjection(_ rest: String) -> Bool {
    let parts = rest.split(separator: ".")
    return outputProjections.contains { pattern in
      let wanted = pattern.split(separator: ".")
      guard parts.count == wanted.count || parts.count == wanted.count + 1 else { return false }
      // Fused experts hold weight and bias as `down_proj` and `down_proj_bias`.
      return zip(parts, wanted).allSatisfy { part, want in want == "*" || part == want || part == want + "_bias" }
    }
  }
}
