import Checkpoints
import Decoders
import ELOTrain
import Foundation
import ModelSurgery
import Tokenizers

/// What a trainer has to be told of a detached checkpoint.
///
/// Names are those of the model as `transformers` builds it, which in some families are not the checkpoint's.
public struct DetachedModel: Sendable, Hashable {
  /// The directory, absolute.
  public let directory: URL
  /// The module that holds the layers, `model.layers` in most families.
  public let layerList: String
  /// Number of layers.
  public let layerCount: Int
  /// Indices of the layers that are trained, ascending.
  public let trained: [Int]
  /// The modules outside the layers, with weights that stay frozen: embedding, norms, head.
  public let outerModules: [String]
  /// The layers that bridges follow, ascending, -1 being the embedding; empty without bridges.
  public let bridgesAfter: [Int]
  /// The id before every document.
  public let prefixToken: UInt32
  /// The id behind every document, nil for none.
  public let endToken: UInt32?

  /// Reads a directory that a detachment wrote.
  /// - Throws: `TrainingError.notDetached`; `CheckpointError`, `SurgeryError`, `TokenizerError`;
  ///   `RecipeError.bridgeDoesNotFit`.
  public init(directory: URL) throws {
    let checkpoint = try Checkpoint(directory: directory.absoluteURL.standardizedFileURL)
    guard checkpoint.sideFiles.contains("surgery.json") else { throw TrainingError.notDetached(checkpoint.directory) }
    self.directory = checkpoint.directory
    let layout = try DecoderLayout(checkpoint)
    let names = Self.names(of: checkpoint, layout)
    layerList = names.layerList
    outerModules = names.outer
    layerCount = layout.layerCount
    trained = try DetachedLayers(directory: directory).trained
    let tokenizer = try Tokenizer(directory: directory)
    let special = try SpecialTokens(directory: directory, tokenizer: tokenizer)
    prefixToken = special.prefix
    endToken = special.eos
    bridgesAfter = try Self.bridges(in: checkpoint.directory, layerCount: layout.layerCount)
  }

  /// Where the bridges are.
  public var bridgeFile: URL { BridgeFile.weights(in: directory) }

  /// Indices of the layers that stay frozen, ascending.
  public var frozen: [Int] { (0..<layerCount).filter { !trained.contains($0) } }

  /// What the names of all trained parameters begin with, and those of no other.
  public var trainedPrefixes: [String] {
    frozen.isEmpty ? ["\(layerList)."] : trained.map { "\(layerList).\($0)." }
  }

  /// The modules that stay frozen, scaffold included.
  public var frozenModules: [String] { outerModules + frozen.map { "\(layerList).\($0)" } }

  private static func names(of checkpoint: Checkpoint, _ layout: DecoderLayout) -> (layerList: String, outer: [String])
  {
    var outer: [String] = []
    func add(_ name: String) {
      let module = name.split(separator: ".").dropLast().joined(separator: ".")
      if !outer.contains(module) { outer.append(module) }
    }
    let heads = layout.names(of: .head)
    do {
      let decoder = try Decoder(checkpoint, device: CPUDevice(threads: 1))
      let inner = Set(decoder.layers.flatMap(\.parameters).map(ObjectIdentifier.init))
      for parameter in decoder.parameters
      where parameter.name.hasSuffix(".weight") && !inner.contains(ObjectIdentifier(parameter))
        && !heads.contains(parameter.name)
      {
        outer.append(decoder.moduleName(parameter))
      }
      // A head has no prefix in any family.
      heads.forEach(add)
      let first = decoder.builtNames(of: decoder.layers[0].parameters, layer: 0)[0]
      let list = first.split(separator: ".").prefix { $0 != "0" }.joined(separator: ".")
      return (list, outer)
    } catch {
      // A family that is not computed here: the checkpoint's own names are the best that is known.
      for (name, role) in layout.roles {
        if case .layer = role { continue }
        add(name)
      }
      return (String(layout.layerPrefix.dropLast()), outer)
    }
  }

  private static func bridges(in directory: URL, layerCount: Int) throws -> [Int] {
    guard BridgeFile.exists(in: directory) else { return [] }
    let url = BridgeFile.weights(in: directory)
    let file = try MappedFile(url)
    let header = try file.withUnsafeBytes { try SafetensorsHeader(file: $0, path: url.path) }
    return try header.entries.map(\.name).filter { $0.hasSuffix(".weight") }.map { name in
      guard let after = Int(name.split(separator: ".").dropFirst().first ?? ""), (-1..<layerCount).contains(after)
      else { throw RecipeError.bridgeDoesNotFit(url, tensor: name) }
      return after
    }.sorted()
  }
}
