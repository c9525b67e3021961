extension HeatMap {
  /// The scale of colours, the cells and their names.
  public func drawing() -> Drawing {
    var drawing = Drawing()
    drawColorScale(into: &drawing)
    drawing.text(rows.label, 0, Self.top - 10, class: "axis-name")
    let rowStep = nameStep(extent: cell.height, needed: PlotFrame.fontSize + 1)
    for (r, row) in values.enumerated() {
      let y = Self.top + Double(r) * cell.height
      if r.isMultiple(of: rowStep) {
        drawing.text(
          rows.names[r], rowNameWidth - 8, y + cell.height / 2 + 4.5, anchor: "end", class: "tick")
      }
      for (c, value) in row.enumerated() {
        drawCell(value, x: rowNameWidth + Double(c) * cell.width, y: y, into: &drawing)
      }
    }
    drawColumnNames(into: &drawing)
    return drawing
  }

  private func drawColumnNames(into drawing: inout Drawing) {
    let bottom = Self.top + Double(values.count) * cell.height
    let step = namesAreSlanted ? 1 : nameStep(extent: cell.width, needed: columnNameWidth + 6)
    for (c, name) in columns.names.enumerated() where c.isMultiple(of: step) {
      let x = rowNameWidth + (Double(c) + 0.5) * cell.width
      if namesAreSlanted {
        let place = "\(coordinate(x + 4)) \(coordinate(bottom + 12))"
        drawing.add(
          "text",
          [("transform", "translate(\(place)) rotate(-40)"), ("text-anchor", "end"), ("class", "tick")], text: name)
      } else {
        drawing.text(name, x, bottom + 18, anchor: "middle", class: "tick")
      }
    }
    let middle = rowNameWidth + Double(columns.names.count) * cell.width / 2
    drawing.text(columns.label, middle, bottom + columnNameHeight + 17, anchor: "middle", class: "axis-name")
  }

  /// How many places apart names stand: 1, 2, 5, 10 and so on, as close as they fit.
  private func nameStep(extent: Double, needed: Double) -> Int {
    let steps = [1, 2, 5, 10, 20, 50, 100, 200, 500]
    return steps.first { Double($0) * extent >= needed } ?? 1000
  }

  private func drawCell(_ value: Double?, x: Double, y: Double, into drawing: inout Drawing) {
    let box = [
      ("x", coordinate(x)), ("y", coordinate(y)), ("width", coordinate(cell.width)),
      ("height", coordinate(cell.height)),
    ]
    guard let value, value.isFinite else {
      drawing.add("rect", box + [("class", "missing")])
      drawing.line(x + 2, y + cell.height - 2, x + cell.width - 2, y + 2, class: "grid")
      return
    }
    let (hex, takesBlackText) = ramp.color(
      (value - range.lowerBound) / (range.upperBound - range.lowerBound))
    drawing.add("rect", box + [("class", "cell"), ("fill", hex)])
    let text = decimalText(value, decimals: decimals)
    guard estimatedWidth(text, fontSize: 12) + 4 <= cell.width, cell.height >= 16 else { return }
    drawing.text(
      text, x + cell.width / 2, y + cell.height / 2 + 4, anchor: "middle",
      class: takesBlackText ? "in-cell black" : "in-cell white")
  }

  private func drawColorScale(into drawing: inout Drawing) {
    drawing.text(valueLabel, 0, 14, class: "axis-name")
    let steps = 48
    let width = 240.0
    for i in 0..<steps {
      let color = ramp.color((Double(i) + 0.5) / Double(steps)).hex
      drawing.add(
        "rect",
        [
          ("x", coordinate(Double(i) * width / Double(steps))), ("y", "24"),
          ("width", coordinate(width / Double(steps) + 0.3)), ("height", "12"), ("class", "swatch"), ("fill", color),
        ])
    }
    let ends = [(range.lowerBound, 0.0, "start"), (range.upperBound, width, "end")]
    for (value, x, anchor) in ends {
      drawing.text(decimalText(value, decimals: decimals), x, 51, anchor: anchor, class: "tick")
    }
    if case .diverging(let middle) = colors {
      drawing.text(decimalText(middle, decimals: decimals), width / 2, 51, anchor: "middle", class: "tick")
    }
  }
}
