import JSONText

/// Arguments of PEFT's `LoraConfig` that confine an adapter to the layers: `LoraConfig(**settings)`.
///
/// `target_modules` are the layers' matrices by the last part of their module's name, `layers_pattern` what the list of
/// layers is called.
func loraSettings(_ layers: [Int], of model: ModelOutline) -> String {
  var modules: [String] = []
  for name in layers.flatMap({ model.layers[$0].matrices }) {
    let parts = name.split(separator: ".")
    guard parts.last == "weight", let module = parts.dropLast().last.map(String.init) else { continue }
    if !modules.contains(module) { modules.append(module) }
  }
  let settings: JSONValue = .object([
    ("task_type", .string("CAUSAL_LM")), ("target_modules", .strings(modules)),
    ("layers_to_transform", .integers(layers)),
    ("layers_pattern", .string(listName(of: model.layers[layers[0]], layer: layers[0]))),
  ])
  return settings.text + "\n"
}

/// What the model calls its list of layers: `layers` in `model.layers.7.mlp.up_proj.weight`.
private func listName(of layer: ModelOutline.Layer, layer index: Int) -> String {
  let parts = layer.tensors.first?.split(separator: ".") ?? []
  guard let place = parts.firstIndex(of: Substring(String(index))), place > 0 else { return "layers" }
  return String(parts[place - 1])
}
