import JSONText

extension DecoderConfiguration {
  /// Window and rotation of each layer, and the rotations that occur.
  static func layers(
    _ architecture: Architecture, _ keys: ConfigKeys, count: Int, headWidth: Int
  ) throws(DecoderError) -> ([LayerTraits], [RotaryDescription]) {
    let windowed = try windowedLayers(architecture.windows, keys, count: count)
    let window = windowed.contains(true) ? try keys.positive("sliding_window") : nil
    let rotating = try rotatingLayers(architecture.rotaryLayers, keys, windowed)
    var rotaries: [RotaryDescription] = []
    var layers: [LayerTraits] = []
    for index in 0..<count {
      var layer = LayerTraits(window: windowed[index] ? window : nil)
      if case .rotary = architecture.traits.positions, rotating[index] {
        let rotary = try RotaryDescription(
          keys, isWindowed: windowed[index], rule: architecture.rotaryLayers, headWidth: headWidth)
        if !rotaries.contains(rotary) { rotaries.append(rotary) }
        layer.rotary = rotaries.firstIndex(of: rotary)
      }
      layers.append(layer)
    }
    return (layers, rotaries)
  }

  private static func windowedLayers(
    _ rule: WindowRule, _ keys: ConfigKeys, count: Int
  ) throws(DecoderError) -> [Bool] {
    // `null` switches windows off, whatever `layer_types` says.
    let isOff = keys.isSpelled("sliding_window") && keys["sliding_window"] == nil
    switch rule {
    case .none: return Array(repeating: false, count: count)
    case .everywhere:
      let isOn = keys["sliding_window"] != nil || keys.defaults["sliding_window"] != nil
      return Array(repeating: isOn && !isOff, count: count)
    case .byLayer(let pattern):
      guard !isOff else { return Array(repeating: false, count: count) }
      guard let types = try keys.perLayer("layer_types", count: count) else {
        return (0..<count).map { pattern(keys, $0) }
      }
      var windowed: [Bool] = []
      for type in types {
        switch type.string {
        case "full_attention": windowed.append(false)
        case "sliding_attention": windowed.append(true)
        default:
          throw .badValue(
            key: "layer_types", value: keys.spelling(of: type),
            expected: "\"full_attention\" or \"sliding_attention\"")
        }
      }
      return windowed
    }
  }

  private static func rotatingLayers(
    _ rule: RotaryRule, _ keys: ConfigKeys, _ windowed: [Bool]
  ) throws(DecoderError) -> [Bool] {
    switch rule {
    case .all, .byAttention: return windowed.map { _ in true }
    case .windowed: return windowed
    case .windowedOrAll:
      let hasWindow = keys["sliding_window"] != nil || !keys.isSpelled("sliding_window")
      return hasWindow ? windowed : windowed.map { _ in true }
    case .listed:
      guard let list = try keys.perLayer("no_rope_layers", count: windowed.count) else {
        return windowed.indices.map { RotaryRule.listsRotary(keys, $0) }
      }
      return list.map { $0.int != 0 }
    }
  }
}

extension RotaryRule {
  /// Whether a layer rotates by `no_rope_layers` or, without it, by its interval.
  static func listsRotary(_ keys: ConfigKeys, _ layer: Int) -> Bool {
    if let list = keys["no_rope_layers"]?.elements, layer < list.count { return list[layer].int != 0 }
    return (layer + 1) % max(1, keys["no_rope_layer_interval"]?.int ?? 4) != 0
  }
}
