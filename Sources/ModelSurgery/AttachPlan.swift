import Checkpoints
import Foundation
import OrderedCollections

/// Putting trained layers back into the checkpoint they were detached from.
///
/// Tensors are matched by name, whatever the trained side's sharding; only tensors that training changed are written.
/// The untrained inverse is byte-identical to the base, file by file.
public struct AttachPlan: Sendable {
  /// A tensor of the base with its trained counterpart.
  public struct Move: Sendable {
    /// The tensor in the base.
    public let base: StoredTensor
    /// The tensor that takes its place.
    public let trained: StoredTensor
    /// The digest of the base's tensor when it was detached.
    let untrainedSHA256: String
  }

  /// The trained checkpoint, or the delta file.
  public let trained: URL
  /// The base.
  public let base: Checkpoint
  /// The base's layers that the trained ones go to, in their order.
  public let layers: [Int]
  /// The tensors that may change.
  public let moves: [Move]
  /// Weights of the base in another form, which still hold the untrained layers.
  public let stale: [String]
  /// How much of the training is taken: 0 leaves the base, 1 takes the trained layers as they are.
  public let blend: Double
  /// Pairs of trained tensors that must be equal because the model ties them.
  let aliases: [(first: StoredTensor, second: StoredTensor)]
  let manifest: SurgeryManifest

  /// Plans an attachment from headers, config and surgery.json.
  /// - Parameters:
  ///   - trained: a directory that a detachment wrote, trained or not, with its surgery.json.
  ///   - base: the checkpoint it was detached from.
  ///   - blend: between 0 and 1: base + blend · (trained - base).
  ///   - casts: converts trained tensors to the base's types instead of refusing other types.
  /// - Throws: `SurgeryError` with what is refused and why, `CheckpointError` when surgery.json cannot be read.
  public init(trained: Checkpoint, base: Checkpoint, blend: Double = 1, casts: Bool = false) throws {
    try self.init(
      trained: trained.directory, tensors: trained.tensors, manifest: SurgeryManifest(directory: trained.directory),
      isPartial: false, base: base, blend: blend, casts: casts)
  }

  /// Plans an attachment of the tensors in a delta file; all others stay the base's.
  /// - Parameters:
  ///   - delta: a file that `DeltaFile.write` made.
  ///   - base: the checkpoint that the layers were detached from.
  ///   - blend: between 0 and 1: base + blend · (trained - base).
  ///   - casts: converts trained tensors to the base's types instead of refusing other types.
  /// - Throws: as for a trained checkpoint, and `notADelta`.
  public init(delta: URL, base: Checkpoint, blend: Double = 1, casts: Bool = false) throws {
    let (manifest, tensors) = try DeltaFile.read(delta)
    try self.init(
      trained: delta, tensors: tensors, manifest: manifest, isPartial: true, base: base, blend: blend, casts: casts)
  }

  private init(
    trained: URL, tensors: OrderedDictionary<String, StoredTensor>, manifest: SurgeryManifest, isPartial: Bool,
    base: Checkpoint, blend: Double, casts: Bool
  ) throws {
    guard (0...1).contains(blend) else { throw SurgeryError.blendOutOfRange(blend) }
    let trainedPath = trained.path(percentEncoded: false)
    guard manifest.operation == "detach" else {
      throw SurgeryError.wrongManifest(path: trainedPath, expected: "detach", found: manifest.operation)
    }
    try Self.requireSameHeaders(base, manifest)
    let layout = try DecoderLayout(base)
    let pairing = TrainedNames(manifest, trained: tensors)
    let embedding = manifest.tensors.first { layout.roles[$0.baseName] == .embedding }
    let embeddingName = embedding.flatMap { pairing.trainedName(of: $0.name) }
    let isTied = layout.tiesHead(base.config)

    var moves: [Move] = []
    var aliases: [(first: StoredTensor, second: StoredTensor)] = []
    for tensor in manifest.tensors {
      let baseTensor = try base.tensor(tensor.baseName)
      let role = layout.roles[tensor.baseName]
      let isAlias = role == .head && tensor.sha256 == embedding?.sha256
      let trainedTensor: StoredTensor
      if let name = pairing.trainedName(of: tensor.name) {
        trainedTensor = tensors[name]!
        if isAlias, isTied == true {
          // A delta without the embedding says that training left it alone, and not the head.
          guard let embeddingName else {
            throw SurgeryError.untiedAliases(first: embedding?.name ?? "", second: name)
          }
          aliases.append((tensors[embeddingName]!, trainedTensor))
        }
      } else if isAlias, let embeddingName {
        trainedTensor = tensors[embeddingName]!
      } else if isPartial || DecoderNames.isBuffer(tensor.name) {
        continue
      } else {
        throw SurgeryError.missingTensor(
          name: tensor.name, directory: trainedPath,
          candidates: pairing.candidates(for: tensor.name))
      }
      try Self.requireSameKind(baseTensor, trainedTensor, casts: casts, blends: blend != 1)
      moves.append(Move(base: baseTensor, trained: trainedTensor, untrainedSHA256: tensor.sha256))
    }
    for name in pairing.unpaired where !DecoderNames.isBuffer(name) {
      // A head that the trainer stored though the model ties it.
      guard DecoderNames.isHead(name), layout.names(of: .head).isEmpty, let embeddingName else {
        throw SurgeryError.unexpectedTensor(name: name, directory: trainedPath)
      }
      aliases.append((tensors[embeddingName]!, tensors[name]!))
    }
    self.trained = trained
    self.base = base
    self.blend = blend
    self.moves = moves
    self.aliases = aliases
    self.manifest = manifest
    layers = manifest.layers
    stale = base.sideFiles.filter { SideFiles.isOtherWeights($0) && !SideFiles.isOwn($0) }
  }

  /// The bytes of the tensors that may change.
  public var byteCount: Int { moves.reduce(0) { $0 + $1.base.byteCount } }

  /// The bytes that the whole checkpoint takes when it is written anew.
  ///
  /// In place, the journal takes at most `byteCount`.
  public var diskNeeded: Int {
    base.shardBytes + base.byteCount(ofSideFiles: base.sideFiles + [base.indexName].compactMap(\.self))
  }

  /// Checks what config and headers identify the base by.
  private static func requireSameHeaders(_ base: Checkpoint, _ manifest: SurgeryManifest) throws(SurgeryError) {
    let directory = base.directory.path(percentEncoded: false)
    let identity = SurgeryManifest.identity(of: base)
    guard identity.configSHA256 == manifest.configSHA256 else {
      throw .wrongBase(directory: directory, part: "its config.json differs")
    }
    for (found, expected) in zip(identity.shards, manifest.shards) where found != expected {
      throw .wrongBase(directory: directory, part: "the header of \(found.name) differs")
    }
    guard identity.shards.count == manifest.shards.count else {
      throw .wrongBase(
        directory: directory, part: "it has \(identity.shards.count) weights files instead of \(manifest.shards.count)")
    }
  }

  private static func requireSameKind(
    _ base: StoredTensor, _ trained: StoredTensor, casts: Bool, blends: Bool
  ) throws(SurgeryError) {
    guard base.shape == trained.shape, base.dtype == trained.dtype || casts else {
      throw .kindMismatch(name: trained.name, expected: base.kind, found: trained.kind)
    }
    if base.dtype != trained.dtype || blends {
      for tensor in [base, trained] where ScalarFormat(tensor.dtype) == nil {
        throw .notNumeric(name: tensor.name, dtype: tensor.dtype.name)
      }
    }
  }
}

/// Pairs the names of a detached checkpoint with those under which a trainer saved them again.
private struct TrainedNames {
  private var trainedNames: [String: String] = [:]
  private var used = Set<String>()
  private let trained: OrderedDictionary<String, StoredTensor>

  /// The parts that writers put in front of names, or leave out.
  private static let roots = [
    "", "model.", "transformer.", "gpt_neox.", "language_model.", "model.language_model.", "language_model.model.",
  ]

  init(_ manifest: SurgeryManifest, trained: OrderedDictionary<String, StoredTensor>) {
    self.trained = trained
    for tensor in manifest.tensors where trained[tensor.name] != nil {
      trainedNames[tensor.name] = tensor.name
      used.insert(tensor.name)
    }
    for tensor in manifest.tensors where trainedNames[tensor.name] == nil {
      let found = candidates(for: tensor.name)
      guard found.count == 1 else { continue }
      trainedNames[tensor.name] = found[0]
      used.insert(found[0])
    }
  }

  func trainedName(of name: String) -> String? { trainedNames[name] }

  /// The trained tensors that no name is paired with.
  var unpaired: [String] { trained.keys.filter { !used.contains($0) } }

  /// The unpaired trained tensors that could be `name` under another root.
  func candidates(for name: String) -> [String] {
    var found: [String] = []
    for root in Self.roots where name.hasPrefix(root) {
      for other in Self.roots {
        let candidate = other + name.dropFirst(root.count)
        if trained[candidate] != nil, !used.contains(candidate), !found.contains(candidate) {
          found.append(candidate)
        }
      }
    }
    return found
  }
}
