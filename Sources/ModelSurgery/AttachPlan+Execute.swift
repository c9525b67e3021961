import Checkpoints
import Foundation
import JSONText

extension AttachPlan {
  /// What an attachment did.
  public struct Outcome: Sendable {
    /// The base's tensors whose bytes changed.
    public let changed: [String]
    /// Whether the remains of an earlier, unfinished run were removed.
    public let removedStale: Bool
  }

  /// Writes the base with the trained tensors in place.
  ///
  /// Everything that can be refused is refused before the first byte is written.
  /// - Parameters:
  ///   - destination: must not exist, or be empty; appears complete or not at all.
  ///   - records: adds a surgery.json that says what was attached.
  ///   - progress: called as bytes are checked, then as they are written.
  /// - Throws: `wrongBase`, `untiedAliases`, `notFinite`; `CheckpointError` when files cannot be read or written.
  @discardableResult
  public func execute(
    to destination: URL, records: Bool = false, progress: (TransferProgress) throws -> Void = { _ in }
  ) throws -> Outcome {
    let written = base.shardBytes
    let checked = 2 * byteCount
    let total = written + checked
    let replacements = try replacements { try progress(TransferProgress(completed: $0, total: total)) }
    let staged = try StagedDirectory(for: destination, byteCount: diskNeeded)
    try rewriteCheckpoint(
      source: base, replacing: replacements, into: staged.url,
      including: { !records || $0 != SurgeryManifest.fileName }
    ) { try progress(TransferProgress(completed: checked + $0.completed, total: total)) }
    if records { try writeFile(record(changed: replacements.keys.sorted()), to: manifestURL(staged.url)) }
    let outcome = Outcome(changed: replacements.keys.sorted(), removedStale: staged.removedStale)
    try staged.commit()
    return outcome
  }

  /// Patches the base where it lies: only the bytes of changed tensors are written.
  ///
  /// An earlier run that was interrupted must have been rolled back (`InPlacePatch.rollBack`) before the base was opened.
  /// - Returns: what changed, nil when the base holds the trained layers already.
  /// - Throws: as `execute(to:)`, and `CheckpointError.notPatchable`; the old state is back then.
  public func executeInPlace(progress: (TransferProgress) throws -> Void = { _ in }) throws -> Outcome? {
    if try isAttached() { return nil }
    let total = 3 * byteCount
    let replacements = try replacements { try progress(TransferProgress(completed: $0, total: total)) }
    let digests = DigestCollector()
    let contents = Dictionary(
      uniqueKeysWithValues: replacements.map { ($0, digests.content($1, name: $0)) })
    try InPlacePatch.apply(contents, to: base) {
      try progress(TransferProgress(completed: 2 * byteCount + $0.completed, total: total))
    } verify: {
      for (name, written) in digests.all {
        let tensor = try base.tensor(name)
        guard try TensorDigest.full(tensor) == written else {
          throw SurgeryError.corrupted(name: name, path: tensor.file.url.path(percentEncoded: false))
        }
      }
    }
    return Outcome(changed: replacements.keys.sorted(), removedStale: false)
  }

  /// Whether the base's layers are what attaching would make of them, and not what they were when detached.
  ///
  /// A blend cannot be recognised: what it made of the base depends on what the base was.
  private func isAttached() throws -> Bool {
    guard blend == 1 else { return false }
    var isChanged = false
    for move in moves {
      let found = try TensorDigest.full(move.base)
      let digests = DigestCollector()
      try digests.content(content(of: move), name: move.base.name).produce { _ in }
      guard found == digests.all[move.base.name] else { return false }
      isChanged = isChanged || found != move.untrainedSHA256
    }
    return isChanged
  }

  private func manifestURL(_ directory: URL) -> URL { directory.appending(path: SurgeryManifest.fileName) }

  private func record(changed: [String]) throws -> [UInt8] {
    let casts = Set(
      moves.filter { $0.base.dtype != $0.trained.dtype }.map { "\($0.trained.dtype) to \($0.base.dtype)" })
    let json: JSONValue = [
      "schema_version": .integer(SurgeryManifest.schemaVersion), "operation": "attach",
      "base": ["config_sha256": .string(manifest.configSHA256)], "layers": .integers(layers),
      "blend": .number(blend), "casts": .strings(casts.sorted()), "changed_tensors": .strings(changed),
    ]
    return Array((json.text + "\n").utf8)
  }

  /// Checks base and training wholly and gives the new content of every tensor that changes.
  /// - Parameter progress: told the bytes checked, up to twice `byteCount`.
  func replacements(progress: (Int) throws -> Void) throws -> [String: TensorContent] {
    var contents: [String: TensorContent] = [:]
    // On two processors hashing the base beside the training takes the time of one.
    let found = BackgroundDigests(of: moves.map(\.base))
    defer { found.cancel() }
    var checked = 0
    for move in moves {
      let isTrained = try isTrained(move) { try progress(2 * (checked + $0)) }
      if isTrained { contents[move.base.name] = try content(of: move) }
      checked += move.base.byteCount
    }
    try requireSameBase(found.finish())
    for (first, second) in aliases where try TensorDigest.full(first) != TensorDigest.full(second) {
      throw SurgeryError.untiedAliases(first: first.name, second: second.name)
    }
    return contents
  }

  /// Whether training changed a tensor.
  /// - Parameter progress: told the bytes read of this tensor, in those of the base's type.
  /// - Throws: `notFinite` when it did and left a NaN or an infinity.
  private func isTrained(_ move: Move, progress: (Int) throws -> Void) throws -> Bool {
    var digest = TensorDigest(move.trained.dtype, move.trained.shape)
    var element = 0
    var nonFinite: Int?
    try move.trained.forEachChunk { chunk in
      digest.update(chunk)
      if nonFinite == nil, let index = firstNonFinite(chunk, move.trained.dtype) { nonFinite = element + index }
      element += chunk.count * 8 / move.trained.dtype.bitWidth
      try progress(element * move.base.dtype.bitWidth / 8)
    }
    // What training left alone is the base's own, whatever it holds.
    if digest.finish() == move.untrainedSHA256 { return false }
    if let nonFinite { throw SurgeryError.notFinite(name: move.trained.name, element: nonFinite) }
    return true
  }

  /// Checks the bytes that identify the base: all of the detached tensors, samples of the others.
  /// - Parameter found: digests of the base's tensors that have a trained counterpart.
  private func requireSameBase(_ found: [String: String]) throws {
    let directory = base.directory.path(percentEncoded: false)
    for tensor in manifest.tensors {
      let digest = try found[tensor.baseName] ?? TensorDigest.full(base.tensor(tensor.baseName))
      guard digest == tensor.sha256 else {
        // A finished blend leaves another base and nothing to know it by: what it was made of is gone.
        let hint = blend == 1 ? "" : " (if it was blended in place before, nothing is left to do)"
        throw SurgeryError.wrongBase(directory: directory, part: "tensor '\(tensor.baseName)' differs\(hint)")
      }
    }
    for (name, expected) in manifest.others {
      let stored = try base.tensor(name)
      guard try expected == (manifest.isFull ? TensorDigest.full(stored) : TensorDigest.sampled(stored)) else {
        throw SurgeryError.wrongBase(directory: directory, part: "tensor '\(name)' differs")
      }
    }
  }

  private func content(of move: Move) throws -> TensorContent {
    let (base, trained, blend) = (move.base, move.trained, blend)
    if base.dtype == trained.dtype, blend == 1 { return .mapped(trained) }
    guard let baseFormat = ScalarFormat(base.dtype), let trainedFormat = ScalarFormat(trained.dtype) else {
      preconditionFailure("\(base.name): \(base.dtype) from \(trained.dtype) was accepted by the plan")
    }
    return .bytes(base.dtype, shape: base.shape) { sink in
      let piece = UnsafeMutableRawBufferPointer.allocate(
        byteCount: StoredTensor.elementsPerPiece * baseFormat.byteWidth, alignment: 64)
      defer { piece.deallocate() }
      try base.forEachPiece(beside: trained) { old, new, start in
        for index in 0..<old.count / baseFormat.byteWidth {
          let target = trainedFormat.value(new, at: index)
          let origin = baseFormat.value(old, at: index)
          baseFormat.store(blend == 1 ? target : origin + blend * (target - origin), to: piece, at: index)
        }
        let made = UnsafeRawBufferPointer(rebasing: piece[..<old.count])
        if let index = firstNonFinite(made, base.dtype) {
          throw SurgeryError.notFinite(name: base.name, element: start + index)
        }
        try sink(made)
      }
    }
  }
}
