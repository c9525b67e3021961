/// What the model is made of as `transformers` 5 builds it, whose names may be others than the checkpoint's.
extension Decoder {
  /// The module of a matrix.
  ///
  /// An expert's is the one that it had in earlier versions, from which PEFT takes it: now all experts of a layer are in
  /// two tensors.
  public func moduleName(_ parameter: Parameter) -> String {
    String(builtName(parameter.name).dropLast(".weight".count))
  }

  /// The names of some parameters of a layer, each once: several experts are in one tensor.
  public func builtNames(of parameters: [Parameter], layer index: Int) -> [String] {
    var names: [ObjectIdentifier: String] = [:]
    if case .experts(let experts) = layers[index].mlp {
      let layer = configuration.names.prefixes[0] + configuration.names.layer.replacing("#", with: String(index))
      names[ObjectIdentifier(experts.router.weight)] = layer + TensorNames.builtRouter + ".weight"
      for expert in experts.experts {
        for input in [expert.gate, expert.up].compactMap(\.self) {
          names[ObjectIdentifier(input.weight)] = layer + TensorNames.builtExpertInput
        }
        names[ObjectIdentifier(expert.down.weight)] = layer + TensorNames.builtExpertOutput
      }
    }
    var seen: Set<String> = []
    return parameters.map { names[ObjectIdentifier($0)] ?? builtName($0.name) }.filter { seen.insert($0).inserted }
  }

  private func builtName(_ name: String) -> String {
    let names = configuration.names
    if names.areBuiltAsLlamas, let prefix = names.prefixes.first(where: name.hasPrefix) {
      return TensorNames().prefixes[0] + names.built(String(name.dropFirst(prefix.count)))
    }
    switch names.prefixes.first(where: { !$0.isEmpty && name.hasPrefix($0) }) {
    case nil: return names.prefixes[0] + name
    case "decoder.": return "model." + name
    case "language_model.model.": return "model.language_model." + name.dropFirst("language_model.model.".count)
    case .some: return name
    }
  }
}
