/// A choice of layers in the words of another tool.
public enum LayerExport: String, Sendable, Hashable, CaseIterable {
  /// `unfrozen_parameters` as Spectrum writes them and Axolotl reads them.
  case spectrum
  /// Settings of a LoRA for PEFT.
  case peft
  /// A configuration for mergekit that cuts the layers out.
  case mergekit

  /// What the file is called.
  public var fileName: String {
    switch self {
    case .spectrum: "unfrozen_parameters.yaml"
    case .peft: "peft_lora.json"
    case .mergekit: "mergekit_slices.yaml"
    }
  }

  /// The file's text.
  /// - Parameter layers: ascending, at least one.
  public func text(_ layers: [Int], of model: ModelOutline) -> String {
    precondition(!layers.isEmpty, "no layers to export")
    return switch self {
    case .spectrum: unfrozenParameters(layers, of: model)
    case .peft: loraSettings(layers, of: model)
    case .mergekit: mergeSlices(layers, of: model)
    }
  }
}
