import Foundation

/// A number with so many digits behind the point, a comma between thousands and a true minus sign: `−12,345.60`.
func decimalText(_ value: Double, decimals: Int) -> String {
  let text = String(format: "%.*f", decimals, value)
  let point = text.firstIndex(of: ".") ?? text.endIndex
  var digits = String(text[..<point])
  let isNegative = digits.hasPrefix("-")
  if isNegative { digits.removeFirst() }
  var grouped = ""
  for (i, digit) in digits.enumerated() {
    if i > 0, (digits.count - i).isMultiple(of: 3) { grouped.append(",") }
    grouped.append(digit)
  }
  let isZero = !text.contains { ("1"..."9").contains($0) }
  return (isNegative && !isZero ? "−" : "") + grouped + text[point...]
}

/// A number with five significant digits, for text and tables: `1.6532`, `380,000`, `0.00012346`.
/// - Parameter digits: another number of significant digits.
func readableText(_ value: Double, digits: Int = 5) -> String {
  guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "−∞" : "∞" }
  let magnitude = abs(value)
  if magnitude != 0, magnitude < 1e-4 || magnitude >= 1e12 {
    return String(format: "%.*g", digits - 1, value).replacing("-", with: "−")
  }
  if value == value.rounded() { return decimalText(value, decimals: 0) }
  // Below 1 the zero in front counts as a digit, further zeros do not.
  let digitsInFront = magnitude < 1 ? Int(log10(magnitude).rounded(.down)) + 2 : Int(log10(magnitude)) + 1
  return decimalText(value, decimals: max(0, digits - digitsInFront))
}

/// A coordinate in the picture, to a hundredth.
func coordinate(_ value: Double) -> String {
  var text = String(format: "%.2f", value)
  while text.hasSuffix("0") { text.removeLast() }
  if text.hasSuffix(".") { text.removeLast() }
  return text == "-0" ? "0" : text
}

/// About how wide text is in a sans-serif font of the given size.
func estimatedWidth(_ text: String, fontSize: Double) -> Double {
  let ems = text.unicodeScalars.reduce(0.0) { sum, scalar in
    switch scalar.value {
    case 0x1100...0x11FF, 0x2E80...0x9FFF, 0xAC00...0xD7AF, 0xF900...0xFAFF, 0xFF00...0xFF60, 0x1F300...: sum + 1
    default: sum + (scalar.properties.isUppercase || scalar == "m" || scalar == "w" ? 0.7 : 0.54)
    }
  }
  return ems * fontSize
}
