/// The area in which values are drawn, its axes, and the room around it.
struct PlotFrame {
  let width: Double
  let height: Double
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double

  static let fontSize = 13.0
  static let lineHeight = 17.0

  /// Draws the value axis: its name above, a thin line across the plot at every tick.
  func drawValueAxis(_ scale: Scale, name: String, into drawing: inout Drawing) {
    drawing.text(name, 0, top - 14, class: "axis-name")
    for tick in scale.ticks(limit: 6) {
      guard let y = scale.position(tick.value) else { continue }
      drawing.line(left, y, right, y, class: "grid")
      drawing.text(tick.label, left - 8, y + 4.5, anchor: "end", class: "tick")
    }
  }

  /// Draws the axis below the plot: its line, ticks with labels, its name at the right.
  func drawHorizontalAxis(_ scale: Scale, name: String, into drawing: inout Drawing) {
    drawing.line(left, bottom, right, bottom, class: "axis")
    for tick in scale.ticks(limit: 8) {
      guard let x = scale.position(tick.value) else { continue }
      drawing.line(x, bottom, x, bottom + 5, class: "axis")
      drawing.text(tick.label, x, bottom + 20, anchor: "middle", class: "tick")
    }
    drawing.text(name, (left + right) / 2, bottom + 41, anchor: "middle", class: "axis-name")
  }

  /// How much room the labels of the value axis take.
  static func roomForTicks(_ scale: Scale) -> Double {
    (scale.ticks(limit: 6).map { estimatedWidth($0.label, fontSize: fontSize) }.max() ?? 0) + 12
  }

  /// How the entries of a legend stand in rows of the given width: an offset for each, and the number of rows.
  static func legendPlaces(_ names: [String], width: Double) -> (places: [(x: Double, row: Int)], rows: Int) {
    var places: [(x: Double, row: Int)] = []
    var x = 0.0
    var row = 0
    for name in names {
      let extent = 30 + estimatedWidth(name, fontSize: fontSize) * 1.1 + 18
      if x > 0, x + extent > width {
        x = 0
        row += 1
      }
      places.append((x, row))
      x += extent
    }
    return (places, row + 1)
  }
}
