import Foundation

/// How far long work is, on standard error: a line drawn over itself on a terminal, elsewhere a line every 20 seconds.
struct ProgressLine {
  private let isTerminal = isatty(2) != 0
  private var lastShown = ContinuousClock.now
  private var hasDrawn = false

  /// Shows a state.
  /// - Parameters:
  ///   - label: what goes on.
  ///   - fraction: how much of it is done, 0 to 1.
  ///   - details: rates, losses.
  ///   - secondsLeft: expected time to the end, nil when it is not known.
  mutating func show(_ label: String, fraction: Double, details: String, secondsLeft: Double?) {
    let left = secondsLeft.map { "  \(Self.clock($0)) left" } ?? ""
    guard ContinuousClock.now - lastShown > (isTerminal ? .milliseconds(100) : .seconds(20)) else { return }
    lastShown = .now
    let width = 20
    let full = Int((fraction * Double(width)).rounded(.down))
    let bar = isTerminal ? String(repeating: "█", count: full) + String(repeating: "░", count: width - full) + " " : ""
    write(
      "\(isTerminal ? "\r\u{1B}[K" : "")\(label) \(bar)\(Int(fraction * 100)) %  \(details)\(left)\(isTerminal ? "" : "\n")"
    )
    hasDrawn = isTerminal
  }

  /// Ends the line, leaving `text` in its place.
  mutating func finish(_ text: String) {
    write(hasDrawn ? "\r\u{1B}[K\(text)\n" : "\(text)\n")
    hasDrawn = false
  }

  /// Minutes and seconds, hours when there are some.
  static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "?" }
    let whole = Int(seconds.rounded())
    return whole >= 3600
      ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
      : String(format: "%d:%02d", whole / 60, whole % 60)
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
