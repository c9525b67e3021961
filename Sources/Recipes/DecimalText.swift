import Foundation

/// A number as Python's parsers of YAML and Python itself read a float: with a point, and a sign in its exponent.
///
/// Without a point `2e-4` is a string to PyYAML.
func decimal(_ value: Double) -> String {
  let text = "\(value)"
  guard let exponent = text.firstIndex(of: "e") else { return text }
  let mantissa = String(text[..<exponent])
  return (mantissa.contains(".") ? mantissa : mantissa + ".0") + text[exponent...]
}
