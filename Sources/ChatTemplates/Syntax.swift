/// An expression of a template.
indirect enum Expression: Sendable {
  case literal(TemplateValue)
  case name(String)
  case list([Expression])
  case dict([(key: Expression, value: Expression)])
  /// `value.name`.
  case attribute(Expression, String)
  /// `value[item]`.
  case item(Expression, Expression)
  /// `value[start:stop:step]`.
  case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
  case call(Expression, Arguments)
  /// `value | name(...)`.
  case filter(Expression, String, Arguments)
  /// `value is name(...)`.
  case test(Expression, String, Arguments)
  case not(Expression)
  case negative(Expression)
  case binary(BinaryOperator, Expression, Expression)
  /// `a < b < c`: each with the next.
  case comparison(Expression, [(ComparisonOperator, Expression)])
  case and(Expression, Expression)
  case or(Expression, Expression)
  /// `value if condition else other`.
  case conditional(Expression, condition: Expression, other: Expression?)
}

/// What stands in the brackets of a call.
struct Arguments: Sendable {
  var positional: [Expression] = []
  var named: [(name: String, value: Expression)] = []
}

enum BinaryOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case divideDown = "//"
  case remainder = "%"
  case power = "**"
  case concatenate = "~"
}

enum ComparisonOperator: String, Sendable {
  case equal = "=="
  case different = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case isIn = "in"
  case isNotIn = "not in"
}

/// A statement of a template, with the line it stands on.
struct Statement: Sendable {
  indirect enum Kind: Sendable {
    case text(String)
    case output(Expression)
    case conditional([(condition: Expression, body: [Statement])], otherwise: [Statement])
    case loop(targets: [String], over: Expression, where: Expression?, body: [Statement], otherwise: [Statement])
    /// Several names take the items of one value.
    case assign([String], Expression)
    /// `{% set namespace.attribute = value %}`.
    case assignAttribute(String, String, Expression)
    /// `{% set name %}...{% endset %}`.
    case capture(String, [Statement])
    case macro(String, [Macro.Parameter], [Statement])
    /// What stands for nothing of its own, such as `{% generation %}`.
    case group([Statement])
    case leave
    case next
  }
  let kind: Kind
  let line: Int
}
