import JSONText

extension ConfigSlicer {
  /// Applies one rule.
  mutating func apply(_ rule: LayerRule) throws {
    switch rule {
    case .perLayer(let key): try slice(key)
    case .perLayerOrLent(let key, let mark):
      try requireLenders(key, mark)
      try slice(key)
    case .computed(let key, let item): try sliceOrCompute(key, item)
    case .cycle(let key, let absent): try unroll(key, absent)
    case .indices(let key, let origin, let absent): try remap(key, origin: origin, absent: absent)
    case .leading(let key, let absent): try countLeading(key, absent: absent)
    case .constant(let key, let value):
      if let node = reader[key], !node.isNull { try set(key, to: value, reason: "its layers are not carried along") }
    case .denseAmongSparse(let step, let dense): try listDense(step: step, dense: dense)
    case .periodic(let period, let offset, let defaultPeriod, let defaultOffset):
      try fitPeriod(period, offset, defaultPeriod, defaultOffset)
    case .span(let start, let end, let interval): try fitSpan(start, end, interval)
    case .dividedByRootOfCount(let key, let absent):
      let ratio = (Double(order.count) / Double(layout.layerCount)).squareRoot()
      // With null the family takes a value that already follows the count.
      guard ratio != 1, reader[key].map({ !$0.isNull }) ?? true else { return }
      try set(key, to: "\((reader[key]?.double ?? absent) * ratio)", reason: "it is divided by the root of the count")
    case .keyedByLayer(let key): try rekey(key)
    case .runs(let key, let absent): try sliceRuns(key, absent)
    case .fixesIndices(let key):
      guard reader.has(key), reader[key]?.bool != false else { return }
      if let (index, _) = order.enumerated().first(where: { $0 != $1 }) {
        throw refusal(key, .indexMatters(layer: order[index]))
      }
    case .lastLayerMustBe(let kind, let list):
      let path = holder + [list]
      guard let last = config[path: path]?.elements?.last?.string, last != kind else { return }
      throw refusal(list, .lastLayerMustBe(kind, found: last))
    case .multipleOfCount(let key, let factor):
      if reader[key]?.int != nil { try set(key, to: String(factor * order.count), reason: "a multiple of the count") }
    case .sharedLayers(let key):
      guard !isIdentity, let node = reader[key], !node.isNull, node.int != 0, node.bool != false,
        node.elements?.isEmpty != true
      else { return }
      throw refusal(key, .layersAreShared)
    case .onePiece(let reason):
      if !isIdentity { throw refusal("model_type", .onePiece(reason)) }
    case .neutral(let key, let value):
      guard let node = reader[key], !node.isNull, node.int != value else { return }
      throw refusal(key, .unreadable(spelling: reader.spelling(of: node)))
    case .independent: break
    }
  }

  /// An item per layer stands in the file.
  private mutating func slice(_ key: String) throws {
    if let elements = reader[key]?.elements, !elements.isEmpty {
      guard elements.count >= layout.layerCount else {
        throw refusal(key, .listLength(expected: layout.layerCount, found: elements.count))
      }
      // The spellings come from the text as it was read: earlier edits may have moved the bytes.
      let items = elements.map { reader.spelling(of: $0) }
      try set(key, toList: order.map { items[$0] }, reason: "an item per layer")
    } else if let text = reader[key]?.string {
      let letters = Array(text)
      guard letters.count == layout.layerCount else {
        throw refusal(key, .listLength(expected: layout.layerCount, found: letters.count))
      }
      try set(key, to: "\"\(String(order.map { letters[$0] }))\"", reason: "a letter per layer")
    }
  }

  /// Every kept layer that uses another's results must find those of the same layer as before.
  private func requireLenders(_ key: String, _ mark: String) throws(SurgeryError) {
    guard let items = reader[key]?.elements?.map(\.string), items.count >= layout.layerCount else { return }
    for (new, old) in order.enumerated() where items[old] == mark {
      let lender = (0..<old).last { items[$0] != mark }
      let found = order[..<new].last { items[$0] != mark }
      guard lender == found else { throw refusal(key, .lenderMissing(layer: old, lender: lender ?? old)) }
    }
  }

  private mutating func sliceOrCompute(_ key: String, _ item: (ConfigReader, Int) -> String?) throws {
    if let elements = reader[key]?.elements, !elements.isEmpty {
      try slice(key)
      return
    }
    let items = (0..<layout.layerCount).compactMap { item(reader, $0) }
    guard items.count == layout.layerCount else { return }
    let kept = order.map { items[$0] }
    // A kind that all layers share need not be said, unless the family computes another for the new indices.
    let newReader = ConfigReader(object: reader.object, layerCount: order.count, config: reader.config)
    guard Set(items).count > 1 || kept != order.indices.compactMap({ item(newReader, $0) }) else { return }
    try set(key, toList: kept, reason: "what the family computes for the old indices")
  }

  private mutating func unroll(_ key: String, _ absent: [String]) throws {
    let elements = reader[key]?.elements ?? []
    let items = elements.isEmpty ? absent : elements.map { reader.spelling(of: $0) }
    try set(key, toList: order.map { items[$0 % items.count] }, reason: "the cycle at the old indices")
  }

  private mutating func remap(_ key: String, origin: Int, absent: (ConfigReader) -> [Int]?) throws {
    let old: [Int]
    if let node = reader[key], !node.isNull {
      let elements = node.elements ?? []
      old = elements.compactMap(\.int)
      guard node.elements != nil, old.count == elements.count else {
        throw refusal(key, .unreadable(spelling: reader.spelling(of: node)))
      }
    } else if let computed = absent(reader) {
      old = computed.map { $0 + origin }
    } else {
      return
    }
    let marked = Set(old.map { $0 - origin })
    let new = order.indices.filter { marked.contains(order[$0]) }.map { String($0 + origin) }
    try set(key, toList: new, reason: "indices of layers")
  }

  private mutating func countLeading(_ key: String, absent: Int?) throws {
    guard let count = reader[key].map({ $0.int ?? absent }) ?? absent else { return }
    let leading = order.indices.filter { order[$0] < count }
    guard leading == Array(0..<leading.count) else { throw refusal(key, .notAPrefix(layers: leading)) }
    try set(key, to: String(leading.count), reason: "the number of leading layers")
  }

  private mutating func listDense(step stepKey: String, dense denseKey: String) throws {
    guard reader.has(stepKey) || reader.has(denseKey) else { return }
    let step = max(reader.int(stepKey, absent: 1), 1)
    let listed = Set((reader[denseKey]?.elements ?? []).compactMap(\.int))
    let dense = order.indices.filter { listed.contains(order[$0]) || (order[$0] + 1) % step != 0 }
    try set(stepKey, to: "1", reason: "the list of dense layers alone says it")
    try set(denseKey, toList: dense.map(String.init), reason: "indices of dense layers")
  }

  private mutating func fitPeriod(
    _ periodKey: String, _ offsetKey: String, _ defaultPeriod: Int, _ defaultOffset: Int
  ) throws {
    let period = max(reader.int(periodKey, absent: defaultPeriod), 1)
    let offset = reader.int(offsetKey, absent: defaultOffset)
    let marked = order.indices.filter { order[$0] % period == offset }
    // Beyond the last layer a period marks a single layer, or none with an offset behind it.
    for candidate in [period] + Array(1...order.count + 1) {
      for shift in 0..<candidate where order.indices.filter({ $0 % candidate == shift }) == marked {
        try set(periodKey, to: String(candidate), reason: "a period that fits the new indices")
        try set(offsetKey, to: String(shift), reason: "a period that fits the new indices")
        return
      }
    }
    throw refusal(periodKey, .notPeriodic(layers: marked))
  }

  private mutating func fitSpan(_ startKey: String, _ endKey: String, _ intervalKey: String) throws {
    let interval = max(reader.int(intervalKey, absent: 1), 1)
    let start = reader.int(startKey, absent: 1)
    let end = reader.int(endKey, absent: -1) == -1 ? layout.layerCount - 1 : reader.int(endKey, absent: -1)
    let marked = order.indices.filter {
      (order[$0] + 1) % interval == 0 && order[$0] >= start && order[$0] <= end
    }
    // A span behind the last layer has no layer in it.
    let (first, last) = (marked.first ?? order.count, marked.last ?? order.count)
    guard marked.isEmpty || marked == Array(first...last) else {
      throw refusal(startKey, .notConsecutive(layers: marked))
    }
    try set(startKey, to: String(first), reason: "the first layer with experts")
    try set(endKey, to: String(last), reason: "the last layer with experts")
    try set(intervalKey, to: "1", reason: "the layers with experts are consecutive")
  }

  private mutating func rekey(_ key: String) throws {
    guard let node = reader[key], let members = node.members else { return }
    let values = Dictionary(members.map { ($0.key, reader.spelling(of: $0.value)) }, uniquingKeysWith: { $1 })
    let new = order.indices.compactMap { index in values[String(order[index])].map { "\"\(index)\": \($0)" } }
    try set(key, to: "{\(new.joined(separator: ", "))}", reason: "keys are indices of layers")
  }

  private mutating func sliceRuns(_ key: String, _ absent: [String]) throws {
    guard let node = reader[key], let runs = node.elements else {
      let new = order.map { absent[$0 % absent.count] }.joined(separator: ", ")
      try set(key, to: "[[[\(new)], 1]]", reason: "what the family computes for the old indices")
      return
    }
    var items: [String] = []
    for run in runs {
      guard let parts = run.elements, parts.count == 2, let kinds = parts[0].elements, let count = parts[1].int,
        count >= 0, count <= layout.layerCount
      else { throw refusal(key, .unreadable(spelling: reader.spelling(of: node))) }
      for _ in 0..<count { items += kinds.map { reader.spelling(of: $0) } }
    }
    guard items.count == layout.layerCount else {
      throw refusal(key, .listLength(expected: layout.layerCount, found: items.count))
    }
    let new = order.map { items[$0] }.joined(separator: ", ")
    try set(key, to: "[[[\(new)], 1]]", reason: "the kinds of the old indices")
  }
}
