import Checkpoints
import JSONText

extension ConfigSlicer {
  /// Renumbers the layers that a quantisation config names, such as the modules it leaves alone.
  ///
  /// Names of layers that go are left out, names of repeated layers are repeated. Wildcards and names without a layer
  /// stay. A regular expression that names a layer by its number is refused.
  mutating func renumberQuantizationNames() throws {
    for holder in layout.configPath.isEmpty ? [[]] : [[], layout.configPath] {
      for key in ["modules_to_not_convert", "llm_int8_skip_modules", "ignore", "skip_modules", "ignored_layers"] {
        let path = holder + ["quantization_config", key]
        guard let elements = config[path: path]?.elements, !elements.isEmpty else { continue }
        var new: [String] = []
        for element in elements {
          new += try renumbered(element, key: path.joined(separator: "."))
        }
        let old = elements.map { config.spelling(of: $0) }
        guard new != old else { continue }
        let edit = ConfigEdit(
          key: path.joined(separator: "."), old: config.spelling(of: config[path: path]!),
          new: "[\(new.joined(separator: ", "))]", reason: "names of modules hold the numbers of layers")
        try config.set(path, toList: new)
        edits.append(edit)
      }
    }
  }

  /// The spellings that take the place of one name.
  private func renumbered(_ element: JSONNode, key: String) throws(SurgeryError) -> [String] {
    let spelling = config.spelling(of: element)
    guard let name = element.string else { return [spelling] }
    if name.hasPrefix("re:") {
      // A number behind a container, escaped dots or not.
      let plain = name.replacing("\\", with: "")
      guard numberedLayer(in: String(plain.dropFirst(3))) == nil else {
        throw .configRefused(key: key, .patternNamesLayers(name))
      }
      return [spelling]
    }
    guard let (prefix, index, rest) = numberedLayer(in: name) else { return [spelling] }
    return order.indices.filter { order[$0] == index }.map { "\(prefix)\($0)\(rest)".jsonSpelling }
  }

  /// The layer that a module's name belongs to; a name may end with the number and may lack leading parts.
  private func numberedLayer(in name: String) -> (prefix: String, index: Int, rest: String)? {
    guard let (prefix, index, rest) = DecoderLayout.numbered(name + "._._"),
      layout.layerPrefix.hasSuffix(prefix) || prefix.hasSuffix(layout.layerPrefix)
    else { return nil }
    let tail = rest.dropLast(rest == "_._" ? 3 : 4)
    return (prefix, index, tail.isEmpty ? "" : ".\(tail)")
  }
}
