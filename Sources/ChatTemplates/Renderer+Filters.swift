import Foundation

// Filters and tests, as Jinja's documentation has them.

extension Renderer {
  mutating func filter(
    _ name: String, _ value: TemplateValue, _ arguments: CallArguments
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "trim": return .string(CodePoints(value.text).stripped(of: arguments.text(0, "chars")))
    case "upper": return .string(value.text.uppercased())
    case "lower": return .string(value.text.lowercased())
    case "title": return .string(CodePoints(value.text).titled())
    case "capitalize": return .string(CodePoints(value.text).capitalized())
    case "string", "safe": return .string(value.text)
    case "escape", "e": throw unsupported("the filter \(name)")
    case "length", "count":
      switch value {
      case .string(let text): return .integer(text.unicodeScalars.count)
      case .list(let items): return .integer(items.count)
      case .object(let members): return .integer(members.count)
      case .undefined: return .integer(0)
      default: throw problem("\(value.kind) has no length")
      }
    case "default", "d":
      let replacesFalse = arguments.value(1, "boolean")?.isTrue == true
      let fallback = arguments.value(0, "default_value") ?? .string("")
      if case .undefined = value { return fallback }
      return replacesFalse && !value.isTrue ? fallback : value
    case "tojson":
      for name in ["separators", "sort_keys", "ensure_ascii"] where arguments.named[name]?.isTrue == true {
        throw unsupported("tojson with \(name)")
      }
      do { return .string(try value.json(indent: arguments.whole(1, "indent"))) } catch { throw problem(error.text) }
    case "replace":
      guard let old = arguments.text(0, "old"), let new = arguments.text(1, "new") else {
        throw problem("replace needs two texts")
      }
      return .string(
        CodePoints(value.text).replacing(CodePoints(old), with: new, limit: arguments.whole(2, "count") ?? .max))
    case "indent": return .string(try indented(value.text, arguments))
    case "int", "float": return try number(name, value, arguments)
    case "abs":
      if let whole = value.whole { return .integer(abs(whole)) }
      guard let number = value.numeric else { throw problem("\(value.kind) is no number") }
      return .number(abs(number))
    case "list": return .list(try items(of: value))
    case "items":
      if case .undefined = value { return .list([]) }
      guard case .object(let members) = value else { throw problem("\(value.kind) is no dict") }
      return .list(members.map { .list([.string($0.key), $0.value]) })
    case "dictsort":
      guard case .object(let members) = value, arguments.positional.isEmpty, arguments.named.isEmpty else {
        throw unsupported("dictsort of \(value.kind) or with arguments")
      }
      return .list(
        members.sorted { $0.key.lowercased() < $1.key.lowercased() }.map { .list([.string($0.key), $0.value]) })
    case "first": return try items(of: value).first ?? .undefined("the first of nothing")
    case "last": return try items(of: value).last ?? .undefined("the last of nothing")
    case "reverse":
      if case .string(let text) = value { return .string(CodePoints(text.unicodeScalars.reversed()).text) }
      return .list(try items(of: value).reversed())
    case "join":
      var parts: [String] = []
      let path = arguments.value(1, "attribute")
      for item in try items(of: value) { parts.append(try resolve(path, of: item).text) }
      return .string(parts.joined(separator: arguments.value(0, "d")?.text ?? ""))
    case "unique":
      var kept: [TemplateValue] = []
      for item in try items(of: value) where !kept.contains(where: { $0.equals(item) }) { kept.append(item) }
      return .list(kept)
    case "sort":
      guard arguments.positional.isEmpty, arguments.named.isEmpty else { throw unsupported("sort with arguments") }
      return .list(try sorted(items(of: value)))
    case "min", "max":
      let order = try sorted(items(of: value))
      return (name == "min" ? order.first : order.last) ?? .undefined("the \(name) of nothing")
    case "map": return try map(value, arguments)
    case "select", "reject", "selectattr", "rejectattr": return try select(name, value, arguments)
    default: throw unsupported("the filter \(name)")
    }
  }

  private func sorted(_ items: [TemplateValue]) throws(TemplateError) -> [TemplateValue] {
    var order: [TemplateValue] = []
    for item in items {
      var place = order.count
      while place > 0, try isLess(item, order[place - 1]) { place -= 1 }
      order.insert(item, at: place)
    }
    return order
  }

  private func indented(_ text: String, _ arguments: CallArguments) throws(TemplateError) -> String {
    let width = arguments.value(0, "width") ?? .integer(4)
    let space = width.whole.map { String(repeating: " ", count: $0) } ?? width.text
    let (first, blank) = (arguments.value(1, "first")?.isTrue == true, arguments.value(2, "blank")?.isTrue == true)
    let lines = CodePoints(text).split(by: CodePoints("\n"))
    return lines.enumerated().map { index, line in
      (index == 0 ? first : blank || !line.isEmpty) ? space + line : line
    }.joined(separator: "\n")
  }

  private func number(
    _ name: String, _ value: TemplateValue, _ arguments: CallArguments
  ) throws(TemplateError) -> TemplateValue {
    var number = value.numeric
    if case .string(let text) = value { number = Double(CodePoints(text).stripped(of: nil)) }
    guard let number, number.isFinite else {
      return arguments.value(0, "default") ?? (name == "int" ? .integer(0) : .number(0))
    }
    return name == "int" ? .integer(Int(number)) : .number(number)
  }

  private mutating func map(_ value: TemplateValue, _ arguments: CallArguments) throws(TemplateError) -> TemplateValue {
    var results: [TemplateValue] = []
    for item in try items(of: value) {
      if let path = arguments.named["attribute"] {
        let found = try resolve(path, of: item)
        if case .undefined = found, let fallback = arguments.named["default"] {
          results.append(fallback)
        } else {
          results.append(found)
        }
      } else if case .string(let name)? = arguments.positional.first {
        let rest = CallArguments(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
        results.append(try filter(name, item, rest))
      } else {
        throw problem("map needs a filter or an attribute")
      }
    }
    return .list(results)
  }

  private mutating func select(
    _ name: String, _ value: TemplateValue, _ arguments: CallArguments
  ) throws(TemplateError) -> TemplateValue {
    var rest = arguments.positional
    let path: TemplateValue? = name.hasSuffix("attr") ? (rest.isEmpty ? nil : rest.removeFirst()) : nil
    if name.hasSuffix("attr") && path == nil { throw problem("\(name) needs an attribute") }
    var kept: [TemplateValue] = []
    for item in try items(of: value) {
      let tested = try resolve(path, of: item)
      var isTrue = tested.isTrue
      if case .string(let test)? = rest.first { isTrue = try self.test(test, tested, Array(rest.dropFirst())) }
      if isTrue == name.hasPrefix("select") { kept.append(item) }
    }
    return .list(kept)
  }

  /// An attribute by its path, such as `function.name`, or an item by its number; the value itself without a path.
  private func resolve(_ path: TemplateValue?, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
    guard let path else { return value }
    guard case .string(let names) = path else { return try item(path, of: value) }
    var found = value
    for name in names.split(separator: ".") {
      found = try item(Int(name).map { .integer($0) } ?? .string(String(name)), of: found)
    }
    return found
  }

  func test(_ name: String, _ value: TemplateValue, _ arguments: [TemplateValue]) throws(TemplateError) -> Bool {
    func other() throws(TemplateError) -> TemplateValue {
      guard let other = arguments.first else { throw problem("the test \(name) needs a value") }
      return other
    }
    func whole() throws(TemplateError) -> Int {
      guard let whole = value.whole else { throw problem("\(value.kind) is no whole number") }
      return whole
    }
    switch (name, value) {
    case ("defined", .undefined): return false
    case ("defined", _): return true
    case ("undefined", .undefined): return true
    case ("undefined", _): return false
    case ("none", .none), ("string", .string), ("boolean", .boolean), ("mapping", .object): return true
    case ("integer", .integer), ("float", .number): return true
    case ("number", .integer), ("number", .number), ("number", .boolean): return true
    case ("true", .boolean(let isTrue)): return isTrue
    case ("false", .boolean(let isTrue)): return !isTrue
    case ("iterable", .string), ("iterable", .list), ("iterable", .object), ("iterable", .undefined): return true
    case ("sequence", .string), ("sequence", .list), ("sequence", .object), ("sequence", .undefined): return true
    case ("callable", .macro), ("callable", .function), ("callable", .method): return true
    case ("none", _), ("string", _), ("boolean", _), ("mapping", _), ("integer", _), ("float", _), ("number", _),
      ("true", _), ("false", _), ("iterable", _), ("sequence", _), ("callable", _):
      return false
    case ("odd", _): return try whole() % 2 != 0
    case ("even", _): return try whole() % 2 == 0
    case ("divisibleby", _):
      guard let divisor = try other().whole, divisor != 0 else { throw problem("divisibleby needs a whole number") }
      return try whole() % divisor == 0
    case ("equalto", _), ("eq", _), ("sameas", _): return value.equals(try other())
    case ("ne", _): return !value.equals(try other())
    case ("in", _): return try compare(value, .isIn, other())
    case ("lt", _), ("lessthan", _): return try isLess(value, other())
    case ("gt", _), ("greaterthan", _): return try isLess(other(), value)
    case ("le", _): return try compare(value, .lessOrEqual, other())
    case ("ge", _): return try compare(value, .greaterOrEqual, other())
    case ("lower", _): return value.text == value.text.lowercased() && value.text != value.text.uppercased()
    case ("upper", _): return value.text == value.text.uppercased() && value.text != value.text.lowercased()
    default: throw unsupported("the test \(name)")
    }
  }
}
