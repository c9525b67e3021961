import Checkpoints
import Decoders
import Foundation

/// The adapters of a trained model in a folder that PEFT loads: `adapter_config.json`, `adapter_model.safetensors`.
///
/// The folder lies below the merged checkpoint: beside its weights every loader would take the adapters for part of them.
enum AdapterFile {
  /// The folder's name.
  static let folder = "adapter"
  private static let configName = "adapter_config.json"
  private static let weightsName = "adapter_model.safetensors"
  /// Paths below the checkpoint.
  static let paths = [configName, weightsName].map { "\(folder)/\($0)" }

  /// PEFT's `LoraConfig`, in camel case; those of its keys that say something.
  private struct Config: Encodable {
    let peftType = "LORA"
    let taskType = "CAUSAL_LM"
    let baseModelNameOrPath: String
    let r: Int
    let loraAlpha: Double
    let loraDropout = 0.0
    let bias = "none"
    let fanInFanOut: Bool
    let targetModules: [String]
    let targetParameters: [String]?
    let initLoraWeights = true
    let inferenceMode = true
  }

  /// Writes the folder into an existing directory.
  /// - Parameter base: the checkpoint that the adapters belong to, as it was named.
  /// - Throws: `CheckpointError`.
  static func write(_ decoder: Decoders.Decoder, _ options: LowRankOptions, base: URL, into directory: URL) throws {
    let place = directory.appending(path: folder)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let tensors = decoder.adapters.flatMap { [$0.a, $0.b] }.map { matrix in
      (name: matrix.name, content: decoder.device.content(of: matrix.value, shape: matrix.shape, as: .f32))
    }
    try writeSafetensors(to: place.appending(path: weightsName), tensors: tensors)
    let (modules, parameters) = targets(of: decoder, options)
    let config = Config(
      baseModelNameOrPath: base.path(percentEncoded: false), r: options.rank, loraAlpha: options.alpha,
      fanInFanOut: decoder.storesMatricesTransposed, targetModules: modules,
      targetParameters: parameters.isEmpty ? nil : parameters)
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try writeFile(Array(encoder.encode(config)), to: place.appending(path: configName))
  }

  /// What PEFT finds exactly these matrices by: modules by the ends of names when all layers have adapters, else by whole
  /// names; and parameters.
  ///
  /// In a model with experts PEFT takes the names of an MLP's modules for the experts', so MLPs of layers without are given
  /// by their parameters.
  private static func targets(
    of decoder: Decoders.Decoder, _ options: LowRankOptions
  ) -> (modules: [String], parameters: [String]) {
    let hasExperts = decoder.configuration.experts != nil
    var (modules, parameters): ([Parameter], [Parameter]) = ([], [])
    for layer in decoder.layers {
      let mlp = Set(layer.mlpParameters.map(\.name))
      for matrix in decoder.adaptableMatrices(layer: layer.index) where matrix.adapter != nil {
        if hasExperts, case .dense = layer.mlp, mlp.contains(matrix.name) {
          parameters.append(matrix)
        } else {
          modules.append(matrix)
        }
      }
    }
    let isEverywhere = decoder.layers.indices.allSatisfy { layer in
      decoder.adaptableMatrices(layer: layer).contains { $0.adapter != nil }
    }
    let ends =
      options.targets.isEmpty
      ? LowRankOptions.ends(of: modules, decoder)
      : options.targets.filter { target in
        modules.contains { LowRankOptions.matches(decoder.moduleName($0), target) }
      }
    return (
      isEverywhere ? ends : modules.map(decoder.moduleName), parameters.map { decoder.moduleName($0) + ".weight" }
    )
  }
}
