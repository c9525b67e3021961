import Foundation

extension Renderer {
  mutating func call(_ callee: TemplateValue, _ arguments: CallArguments) throws(TemplateError) -> TemplateValue {
    switch callee {
    case .macro(let macro): return try call(macro, arguments)
    case .function(let name): return try callFunction(name, arguments)
    case .method(.object(let members), let name): return try callMethod(members, name, arguments)
    case .method(.string(let text), let name): return try callMethod(CodePoints(text), name, arguments)
    case .undefined(let name): throw problem("'\(name)' is undefined and cannot be called")
    default: throw problem("\(callee.kind) cannot be called")
    }
  }

  private mutating func call(_ macro: Macro, _ arguments: CallArguments) throws(TemplateError) -> TemplateValue {
    guard arguments.positional.count <= macro.parameters.count else {
      throw problem("macro \(macro.name) takes \(macro.parameters.count) arguments")
    }
    let scope = Scope(in: macro.scope)
    for (place, parameter) in macro.parameters.enumerated() {
      if let value = arguments.value(place, parameter.name) {
        scope[parameter.name] = value
      } else if let fallback = parameter.fallback {
        scope[parameter.name] = try evaluate(fallback, in: scope)
      } else {
        scope[parameter.name] = .undefined(parameter.name)
      }
    }
    for name in arguments.named.keys where !macro.parameters.contains(where: { $0.name == name }) {
      throw problem("macro \(macro.name) has no argument \(name)")
    }
    let caller = line
    let text = try captured(macro.body, in: scope)
    line = caller
    return .string(text)
  }

  /// The functions that a template finds in its environment.
  static let functions = ["raise_exception", "strftime_now", "namespace", "range", "dict"]

  private func callFunction(_ name: String, _ arguments: CallArguments) throws(TemplateError) -> TemplateValue {
    switch name {
    case "raise_exception": throw .raised(arguments.value(0, "message")?.text ?? "")
    case "strftime_now":
      guard let format = arguments.text(0, "format") else { throw problem("strftime_now needs a format") }
      return .string(environment.date(in: format))
    case "namespace":
      let namespace = Namespace()
      if case .object(let members)? = arguments.positional.first {
        for member in members { namespace.attributes[member.key] = member.value }
      }
      namespace.attributes.merge(arguments.named) { $1 }
      return .namespace(namespace)
    case "range":
      let bounds = arguments.positional.compactMap(\.whole)
      guard bounds.count == arguments.positional.count, (1...3).contains(bounds.count),
        bounds.count < 3 || bounds[2] != 0
      else { throw problem("range takes one to three whole numbers") }
      let (start, stop) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
      return .list(stride(from: start, to: stop, by: bounds.count == 3 ? bounds[2] : 1).map { .integer($0) })
    case "dict":
      var members = arguments.named.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
      if case .object(let given)? = arguments.positional.first { members = given + members }
      return .object(members)
    default: throw unsupported("the function \(name)")
    }
  }

  private func callMethod(
    _ members: [(key: String, value: TemplateValue)], _ name: String, _ arguments: CallArguments
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "items": return .list(members.map { .list([.string($0.key), $0.value]) })
    case "keys": return .list(members.map { .string($0.key) })
    case "values": return .list(members.map(\.value))
    default:
      guard case .string(let key)? = arguments.positional.first else { throw problem("get needs a key") }
      return TemplateValue.object(members)[key] ?? arguments.value(1, "default") ?? .none
    }
  }

  /// The methods of texts.
  static let textMethods: Set = [
    "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith", "replace", "upper", "lower",
    "title",
    "capitalize", "find", "count", "join", "isdigit", "isspace",
  ]

  private func callMethod(
    _ text: CodePoints, _ name: String, _ arguments: CallArguments
  ) throws(TemplateError) -> TemplateValue {
    func needed(_ place: Int) throws(TemplateError) -> String {
      guard case .string(let value)? = place < arguments.positional.count ? arguments.positional[place] : nil else {
        throw problem("\(name) needs a text")
      }
      return value
    }
    func affixes() throws(TemplateError) -> [CodePoints] {
      if case .list(let items)? = arguments.positional.first { return items.map { CodePoints($0.text) } }
      return [CodePoints(try needed(0))]
    }
    switch name {
    case "strip": return .string(text.stripped(of: arguments.text(0, "chars")))
    case "lstrip": return .string(text.stripped(of: arguments.text(0, "chars"), right: false))
    case "rstrip": return .string(text.stripped(of: arguments.text(0, "chars"), left: false))
    case "split":
      guard let separator = arguments.text(0, "sep") else { return .list(text.words().map { .string($0) }) }
      guard !separator.isEmpty else { throw problem("split needs a separator") }
      let limit = arguments.whole(1, "maxsplit") ?? -1
      return .list(text.split(by: CodePoints(separator), limit: limit < 0 ? .max : limit).map { .string($0) })
    case "rsplit":
      guard let separator = arguments.text(0, "sep"), !separator.isEmpty else {
        throw unsupported("rsplit without a separator")
      }
      let all = text.split(by: CodePoints(separator))
      let limit = arguments.whole(1, "maxsplit") ?? -1
      let joined = limit < 0 ? 0 : max(0, all.count - 1 - limit)
      return .list(([all[0...joined].joined(separator: separator)] + all.dropFirst(joined + 1)).map { .string($0) })
    case "splitlines":
      var lines = text.text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
      if lines.last?.isEmpty == true { lines.removeLast() }
      return .list(lines.map { .string($0) })
    case "startswith": return .boolean(try affixes().contains(where: text.starts))
    case "endswith": return .boolean(try affixes().contains(where: text.ends))
    case "replace":
      let limit = arguments.whole(2, "count") ?? -1
      return .string(text.replacing(CodePoints(try needed(0)), with: try needed(1), limit: limit < 0 ? .max : limit))
    case "upper": return .string(text.text.uppercased())
    case "lower": return .string(text.text.lowercased())
    case "title": return .string(text.titled())
    case "capitalize": return .string(text.capitalized())
    case "find": return .integer(text.firstIndex(of: CodePoints(try needed(0))) ?? -1)
    case "count":
      let part = CodePoints(try needed(0))
      return .integer(part.scalars.isEmpty ? text.scalars.count + 1 : text.split(by: part).count - 1)
    case "join":
      var parts: [String] = []
      for item in try items(of: arguments.positional.first ?? .undefined("join's list")) {
        guard case .string(let part) = item else { throw problem("join takes texts, not \(item.kind)") }
        parts.append(part)
      }
      return .string(parts.joined(separator: text.text))
    case "isdigit":
      return .boolean(!text.scalars.isEmpty && text.scalars.allSatisfy { $0.properties.numericType == .decimal })
    case "isspace": return .boolean(!text.scalars.isEmpty && text.scalars.allSatisfy(CodePoints.isSpace))
    default: throw unsupported("the method \(name)")
    }
  }
}
