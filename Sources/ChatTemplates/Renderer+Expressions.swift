import Foundation

extension Renderer {
  mutating func evaluate(_ expression: Expression, in scope: Scope) throws(TemplateError) -> TemplateValue {
    switch expression {
    case .literal(let value): return value
    case .name(let name): return scope[name] ?? .undefined(name)
    case .list(let expressions):
      var items: [TemplateValue] = []
      for expression in expressions { items.append(try evaluate(expression, in: scope)) }
      return .list(items)
    case .dict(let expressions):
      var members: [(key: String, value: TemplateValue)] = []
      for member in expressions {
        guard case .string(let key) = try evaluate(member.key, in: scope) else {
          throw unsupported("dicts with keys that are no texts")
        }
        let value = try evaluate(member.value, in: scope)
        members.removeAll { $0.key.hasCodePoints(of: key) }
        members.append((key, value))
      }
      return .object(members)
    case .attribute(let value, let name): return try attribute(name, of: evaluate(value, in: scope))
    case .item(let value, let item):
      return try self.item(evaluate(item, in: scope), of: evaluate(value, in: scope))
    case .slice(let value, let start, let stop, let step):
      let bounds = [try bound(start, in: scope), try bound(stop, in: scope), try bound(step, in: scope)]
      return try slice(evaluate(value, in: scope), bounds[0], bounds[1], step: bounds[2] ?? 1)
    case .call(let function, let arguments):
      let callee = try evaluate(function, in: scope)
      return try call(callee, evaluated(arguments, in: scope))
    case .filter(let value, let name, let arguments):
      let input = try evaluate(value, in: scope)
      return try filter(name, input, evaluated(arguments, in: scope))
    case .test(let value, let name, let arguments):
      let input = try evaluate(value, in: scope)
      return .boolean(try test(name, input, evaluated(arguments, in: scope).positional))
    case .not(let value): return .boolean(try !evaluate(value, in: scope).isTrue)
    case .negative(let value):
      let operand = try evaluate(value, in: scope)
      if let whole = operand.whole { return .integer(-whole) }
      guard let number = operand.numeric else { throw problem("\(operand.kind) has no negative") }
      return .number(-number)
    case .binary(let sign, let a, let b):
      return try binary(sign, evaluate(a, in: scope), evaluate(b, in: scope))
    case .comparison(let first, let others):
      var left = try evaluate(first, in: scope)
      for (sign, expression) in others {
        let right = try evaluate(expression, in: scope)
        guard try compare(left, sign, right) else { return .boolean(false) }
        left = right
      }
      return .boolean(true)
    case .and(let a, let b):
      let value = try evaluate(a, in: scope)
      return value.isTrue ? try evaluate(b, in: scope) : value
    case .or(let a, let b):
      let value = try evaluate(a, in: scope)
      return value.isTrue ? value : try evaluate(b, in: scope)
    case .conditional(let value, let condition, let other):
      if try evaluate(condition, in: scope).isTrue { return try evaluate(value, in: scope) }
      return try other.map { expression throws(TemplateError) in try evaluate(expression, in: scope) }
        ?? .undefined("a conditional without else")
    }
  }

  private mutating func bound(_ expression: Expression?, in scope: Scope) throws(TemplateError) -> Int? {
    guard let expression else { return nil }
    let value = try evaluate(expression, in: scope)
    if case .none = value { return nil }
    guard let whole = value.whole else { throw problem("\(value.kind) cannot bound a slice") }
    return whole
  }

  private mutating func evaluated(_ arguments: Arguments, in scope: Scope) throws(TemplateError) -> CallArguments {
    var values = CallArguments()
    for expression in arguments.positional { values.positional.append(try evaluate(expression, in: scope)) }
    for argument in arguments.named { values.named[argument.name] = try evaluate(argument.value, in: scope) }
    return values
  }

  /// `value.name`: a method before a key, as Jinja looks.
  func attribute(_ name: String, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
    switch value {
    case .undefined(let unknown): throw problem("'\(unknown)' is undefined, so it has no '\(name)'")
    case .namespace(let namespace): return namespace.attributes[name] ?? .undefined(name)
    case .object where ["items", "keys", "values", "get"].contains(name): return .method(value, name)
    case .object: return value[name] ?? .undefined(name)
    case .string where Self.textMethods.contains(name): return .method(value, name)
    default: return .undefined(name)
    }
  }

  /// `value[item]`.
  func item(_ item: TemplateValue, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
    switch (value, item) {
    case (.undefined(let unknown), _): throw problem("'\(unknown)' is undefined, so it has no items")
    case (.object, .string(let key)):
      if let found = value[key] { return found }
      return try attribute(key, of: value)
    case (.list(let items), _) where item.whole != nil:
      let index = item.whole! < 0 ? item.whole! + items.count : item.whole!
      return items.indices.contains(index) ? items[index] : .undefined("item \(item.whole!)")
    case (.string(let text), _) where item.whole != nil:
      let scalars = Array(text.unicodeScalars)
      let index = item.whole! < 0 ? item.whole! + scalars.count : item.whole!
      return scalars.indices.contains(index) ? .string(String(scalars[index])) : .undefined("item \(item.whole!)")
    case (_, .string(let name)): return try attribute(name, of: value)
    default: return .undefined("item \(item.text)")
    }
  }

  private func slice(
    _ value: TemplateValue, _ start: Int?, _ stop: Int?, step: Int
  ) throws(TemplateError) -> TemplateValue {
    guard step != 0 else { throw problem("a slice cannot have a step of 0") }
    func places(_ count: Int) -> [Int] {
      func clamped(_ index: Int?, _ fallback: Int, _ low: Int, _ high: Int) -> Int {
        guard let index else { return fallback }
        return min(max(index < 0 ? index + count : index, low), high)
      }
      return step > 0
        ? Array(stride(from: clamped(start, 0, 0, count), to: clamped(stop, count, 0, count), by: step))
        : Array(stride(from: clamped(start, count - 1, -1, count - 1), to: clamped(stop, -1, -1, count - 1), by: step))
    }
    switch value {
    case .list(let items): return .list(places(items.count).map { items[$0] })
    case .string(let text):
      let scalars = Array(text.unicodeScalars)
      return .string(CodePoints(places(scalars.count).map { scalars[$0] }).text)
    default: throw problem("\(value.kind) cannot be sliced")
    }
  }

  private func binary(
    _ sign: BinaryOperator, _ a: TemplateValue, _ b: TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    switch (sign, a, b) {
    case (.concatenate, _, _): return .string(a.text + b.text)
    case (.add, .string(let a), .string(let b)): return .string(a + b)
    case (.add, .list(let a), .list(let b)): return .list(a + b)
    case (.multiply, .string(let text), _) where b.whole != nil:
      return .string(String(repeating: text, count: max(0, b.whole!)))
    case (.remainder, .string, _): throw unsupported("texts formatted by %")
    default: break
    }
    if let a = a.whole, let b = b.whole, sign != .divide {
      if [.divideDown, .remainder].contains(sign) && b == 0 { throw problem("a division by zero") }
      // Python rounds down, Swift towards zero.
      let down = b == 0 ? 0 : (a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0)
      switch sign {
      case .add: return .integer(a &+ b)
      case .subtract: return .integer(a &- b)
      case .multiply: return .integer(a &* b)
      case .divideDown: return .integer(down)
      case .remainder: return .integer(a - b * down)
      case .power where b >= 0: return .integer((0..<b).reduce(1) { product, _ in product &* a })
      default: break
      }
    }
    guard let x = a.numeric, let y = b.numeric else {
      throw problem("\"\(sign.rawValue)\" does not go with \(a.kind) and \(b.kind)")
    }
    if [.divide, .divideDown, .remainder].contains(sign) && y == 0 { throw problem("a division by zero") }
    switch sign {
    case .add: return .number(x + y)
    case .subtract: return .number(x - y)
    case .multiply: return .number(x * y)
    case .divide: return .number(x / y)
    case .divideDown: return .number((x / y).rounded(.down))
    case .remainder: return .number(x - y * (x / y).rounded(.down))
    case .power: return .number(pow(x, y))
    case .concatenate: preconditionFailure("concatenation is of texts")
    }
  }

  func compare(
    _ a: TemplateValue, _ sign: ComparisonOperator, _ b: TemplateValue
  ) throws(TemplateError) -> Bool {
    switch sign {
    case .equal: return a.equals(b)
    case .different: return !a.equals(b)
    case .isIn: return try contains(b, a)
    case .isNotIn: return try !contains(b, a)
    case .less: return try isLess(a, b)
    case .greater: return try isLess(b, a)
    case .lessOrEqual: return try isLess(a, b) || a.equals(b)
    case .greaterOrEqual: return try isLess(b, a) || a.equals(b)
    }
  }

  func isLess(_ a: TemplateValue, _ b: TemplateValue) throws(TemplateError) -> Bool {
    if let a = a.numeric, let b = b.numeric { return a < b }
    if case .string(let a) = a, case .string(let b) = b {
      return a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
    }
    throw problem("\(a.kind) and \(b.kind) have no order")
  }

  private func contains(_ value: TemplateValue, _ item: TemplateValue) throws(TemplateError) -> Bool {
    switch (value, item) {
    case (.string(let text), .string(let part)): return CodePoints(text).firstIndex(of: CodePoints(part)) != nil
    case (.object, .string(let key)): return value[key] != nil
    case (.list(let items), _): return items.contains { $0.equals(item) }
    case (.undefined, _): return false
    default: throw problem("\(value.kind) cannot hold \(item.kind)")
    }
  }
}

/// The values in the brackets of a call.
struct CallArguments {
  var positional: [TemplateValue] = []
  var named: [String: TemplateValue] = [:]

  /// The argument at a place, or of a name.
  func value(_ place: Int, _ name: String) -> TemplateValue? {
    place < positional.count ? positional[place] : named[name]
  }
  func text(_ place: Int, _ name: String) -> String? {
    if case .string(let text)? = value(place, name) { text } else { nil }
  }
  func whole(_ place: Int, _ name: String) -> Int? { value(place, name)?.whole }
}
