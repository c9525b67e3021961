/// A value of a template, as Python would hold it.
public indirect enum TemplateValue: Sendable {
  /// What a name that stands for nothing gives, with that name.
  case undefined(String)
  /// `None`.
  case none
  /// `True` or `False`.
  case boolean(Bool)
  /// A whole number.
  case integer(Int)
  /// A float.
  case number(Double)
  /// A text; its items are Unicode's code points.
  case string(String)
  /// A list or a tuple.
  case list([TemplateValue])
  /// A dict with texts for keys, in their order.
  case object([(key: String, value: TemplateValue)])
  /// A `namespace(...)`, whose attributes can be set.
  case namespace(Namespace)
  /// A macro of the template.
  case macro(Macro)
  /// A function of Jinja or of `transformers`, by its name.
  case function(String)
  /// A method of a value, by its name.
  case method(TemplateValue, String)

  /// The value that a key of a dict has.
  subscript(key: String) -> TemplateValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key.hasCodePoints(of: key) }?.value
  }

  /// Whether Python takes it for true.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .boolean(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .string(let text): !text.unicodeScalars.isEmpty
    case .list(let items): !items.isEmpty
    case .object(let members): !members.isEmpty
    case .namespace, .macro, .function, .method: true
    }
  }

  /// A number for arithmetic; `True` is 1.
  var numeric: Double? {
    switch self {
    case .boolean(let value): value ? 1 : 0
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// A whole number, `True` being 1.
  var whole: Int? {
    switch self {
    case .boolean(let value): value ? 1 : 0
    case .integer(let value): value
    default: nil
    }
  }

  /// What kind of value it is, in words for errors.
  var kind: String {
    switch self {
    case .undefined(let name): "'\(name)', which is undefined,"
    case .none: "None"
    case .boolean: "a boolean"
    case .integer, .number: "a number"
    case .string: "a text"
    case .list: "a list"
    case .object: "a dict"
    case .namespace: "a namespace"
    case .macro, .function, .method: "a function"
    }
  }

  /// Python's `==`.
  func equals(_ other: TemplateValue) -> Bool {
    if let a = numeric, let b = other.numeric { return a == b }
    switch (self, other) {
    case (.none, .none), (.undefined, .undefined): return true
    case (.string(let a), .string(let b)): return a.hasCodePoints(of: b)
    case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
    case (.object(let a), .object(let b)):
      return a.count == b.count && a.allSatisfy { member in other[member.key]?.equals(member.value) == true }
    case (.namespace(let a), .namespace(let b)): return a === b
    default: return false
    }
  }
}

/// The attributes of a `namespace(...)`.
///
/// `@unchecked Sendable`: it is made and changed within one rendering, which is on one thread.
public final class Namespace: @unchecked Sendable {
  var attributes: [String: TemplateValue] = [:]
}

/// A macro with the scope that it was defined in.
public struct Macro: Sendable {
  let name: String
  let parameters: [Parameter]
  let body: [Statement]
  let scope: Scope

  struct Parameter: Sendable {
    let name: String
    let fallback: Expression?
  }
}

/// Names and their values, over those of a scope around it.
///
/// `@unchecked Sendable`: as `Namespace`.
final class Scope: @unchecked Sendable {
  private var values: [String: TemplateValue]
  private let outer: Scope?

  init(_ values: [String: TemplateValue] = [:], in outer: Scope? = nil) {
    self.values = values
    self.outer = outer
  }

  subscript(name: String) -> TemplateValue? {
    get { values[name] ?? outer?[name] }
    set { values[name] = newValue }
  }
}

extension String {
  /// Whether both have the same code points: Swift's own equality takes different spellings of a letter for equal.
  func hasCodePoints(of other: String) -> Bool { unicodeScalars.elementsEqual(other.unicodeScalars) }
}
