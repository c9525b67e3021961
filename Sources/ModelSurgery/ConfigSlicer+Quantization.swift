import Checkpoints
import JSONText

extension ConfigSlicer {
  /// Renumbers the layers that a quantisation config names, such as the modules it leaves alone, wherever the names
  /// stand in it: in lists, or as keys of objects with settings of single modules.
  ///
  /// Names of layers that go are left out, names of repeated layers are repeated. Wildcards and names without a layer
  /// stay. A regular expression that names a layer by its number is refused.
  mutating func renumberQuantizationNames() throws {
    guard !isIdentity else { return }
    for parent in layout.configPath.isEmpty ? [[]] : [[], layout.configPath] {
      for key in ["quantization_config", "compression_config"] { try renumberNames(at: parent + [key]) }
    }
  }

  private mutating func renumberNames(at path: [String]) throws {
    guard let node = config[path: path] else { return }
    let key = path.joined(separator: ".")
    let text = config
    if let elements = node.elements {
      var new: [String] = []
      for element in elements {
        new +=
          try element.string.map { try renumbered($0, key: key).map(\.jsonSpelling) } ?? [text.spelling(of: element)]
      }
      // Names are compared, not spellings, so that an unusual escape is no change.
      guard new != elements.map({ $0.string?.jsonSpelling ?? text.spelling(of: $0) }) else { return }
      try config.set(path, toList: new)
    } else if let members = node.members {
      var new: [(name: String, value: String)] = []
      for member in members {
        let value = text.spelling(of: member.value)
        new += try renumbered(member.key, key: key).map { ($0, value) }
      }
      guard new.map(\.name) != members.map(\.key) else {
        for member in members { try renumberNames(at: path + [member.key]) }
        return
      }
      let object = new.map { "\($0.name.jsonSpelling): \($0.value)" }.joined(separator: ", ")
      try config.set(path, to: "{\(object)}")
    } else {
      return
    }
    edits.append(
      ConfigEdit(
        key: key, old: text.spelling(of: node), new: config[path: path].map { config.spelling(of: $0) } ?? "",
        reason: "names of modules hold the numbers of layers"))
  }

  /// The names that take the place of one.
  private func renumbered(_ name: String, key: String) throws(SurgeryError) -> [String] {
    if ["re:", "-:", "+:"].contains(where: name.hasPrefix) || name.contains(where: { #"\^$()[]|+?"#.contains($0) }) {
      guard !patternNamesLayer(name) else { throw .configRefused(key: key, .patternNamesLayers(name)) }
      return [name]
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    for (position, part) in parts.enumerated().dropLast() where isContainer(part) {
      let digits = parts[position + 1].prefix { $0.isNumber }
      guard !digits.isEmpty else { continue }
      let prefix = parts[...position].joined(separator: ".") + "."
      guard isDecoder(prefix) else { return [name] }
      let rest = parts[(position + 2)...]
      switch parts[position + 1].dropFirst(digits.count) {
      case "":
        let tail = rest.isEmpty ? "" : "." + rest.joined(separator: ".")
        return order.indices.filter { order[$0] == Int(digits) }.map { "\(prefix)\($0)\(tail)" }
      case "*" where rest.isEmpty:
        // `layers.1*` stands for layers 1, 10, 11 and so on, with all that is in them.
        return order.indices.filter { String(order[$0]).hasPrefix(digits) }.map { "\(prefix)\($0).*" }
      default: throw .configRefused(key: key, .patternNamesLayers(name))
      }
    }
    return [name]
  }

  /// Whether a regular expression has anything but a wildcard where a layer's number stands.
  private func patternNamesLayer(_ pattern: String) -> Bool {
    let plain = pattern.replacing("\\.", with: ".").replacing("[.]", with: ".")
    let wildcards = ["[0-9]+", "[0-9]*", "([0-9]+)", "[^.]", "(\\d", "(?:\\d", "(.*)", "(.+)"]
    return DecoderNames.layerContainers.contains { container in
      plain.ranges(of: "\(container).").contains { range in
        let before = plain[..<range.lowerBound]
        let behind = plain[range.upperBound...]
        guard let first = behind.first, first.isNumber || first == "[" || first == "(",
          !(before.last?.isLetter ?? false)
        else { return false }
        return isDecoder(before + "\(container).") && !wildcards.contains(where: behind.hasPrefix)
      }
    }
  }

  /// Whether a part of a name is a word that numbers layers; a wildcard may stand before it.
  private func isContainer(_ part: Substring) -> Bool {
    DecoderNames.layerContainers.contains(String(part.drop { $0 == "*" }))
  }

  /// Whether a container of layers, which may lack leading parts, is the decoder's and no other tower's.
  private func isDecoder(_ prefix: String) -> Bool {
    let bare = String(prefix.drop { "*.".contains($0) })
    return layout.layerPrefix.hasSuffix(bare) || !DecoderNames.otherTowers.contains(where: bare.contains)
  }
}
