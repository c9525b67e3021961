extension SurgeryError: CustomStringConvertible {
  /// The error in words: what is refused, why, and what to do.
  public var description: String {
    switch self {
    case .selection(let part, let problem): "layers '\(part)': \(problem.description)"
    case .notADecoder(let path, let problem):
      "\(path) is not understood as a decoder: \(problem.description); only decoder language models can be operated on"
    case .configRefused(let key, let reason):
      "config.json: '\(key)' cannot follow these layers: \(reason.description)"
    case .tensorRefused(let name, let reason): "tensor '\(name)' cannot follow these layers: \(reason.description)"
    case .several(let errors): errors.map(\.description).joined(separator: "\n")
    case .noManifest(let directory):
      "\(directory) has no surgery.json; give a directory that `elo-surgeon detach` wrote, trained or not"
    case .invalidManifest(let path, let field):
      "\(path): '\(field)' is missing or not what it should be; copy the file again from the detached directory"
    case .wrongManifest(let path, let expected, let found):
      "\(path) records '\(found)', not '\(expected)'; give a directory that `elo-surgeon \(expected)` wrote"
    case .notADelta(let path):
      "\(path) is no delta of trained layers; give a file that `elo-surgeon detach --delta` wrote, or a directory"
    case .wrongBase(let directory, let part):
      "\(directory) is not the checkpoint that the layers were detached from: \(part); give that one"
    case .missingTensor(let name, let directory, let candidates):
      candidates.isEmpty
        ? "\(directory) has no tensor '\(name)'; save the trained model whole and in its original format"
        : """
        \(directory) has no tensor '\(name)', only \(candidates.map { "'\($0)'" }.joined(separator: ", ")); save the \
        trained model under its original names
        """
    case .unexpectedTensor(let name, let directory):
      """
      \(directory) has tensor '\(name)', which has no place in the base; save the trained model alone (merge adapters \
      first) and in its original format
      """
    case .kindMismatch(let name, let expected, let found):
      "tensor '\(name)' is \(found) and \(expected) was expected; save it in that form, or give --cast for another type"
    case .untiedAliases(let first, let second):
      "'\(first)' and '\(second)' are one tensor in this model and differ; train them tied, or delete the stale one"
    case .notFinite(let name, let element):
      "tensor '\(name)' holds NaN or an infinity at element \(element); the training went wrong, use an earlier save"
    case .notNumeric(let name, let dtype):
      "tensor '\(name)' is \(dtype), which cannot be blended or cast; leave --blend and --cast away"
    case .notWidened(let directory, let method?):
      """
      \(directory) has weights quantised by \(method), and only fp8 with scales is converted; take the checkpoint in bf16. \
      inspect, verify, detach, attach, replace, restack and diff work with it as it is
      """
    case .notWidened(let directory, nil):
      "\(directory) has no quantization_config: its weights are not in fp8 and need no conversion"
    case .widenedBeforeDetaching(let directory):
      "\(directory) was detached, and converted layers do not fit its base: convert the base, and detach from the result"
    case .scalesMismatch(let name, let expected, let found):
      """
      '\(name)' is \(found) where its matrix and "weight_block_size" ask for \(expected) in F32, BF16, F16 or F8_E8M0; they \
      belong to different models
      """
    case .layerCountMismatch(let expected, let found):
      "\(expected) layers are to be replaced and \(found) are given; select as many on both sides"
    case .corrupted(let name, let path):
      "'\(name)' in \(path) is not what was read; check that nobody writes to it and that the disk is healthy"
    case .blendOutOfRange(let value): "--blend \(value) is not between 0 and 1; 1 takes the trained layers as they are"
    }
  }
}

extension SurgeryError.SelectionProblem: CustomStringConvertible {
  /// The problem in words, to follow the part.
  public var description: String {
    switch self {
    case .malformed: "this is no layer; write first, last, first:2, last:2, 7, 4..<9, 4...8 or @report.json"
    case .empty: "nothing is selected; give at least one layer"
    case .outOfRange(let layerCount): "the model has layers 0...\(layerCount - 1); choose among them"
    case .repeated(let layer): "layer \(layer) is selected twice; name each layer once"
    case .trainedAndFrozen(let layer):
      "layer \(layer) is to be trained and to be kept frozen; take it out of one of the two selections"
    case .report(let reason): "\(reason); give a report.json with a list under selected_layers"
    }
  }
}

extension SurgeryError.LayoutProblem: CustomStringConvertible {
  /// The problem in words.
  public var description: String {
    switch self {
    case .noLayerCount: "config.json has no num_hidden_layers or its like"
    case .encoderDecoder: "config.json says that it has an encoder too"
    case .noLayers(let layerCount, let found):
      found.isEmpty
        ? "config.json says \(layerCount) layers and no tensor is numbered"
        : "config.json says \(layerCount) layers and the tensors have \(found.joined(separator: ", "))"
    case .ambiguousLayers(let prefixes): "\(prefixes.joined(separator: " and ")) could both be its layers"
    case .surplusLayers(let prefix, let layerCount, let found):
      "config.json says \(layerCount) layers and \(prefix) has \(found)"
    case .emptyLayer(let prefix, let index): "\(prefix)\(index) has no tensors"
    }
  }
}

extension SurgeryError.RefusalReason: CustomStringConvertible {
  /// The reason in words, ending in what to do.
  public var description: String {
    switch self {
    case .layersAreShared: "layers of this model share parts; it cannot be cut"
    case .onePiece(let reason): "\(reason); this model cannot be cut"
    case .layerDimension: "it holds a slice for every layer; this model cannot be cut"
    case .listLength(let expected, let found):
      "it has \(found) items for \(expected) layers; correct config.json"
    case .unreadable(let spelling): "it holds \(spelling), which its family does not have; correct config.json"
    case .notAPrefix(let layers):
      "layers with this attribute must come first and would be \(list(layers)); choose layers that keep them in front"
    case .notPeriodic(let layers):
      "no period describes the new layers \(list(layers)) that have the attribute; choose other layers"
    case .notConsecutive(let layers):
      "the new layers \(list(layers)) that have the attribute are not consecutive; choose other layers"
    case .indexMatters(let layer):
      "the arithmetic depends on a layer's index and layer \(layer) would move; choose leading layers only"
    case .lenderMissing(let layer, let lender):
      "layer \(layer) uses what layer \(lender) computed, which must be the nearest such layer before it; select both"
    case .lastLayerMustBe(let kind, let found):
      "the last layer must be \(kind) and would be \(found); select a last layer that is \(kind)"
    case .unknownPerLayerField:
      "it seems to follow the layers and this family is not known to read it; --force leaves it as it is"
    case .noOutputProjection:
      "no output projections are known whose zeros make a copy of it an identity; leave --identity away"
    case .patternNamesLayers(let pattern):
      "the pattern '\(pattern)' names layers by index; replace it by plain names"
    }
  }

  private func list(_ layers: [Int]) -> String { layers.map(String.init).joined(separator: ", ") }
}
