/// Why an operation on a checkpoint is refused.
public enum SurgeryError: Error, Equatable, Sendable {
  /// A layer selection cannot be read or does not fit the model; `part` is the piece between commas.
  case selection(part: String, SelectionProblem)
  /// The checkpoint is not understood as a decoder.
  case notADecoder(path: String, LayoutProblem)
  /// A config field follows the layers in a way that the selected layers cannot keep.
  case configRefused(key: String, RefusalReason)
  /// A tensor follows the layers in a way that the selected layers cannot keep.
  case tensorRefused(name: String, RefusalReason)
  /// More than one thing is refused.
  case several([SurgeryError])
  /// The directory has no surgery.json.
  case noManifest(directory: String)
  /// surgery.json lacks a field or holds something else there.
  case invalidManifest(path: String, field: String)
  /// surgery.json was written by another operation than the one that can be undone.
  case wrongManifest(path: String, expected: String, found: String)
  /// The file is no delta of trained layers.
  case notADelta(path: String)
  /// The base is another one than the layers were detached from; `part` says where they differ.
  case wrongBase(directory: String, part: String)
  /// A tensor that the trained checkpoint should have is not there.
  case missingTensor(name: String, directory: String, candidates: [String])
  /// The trained checkpoint has a tensor that has no place in the base.
  case unexpectedTensor(name: String, directory: String)
  /// Two tensors that must be of one kind are not.
  case kindMismatch(name: String, expected: String, found: String)
  /// The model ties two tensors that differ in the trained checkpoint.
  case untiedAliases(first: String, second: String)
  /// A trained tensor holds NaN or an infinity.
  case notFinite(name: String, element: Int)
  /// The values of this type cannot be computed with, as blending and casting must.
  case notNumeric(name: String, dtype: String)
  /// The weights are not in fp8, but quantised by another method or, where it is nil, not at all.
  case notWidened(directory: String, method: String?)
  /// The checkpoint was detached from one in fp8.
  case widenedBeforeDetaching(directory: String)
  /// The scales of a matrix in fp8 do not fit it.
  case scalesMismatch(name: String, expected: [Int], found: String)
  /// The checkpoints have different numbers of layers to pair.
  case layerCountMismatch(expected: Int, found: Int)
  /// What was written is not what was read: the source changed meanwhile, or the disk fails.
  case corrupted(name: String, path: String)
  /// A blend factor that is no number between 0 and 1.
  case blendOutOfRange(Double)

  /// Whether the command was given wrongly, rather than the files being wrong.
  public var isWrongUsage: Bool {
    switch self {
    case .selection, .blendOutOfRange, .layerCountMismatch: true
    default: false
    }
  }

  /// What is wrong with a part of a layer selection.
  public enum SelectionProblem: Equatable, Sendable {
    /// It is no layer, no range and no name.
    case malformed
    /// It selects nothing.
    case empty
    /// It reaches beyond the model's layers.
    case outOfRange(layerCount: Int)
    /// It selects a layer that is selected already.
    case repeated(layer: Int)
    /// It is to be trained and kept frozen at once.
    case trainedAndFrozen(layer: Int)
    /// The report cannot be read, or has no list of layers under `selected_layers`.
    case report(reason: String)
  }

  /// Why a directory is not understood as a decoder.
  public enum LayoutProblem: Equatable, Sendable {
    /// config.json has no count of layers.
    case noLayerCount
    /// The model has an encoder and a decoder.
    case encoderDecoder
    /// No group of tensors is numbered 0..<layerCount; `found` lists the groups with their counts.
    case noLayers(layerCount: Int, found: [String])
    /// Several groups of tensors are numbered 0..<layerCount.
    case ambiguousLayers([String])
    /// There are layers behind the count and no field that says what they are.
    case surplusLayers(prefix: String, layerCount: Int, found: Int)
    /// A layer has no tensors.
    case emptyLayer(prefix: String, index: Int)
  }

  /// Why a field or tensor cannot follow the selected layers.
  public enum RefusalReason: Equatable, Sendable {
    /// The family shares parts between layers or sizes tensors by the number of layers.
    case layersAreShared
    /// The family is one piece, for the reason given.
    case onePiece(String)
    /// One tensor holds a slice for every layer.
    case layerDimension
    /// A list should have an item per layer.
    case listLength(expected: Int, found: Int)
    /// The field holds something else than the family's code reads.
    case unreadable(spelling: String)
    /// Layers with the attribute must come first, and with this selection they would not.
    case notAPrefix(layers: [Int])
    /// No period and offset describe the selected layers.
    case notPeriodic(layers: [Int])
    /// The attribute's layers must be consecutive, and with this selection they would not be.
    case notConsecutive(layers: [Int])
    /// The model's arithmetic depends on a layer's index, and a selected layer would move.
    case indexMatters(layer: Int)
    /// A layer uses what another computed, and that one would not be the nearest such layer before it.
    case lenderMissing(layer: Int, lender: Int)
    /// The last layer must have this attribute.
    case lastLayerMustBe(String, found: String)
    /// The field looks as if it followed the layers and the family is not known to read it.
    case unknownPerLayerField
    /// No projection of the layer is known to write to the residual stream.
    case noOutputProjection
    /// A pattern names layers by index.
    case patternNamesLayers(String)
  }
}
