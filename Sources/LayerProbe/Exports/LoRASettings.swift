import JSONText

/// Arguments of PEFT's `LoraConfig` that confine an adapter to the layers: `LoraConfig(**settings)`.
///
/// `target_modules` are the layers' matrices by the last part of their module's name, `layers_pattern` what the list of
/// layers is called. Experts of a layer are one tensor and no modules, so they stand under `target_parameters` by whole
/// names, which `layers_to_transform` does not confine. In such a model PEFT takes the names of an MLP's modules for those
/// of all experts in all layers, so the MLPs of layers without experts stand there too.
func loraSettings(_ layers: [Int], of model: ModelOutline) -> String {
  let matrices = layers.flatMap { model.layers[$0].matrices }
  let hasExperts = model.layers.flatMap(\.matrices).contains { !$0.hasSuffix(".weight") }
  var modules: [String] = []
  var parameters: [String] = []
  for name in matrices {
    let parts = name.split(separator: ".")
    if hasExperts && parts.contains("mlp") {
      parameters.append(name)
    } else if let module = parts.dropLast().last.map(String.init), !modules.contains(module) {
      modules.append(module)
    }
  }
  var settings: [(String, JSONValue)] = [
    ("task_type", .string("CAUSAL_LM")), ("target_modules", .strings(modules)),
    ("layers_to_transform", .integers(layers)),
    ("layers_pattern", .string(listName(of: model.layers[layers[0]], layer: layers[0]))),
  ]
  if !parameters.isEmpty { settings.append(("target_parameters", .strings(parameters))) }
  return JSONValue.object(settings).text + "\n"
}

/// What the model calls its list of layers: `layers` in `model.layers.7.mlp.up_proj.weight`.
private func listName(of layer: ModelOutline.Layer, layer index: Int) -> String {
  let parts = layer.tensors.first?.split(separator: ".") ?? []
  guard let place = parts.firstIndex(of: Substring(String(index))), place > 0 else { return "layers" }
  return String(parts[place - 1])
}
